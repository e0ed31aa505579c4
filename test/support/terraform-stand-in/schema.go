package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// providerSchema is the file that schema.ts describes.
type providerSchema struct {
	Provider    block            `json:"provider"`
	Resources   map[string]block `json:"resources"`
	DataSources map[string]block `json:"data_sources"`
}

type block struct {
	// Of the provider, where a file says it.
	Name       string                 `json:"name"`
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"blocks"`
}

type attribute struct {
	Type       typeName `json:"type"`
	Required   bool     `json:"required"`
	Optional   bool     `json:"optional"`
	Computed   bool     `json:"computed"`
	Sensitive  bool     `json:"sensitive"`
	Deprecated bool     `json:"deprecated"`
	WriteOnly  bool     `json:"write_only"`
}

type nestedBlock struct {
	block
	Nesting  string `json:"nesting"`
	MinItems int64  `json:"min_items"`
	MaxItems int64  `json:"max_items"`
}

// typeName is a type in Terraform's JSON syntax.
type typeName struct{ tftypes.Type }

func (t *typeName) UnmarshalJSON(text []byte) error {
	parsed, err := tftypes.ParseJSONType(text) //nolint:staticcheck // there is no other parser of that syntax
	t.Type = parsed
	return err
}

func readSchema(path string) (*providerSchema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	schema := &providerSchema{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(schema); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return schema, nil
}

// objectType is the type of a block's value: its attributes and its blocks.
func (b block) objectType() tftypes.Object {
	types := make(map[string]tftypes.Type)
	for name, attribute := range b.Attributes {
		types[name] = attribute.Type.Type
	}
	for name, nested := range b.Blocks {
		types[name] = nested.valueType()
	}
	return tftypes.Object{AttributeTypes: types}
}

func (n nestedBlock) valueType() tftypes.Type {
	switch n.Nesting {
	case "single":
		return n.objectType()
	case "set":
		return tftypes.Set{ElementType: n.objectType()}
	default:
		return tftypes.List{ElementType: n.objectType()}
	}
}

func (b block) protocol() *tfprotov5.SchemaBlock {
	result := &tfprotov5.SchemaBlock{}
	for _, name := range sortedKeys(b.Attributes) {
		from := b.Attributes[name]
		result.Attributes = append(result.Attributes, &tfprotov5.SchemaAttribute{
			Name:       name,
			Type:       from.Type.Type,
			Required:   from.Required,
			Optional:   from.Optional,
			Computed:   from.Computed,
			Sensitive:  from.Sensitive,
			Deprecated: from.Deprecated,
			WriteOnly:  from.WriteOnly,
		})
	}
	nesting := map[string]tfprotov5.SchemaNestedBlockNestingMode{
		"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
		"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
		"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	}
	for _, name := range sortedKeys(b.Blocks) {
		from := b.Blocks[name]
		result.BlockTypes = append(result.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name,
			Block:    from.protocol(),
			Nesting:  nesting[from.Nesting],
			MinItems: from.MinItems,
			MaxItems: from.MaxItems,
		})
	}
	return result
}

func protocolSchemas(blocks map[string]block) map[string]*tfprotov5.Schema {
	schemas := make(map[string]*tfprotov5.Schema)
	for name, b := range blocks {
		schemas[name] = &tfprotov5.Schema{Block: b.protocol()}
	}
	return schemas
}

func sortedKeys[V any](from map[string]V) []string {
	keys := make([]string, 0, len(from))
	for key := range from {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
