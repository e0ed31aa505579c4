/** A type in Terraform's JSON syntax: "string", ["list", "string"], ["object", { name: "string" }]. */
export type TerraformType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | readonly ['list' | 'set' | 'map', TerraformType]
  | readonly ['object', { readonly [name: string]: TerraformType }];

export interface AttributeSchema {
  readonly type: TerraformType;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
  readonly deprecated?: boolean;
  /** Terraform hands it to the provider and keeps it out of plan and state. */
  readonly write_only?: boolean;
}

export interface BlockSchema {
  readonly attributes?: { readonly [name: string]: AttributeSchema };
  readonly blocks?: { readonly [name: string]: NestedBlockSchema };
}

export interface NestedBlockSchema extends BlockSchema {
  readonly nesting: 'list' | 'set' | 'single';
  readonly min_items?: number;
  readonly max_items?: number;
}

/** What the stand-in reads: the schemas of one provider, named as in Terraform's own schema files. */
export interface ProviderSchema {
  readonly provider: BlockSchema;
  readonly resources: { readonly [type: string]: BlockSchema };
  readonly data_sources?: { readonly [type: string]: BlockSchema };
}

/** The resource types and data source types of a stack. */
export interface WantedTypes {
  readonly resources: Iterable<string>;
  readonly dataSources: Iterable<string>;
}
