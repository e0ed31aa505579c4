/** What Terraform shows of plans and states, and what it hides: each value stands beside a mask, which says `true` for what is sensitive. */

/** A value without what its mask, of the same form, has `true` for. */
export function open(value: unknown, mask: unknown): unknown {
  if (mask === true) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, member]) => [name, open(member, memberOf(mask, name))]);
}

/** The texts that a mask hides. */
export function hidden(value: unknown, mask: unknown): string[] {
  if (mask === true) return textsIn(value);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => hidden(member, memberOf(mask, name)));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The pairs of value and mask in the documents of `terraform show -json`. */
const masks: Readonly<Record<string, string>> = {
  values: 'sensitive_values',
  before: 'before_sensitive',
  after: 'after_sensitive',
  value: 'sensitive',
};

/**
 * Everything in a plan that Terraform does not hide. Values of variables stand in the document as they are, whatever they
 * are declared as; those that are declared as sensitive are left out.
 */
export function openInPlan(document: unknown): unknown {
  const { variables = {}, ...rest } = document as {
    readonly variables?: Readonly<Record<string, unknown>>;
    readonly configuration?: { readonly root_module?: { readonly variables?: Readonly<Record<string, Declared>> } };
  };
  const declared = rest.configuration?.root_module?.variables ?? {};
  const shown = Object.entries(variables).filter(([name]) => declared[name]?.sensitive !== true);
  return [shown, openMembers(rest)];
}

interface Declared {
  readonly sensitive?: boolean;
}

function openMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(openMembers);
  return Object.entries(value).map(([name, member]) => {
    const mask = memberOf(value, masks[name] ?? '');
    return [name, mask === undefined ? openMembers(member) : open(member, mask)];
  });
}

/** The texts in a plan that Terraform hides. */
export function hiddenInPlan(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const mask = memberOf(value, masks[name] ?? '');
    return mask === undefined ? hiddenInPlan(member) : hidden(member, mask);
  });
}

/** Whether a text stands in a document, as it is or as JSON escapes it. */
export function holds(document: unknown, text: string): boolean {
  const whole = typeof document === 'string' ? document : JSON.stringify(document);
  return whole.includes(text) || whole.includes(JSON.stringify(text).slice(1, -1));
}

const memberOf = (mask: unknown, name: string): unknown =>
  typeof mask === 'object' && mask !== null ? (mask as Record<string, unknown>)[name] : undefined;
