package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed values.json
var valuesText []byte

// values says, per type and attribute, what the stand-in makes up. A text may hold placeholders, each with
// alternatives: {name|@hash|'none'} is the resource's own attribute name, else a value of ours, else that text. As in a
// shell, {url#https://} is the attribute url without that prefix.
type values struct {
	context map[string]string
	types   map[string]map[string]any

	mutex sync.Mutex
	seen  map[string]int
}

var (
	placeholder = regexp.MustCompile(`\{([^{}]+)\}`)
	// The provider arguments that the placeholders may name.
	arguments = []string{"region", "project"}
)

func readValues(provider string) (*values, error) {
	var all map[string]struct {
		Context map[string]string         `json:"context"`
		Types   map[string]map[string]any `json:"types"`
	}
	if err := json.Unmarshal(valuesText, &all); err != nil {
		return nil, fmt.Errorf("values.json: %w", err)
	}
	own := all[provider]
	context := make(map[string]string)
	for name, value := range own.Context {
		context[name] = value
	}
	return &values{context: context, types: own.Types, seen: make(map[string]int)}, nil
}

// configure takes over what the provider's own block says.
func (v *values) configure(fields map[string]tftypes.Value) {
	for _, name := range arguments {
		value, exists := fields[name]
		if !exists || value.IsNull() || !value.IsKnown() {
			continue
		}
		var text string
		must(value.As(&text))
		v.context[name] = text
	}
	switch region := v.context["region"]; {
	case strings.HasPrefix(region, "cn-"):
		v.context["partition"], v.context["dns_suffix"] = "aws-cn", "amazonaws.com.cn"
	case strings.HasPrefix(region, "us-gov-"):
		v.context["partition"] = "aws-us-gov"
	}
}

// rule is what is written for an attribute of a type, or else of every type of the provider.
func (v *values) rule(typeName, name string) (any, bool) {
	if rule, exists := v.types[typeName][name]; exists {
		return rule, true
	}
	rule, exists := v.types["*"][name]
	return rule, exists
}

// dependsOn tells whether the rule of an attribute names another one.
func (v *values) dependsOn(typeName, name string, changed map[string]bool) bool {
	rule, exists := v.rule(typeName, name)
	if !exists {
		return false
	}
	text, err := json.Marshal(rule)
	must(err)
	for _, match := range placeholder.FindAllStringSubmatch(string(text), -1) {
		for _, alternative := range strings.Split(match[1], "|") {
			if name, _, _ := strings.Cut(alternative, "#"); changed[name] {
				return true
			}
		}
	}
	return false
}

// fill makes up whatever is unknown. What a user could have set and did not, and has no rule, becomes null: nothing that
// a test reads as configured may come from here.
func (v *values) fill(typeName string, b block, planned tftypes.Value) (tftypes.Value, error) {
	f := &filling{
		values:   v,
		typeName: typeName,
		block:    b,
		fields:   fieldsOf(planned),
		hash:     v.unique(typeName + planned.String()),
		open:     make(map[string]bool),
	}
	for name := range b.Attributes {
		if _, err := f.attribute(name); err != nil {
			return tftypes.Value{}, err
		}
	}
	for name, nested := range b.Blocks {
		f.fields[name] = nested.each(f.fields[name], func(element tftypes.Value) tftypes.Value {
			return nested.rewrite(element, func(name string, a attribute, value tftypes.Value) tftypes.Value {
				switch {
				case value.IsKnown():
					return value
				case a.Optional:
					return tftypes.NewValue(a.Type.Type, nil)
				default:
					return f.invented(name, a.Type.Type)
				}
			})
		})
	}
	return tftypes.NewValue(planned.Type(), f.fields), nil
}

// unique is the same in every run for the same content, and another one for a twin in the same run.
func (v *values) unique(content string) string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	twins := v.seen[content]
	v.seen[content]++
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s#%d", content, twins)))
	return hex.EncodeToString(sum[:])
}

// filling is the making up of one object.
type filling struct {
	*values
	typeName string
	block    block
	fields   map[string]tftypes.Value
	hash     string
	open     map[string]bool
}

// attribute is the value of an attribute, made up first where it is unknown.
func (f *filling) attribute(name string) (tftypes.Value, error) {
	value := f.fields[name]
	if value.IsKnown() {
		return value, nil
	}
	if f.open[name] {
		return value, fmt.Errorf("values.json: %s of %s depends on itself", name, f.typeName)
	}
	f.open[name] = true
	own := f.block.Attributes[name]
	if rule, exists := f.rule(f.typeName, name); exists {
		made, err := f.made(rule, own.Type.Type)
		if err != nil {
			return value, fmt.Errorf("values.json: %s of %s: %w", name, f.typeName, err)
		}
		value = made
	} else if own.Optional {
		value = tftypes.NewValue(own.Type.Type, nil)
	} else {
		value = f.invented(name, own.Type.Type)
	}
	f.fields[name] = value
	return value, nil
}

