/** Attributes and blocks as Terraform writes them, from a configuration in camel case. */
export type TerraformValues = Record<string, unknown>;

/** Attributes whose keys are the user's own. */
const maps: ReadonlySet<string> = new Set(['tags']);

/** `minioServer` becomes `minio_server`, in blocks too; what is undefined is left out. */
export function toTerraform(config: object): TerraformValues {
  return convert(config, (value) => value);
}

/** The same with the types that CDKTF's HCL writer asks for. */
export function toHcl(config: object): TerraformValues {
  return convert(config, (value, isBlock, isMap) => ({ value, isBlock, ...hclTypeOf(value, isBlock, isMap) }));
}

function convert(
  config: object,
  render: (value: unknown, isBlock: boolean, isMap: boolean) => unknown,
): TerraformValues {
  const inner = (value: unknown): unknown => (isStruct(value) ? convert(value, render) : value);
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]: [string, unknown]) => {
        const isMap = maps.has(name);
        const isBlock = !isMap && (isStruct(value) || (Array.isArray(value) && value.some(isStruct)));
        const converted = isBlock ? (Array.isArray(value) ? value.map(inner) : inner(value)) : value;
        return [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), render(converted, isBlock, isMap)];
      }),
  );
}

/** An object of ours, and no token. */
function isStruct(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('resolve' in value);
}

function hclTypeOf(value: unknown, isBlock: boolean, isMap: boolean): { type: string; storageClassType: string } {
  if (isBlock) return { type: 'list', storageClassType: 'objectList' };
  if (isMap) return { type: 'map', storageClassType: 'stringMap' };
  if (Array.isArray(value)) return { type: 'list', storageClassType: 'stringList' };
  return { type: 'simple', storageClassType: typeof value === 'object' ? 'any' : typeof value };
}
