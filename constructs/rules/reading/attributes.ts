/** Attributes of a resource as Terraform will read them. */
export type Attributes = Readonly<Record<string, unknown>>;

/** The blocks of one name. */
export interface Blocks {
  readonly list: readonly Attributes[];
  /** False when Terraform makes them, so that there may be others. */
  readonly complete: boolean;
}

/** Blocks of a name: one, several, or those that Terraform makes (`dynamic`). */
export function blocksOf(attributes: Attributes, name: string): Blocks {
  const given = attributes[name];
  const dynamic = isRecord(attributes['dynamic']) && attributes['dynamic'][name] !== undefined;
  const several = Array.isArray(given) ? (given as unknown[]) : given === undefined || given === null ? [] : [given];
  const list = several.filter(isRecord);
  return { list, complete: !dynamic && list.length === several.length };
}

/** The first block of a name. */
export function blockOf(attributes: Attributes, name: string): Attributes | undefined {
  return blocksOf(attributes, name).list[0];
}

export function textOf(attributes: Attributes | undefined, name: string): string | undefined {
  const value = attributes?.[name];
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  return typeof value === 'string' ? value : undefined;
}

/** Texts of a list, or the one text that stands for it. */
export function textsOf(attributes: Attributes | undefined, name: string): readonly string[] {
  const value = attributes?.[name];
  const several: unknown[] = Array.isArray(value) ? value : [value];
  return several.filter((item) => typeof item === 'string');
}

export function isRecord(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
