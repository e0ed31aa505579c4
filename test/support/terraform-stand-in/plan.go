package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A change of these makes another object: the bindings do not say it, and the identifiers that we make up hang on them.
var identity = []string{"account_id", "bucket", "bucket_prefix", "name", "name_prefix", "role_id", "secret_id"}

// plan is what Terraform proposes, with what the provider is to choose as unknown.
func (b block) plan(proposed tftypes.Value) tftypes.Value {
	return b.rewrite(proposed, func(_ string, a attribute, value tftypes.Value) tftypes.Value {
		switch {
		case a.WriteOnly:
			return tftypes.NewValue(a.Type.Type, nil)
		case a.Computed && value.IsNull():
			return tftypes.NewValue(a.Type.Type, tftypes.UnknownValue)
		default:
			return value
		}
	})
}

// withoutWriteOnly is the value as it may be stored.
func (b block) withoutWriteOnly(value tftypes.Value) tftypes.Value {
	return b.rewrite(value, func(_ string, a attribute, value tftypes.Value) tftypes.Value {
		if a.WriteOnly {
			return tftypes.NewValue(a.Type.Type, nil)
		}
		return value
	})
}

// check finds what Terraform leaves to the provider: values for what only the provider sets, and deprecated arguments.
func (b block) check(config *tfprotov5.DynamicValue) ([]*tfprotov5.Diagnostic, error) {
	value, err := config.Unmarshal(b.objectType())
	if err != nil {
		return nil, err
	}
	var diagnostics []*tfprotov5.Diagnostic
	b.rewrite(value, func(name string, a attribute, value tftypes.Value) tftypes.Value {
		switch {
		case value.IsNull():
		case a.Computed && !a.Optional && !a.Required:
			diagnostics = append(diagnostics, &tfprotov5.Diagnostic{
				Severity: tfprotov5.DiagnosticSeverityError,
				Summary:  "Value for unconfigurable attribute",
				Detail:   fmt.Sprintf("%q is set by the provider and cannot be configured.", name),
			})
		case a.Deprecated:
			diagnostics = append(diagnostics, &tfprotov5.Diagnostic{
				Severity: tfprotov5.DiagnosticSeverityWarning,
				Summary:  "Argument is deprecated",
				Detail:   fmt.Sprintf("%q is deprecated.", name),
			})
		}
		return value
	})
	return diagnostics, nil
}

// rewrite goes through every attribute, also those in blocks.
func (b block) rewrite(
	value tftypes.Value,
	change func(name string, a attribute, value tftypes.Value) tftypes.Value,
) tftypes.Value {
	if value.IsNull() || !value.IsKnown() {
		return value
	}
	fields := fieldsOf(value)
	for name, a := range b.Attributes {
		fields[name] = change(name, a, fields[name])
	}
	for name, nested := range b.Blocks {
		fields[name] = nested.each(fields[name], func(element tftypes.Value) tftypes.Value {
			return nested.rewrite(element, change)
		})
	}
	return tftypes.NewValue(value.Type(), fields)
}

func (n nestedBlock) each(value tftypes.Value, change func(tftypes.Value) tftypes.Value) tftypes.Value {
	if value.IsNull() || !value.IsKnown() {
		return value
	}
	if n.Nesting == "single" {
		return change(value)
	}
	elements := elementsOf(value)
	for i, element := range elements {
		elements[i] = change(element)
	}
	return tftypes.NewValue(value.Type(), elements)
}

// replacedBy names the attributes whose change makes another object.
func (b block) replacedBy(prior, planned tftypes.Value) []*tftypes.AttributePath {
	var paths []*tftypes.AttributePath
	before, after := fieldsOf(prior), fieldsOf(planned)
	for _, name := range identity {
		if _, exists := b.Attributes[name]; exists && !before[name].Equal(after[name]) {
			paths = append(paths, tftypes.NewAttributePath().WithAttributeName(name))
		}
	}
	return paths
}

// fieldsOf is a copy: tftypes hands out the map that the value itself holds.
func fieldsOf(object tftypes.Value) map[string]tftypes.Value {
	fields := make(map[string]tftypes.Value)
	must(object.As(&fields))
	return maps.Clone(fields)
}

func elementsOf(collection tftypes.Value) []tftypes.Value {
	var elements []tftypes.Value
	must(collection.As(&elements))
	return slices.Clone(elements)
}

// must is for what only a mistake in this program can make fail; Terraform shows a provider's panic.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
