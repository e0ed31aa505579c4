/**
 * What S3 does to an object by the rules of a synthesized `aws_s3_bucket_lifecycle_configuration`, after S3's user guide
 * ("Lifecycle configuration elements", "Setting lifecycle configuration on a bucket with versioning"). Where S3 spares an
 * object for its size or rounds to the next midnight, this does not: it says what may happen, at the earliest.
 */

type Block = Record<string, unknown>;

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  readonly key: string;
  readonly current: boolean;
  /** A delete marker, which holds nothing. */
  readonly marker?: boolean;
  /** Days since it was written; for a noncurrent version, since it was replaced. */
  readonly days: number;
  /** How many noncurrent versions are newer. */
  readonly newerNoncurrent?: number;
  /** How many noncurrent versions the key has; of a marker that is current. */
  readonly noncurrent?: number;
  readonly size?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What may happen: an expiration of a current version adds a delete marker, one of a noncurrent version deletes it. */
export type Fate = 'expired' | 'deleted' | 'marker removed' | `moved to ${string}`;

/** Everything that the rules do to one version, each once. Empty: it stays as it is. */
export function fatesOf(rules: readonly Block[], version: ObjectVersion): Fate[] {
  const fates = rules
    .filter((rule) => rule['status'] === 'Enabled' && matches(rule, version))
    .flatMap((rule) => (version.current ? fatesOfCurrent(rule, version) : fatesOfNoncurrent(rule, version)));
  return [...new Set(fates)];
}

function fatesOfCurrent(rule: Block, version: ObjectVersion): Fate[] {
  const expirations = blocks(rule, 'expiration');
  const due = expirations.some((block) => isDue(block, version));
  if (version.marker === true) {
    // A marker goes once no version is left behind it, at once or when its days have passed.
    const removes = due || expirations.some((block) => block['expired_object_delete_marker'] === true);
    return removes && (version.noncurrent ?? 0) === 0 ? ['marker removed'] : [];
  }
  const moves = blocks(rule, 'transition')
    .filter((block) => isDue(block, version))
    .map((block): Fate => `moved to ${String(block['storage_class'])}`);
  return [...(due ? ['expired' as const] : []), ...moves];
}

function fatesOfNoncurrent(rule: Block, version: ObjectVersion): Fate[] {
  const applies = (block: Block): boolean =>
    version.days >= number(block, 'noncurrent_days') &&
    (version.newerNoncurrent ?? 0) >=
      (block['newer_noncurrent_versions'] === undefined ? 0 : number(block, 'newer_noncurrent_versions'));
  const moves = blocks(rule, 'noncurrent_version_transition')
    .filter(applies)
    .map((block): Fate => `moved to ${String(block['storage_class'])}`);
  return [...(blocks(rule, 'noncurrent_version_expiration').some(applies) ? ['deleted' as const] : []), ...moves];
}

/** Days have passed, or a date is given: it comes some day. */
function isDue(block: Block, { days }: ObjectVersion): boolean {
  return block['date'] !== undefined || (block['days'] !== undefined && days >= number(block, 'days'));
}

function matches(rule: Block, version: ObjectVersion): boolean {
  const [filter = {}] = blocks(rule, 'filter');
  const [and = {}] = blocks(filter, 'and');
  const tags = {
    ...(and['tags'] as Record<string, string> | undefined),
    ...Object.fromEntries(blocks(filter, 'tag').map((tag) => [String(tag['key']), String(tag['value'])])),
  };
  const size = version.size ?? 1_000_000;
  const prefixes = [rule['prefix'], filter['prefix'], and['prefix']].filter((prefix) => typeof prefix === 'string');
  const larger = [filter, and].map((part) => part['object_size_greater_than']).filter((part) => part !== undefined);
  const smaller = [filter, and].map((part) => part['object_size_less_than']).filter((part) => part !== undefined);
  return (
    prefixes.every((prefix) => version.key.startsWith(prefix)) &&
    Object.entries(tags).every(([name, value]) => version.tags?.[name] === value) &&
    larger.every((bound) => size > Number(bound)) &&
    smaller.every((bound) => size < Number(bound))
  );
}

/** Blocks are lists in the JSON of a stack, also where there may be one. */
function blocks(parent: Block, name: string): Block[] {
  const value = parent[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]) as Block[];
}

function number(block: Block, name: string): number {
  const value = block[name];
  if (typeof value !== 'number') throw new Error(`${name} is ${JSON.stringify(value)}`);
  return value;
}