// made is a rule as a value of the type. A lone placeholder takes over an attribute's value whole.
func (f *filling) made(rule any, as tftypes.Type) (tftypes.Value, error) {
	switch rule := rule.(type) {
	case nil:
		return tftypes.NewValue(as, nil), nil
	case bool:
		return checked(as, rule)
	case float64:
		return checked(as, big.NewFloat(rule))
	case string:
		if as.Is(tftypes.String) {
			text, err := f.text(rule)
			return tftypes.NewValue(as, text), err
		}
		name := strings.Trim(rule, "{}")
		if _, exists := f.fields[name]; !exists {
			return tftypes.NewValue(as, nil), nil
		}
		return f.attribute(name)
	case []any:
		var elements []tftypes.Value
		for _, part := range rule {
			element, err := f.made(part, elementType(as))
			if err != nil {
				return element, err
			}
			elements = append(elements, element)
		}
		return checked(as, elements)
	case map[string]any:
		return f.madeObject(rule, as)
	default:
		return tftypes.Value{}, fmt.Errorf("%v is no value", rule)
	}
}

// madeObject invents the fields that the rule leaves out.
func (f *filling) madeObject(rule map[string]any, as tftypes.Type) (tftypes.Value, error) {
	object, isObject := as.(tftypes.Object)
	if !isObject {
		return tftypes.Value{}, fmt.Errorf("an object for a %s", as)
	}
	fields := make(map[string]tftypes.Value)
	for name, fieldType := range object.AttributeTypes {
		fields[name] = f.invented(name, fieldType)
	}
	for name, part := range rule {
		fieldType, exists := object.AttributeTypes[name]
		if !exists {
			return tftypes.Value{}, fmt.Errorf("there is no %s", name)
		}
		field, err := f.made(part, fieldType)
		if err != nil {
			return field, err
		}
		fields[name] = field
	}
	return checked(as, fields)
}

func (f *filling) text(rule string) (string, error) {
	var failure error
	text := placeholder.ReplaceAllStringFunc(rule, func(match string) string {
		for _, alternative := range strings.Split(strings.Trim(match, "{}"), "|") {
			text, exists, err := f.alternative(alternative)
			if err != nil {
				failure = err
			}
			if exists {
				return text
			}
		}
		failure = fmt.Errorf("nothing is known for %s", match)
		return ""
	})
	return text, failure
}

func (f *filling) alternative(name string) (string, bool, error) {
	if literal, quoted := strings.CutPrefix(name, "'"); quoted {
		return strings.TrimSuffix(literal, "'"), true, nil
	}
	if own, isOurs := strings.CutPrefix(name, "@"); isOurs {
		text, exists := f.ours(own)
		return text, exists, nil
	}
	name, prefix, _ := strings.Cut(name, "#")
	if a, exists := f.block.Attributes[name]; !exists || !a.Type.Is(tftypes.String) {
		return "", false, nil
	}
	value, err := f.attribute(name)
	if err != nil || value.IsNull() || !value.IsKnown() {
		return "", false, err
	}
	var text string
	must(value.As(&text))
	return strings.TrimPrefix(text, prefix), true, nil
}

// ours is a value that no attribute holds.
func (f *filling) ours(name string) (string, bool) {
	_, rest, _ := strings.Cut(f.typeName, "_")
	service, kind, _ := strings.Cut(rest, "_")
	switch name {
	case "hash":
		return f.hash[:16], true
	case "HASH":
		return strings.ToUpper(f.hash[:16]), true
	case "digits":
		number, _ := new(big.Int).SetString(f.hash[:16], 16)
		return fmt.Sprintf("%020d", number)[8:], true
	case "uuid":
		return fmt.Sprintf("%s-%s-4%s-8%s-%s", f.hash[:8], f.hash[8:12], f.hash[12:15], f.hash[15:18], f.hash[18:30]), true
	case "service":
		return service, true
	case "kind":
		return strings.ReplaceAll(kind, "_", "-"), true
	default:
		text, exists := f.context[name]
		return text, exists
	}
}

// invented is a value of the type for what has no rule.
func (f *filling) invented(name string, as tftypes.Type) tftypes.Value {
	switch as := as.(type) {
	case tftypes.List:
		return tftypes.NewValue(as, []tftypes.Value{f.invented(name, as.ElementType)})
	case tftypes.Set:
		return tftypes.NewValue(as, []tftypes.Value{f.invented(name, as.ElementType)})
	case tftypes.Map:
		return tftypes.NewValue(as, map[string]tftypes.Value{})
	case tftypes.Object:
		fields := make(map[string]tftypes.Value)
		for field, fieldType := range as.AttributeTypes {
			fields[field] = f.invented(field, fieldType)
		}
		return tftypes.NewValue(as, fields)
	}
	switch {
	case as.Is(tftypes.String):
		return tftypes.NewValue(as, fmt.Sprintf("%s.%s.%s", f.typeName, name, f.hash[:8]))
	case as.Is(tftypes.Number):
		return tftypes.NewValue(as, 1)
	case as.Is(tftypes.Bool):
		return tftypes.NewValue(as, false)
	default:
		return tftypes.NewValue(as, nil)
	}
}

func checked(as tftypes.Type, value any) (tftypes.Value, error) {
	if err := tftypes.ValidateValue(as, value); err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.NewValue(as, value), nil
}

func elementType(of tftypes.Type) tftypes.Type {
	switch of := of.(type) {
	case tftypes.List:
		return of.ElementType
	case tftypes.Set:
		return of.ElementType
	default:
		return tftypes.DynamicPseudoType
	}
}
