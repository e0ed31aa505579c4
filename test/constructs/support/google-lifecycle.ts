/**
 * Evaluates lifecycle rules after Google's documentation: all conditions of a rule must hold; a condition on noncurrent
 * versions never holds for a current one; of the newer versions a current one has none, and the newest noncurrent one has one
 * beside a current one and none without.
 */

/** One version of an object. */
export interface ObjectVersion {
  readonly key: string;
  /** Days since it became noncurrent; undefined for the current one. */
  readonly noncurrentDays: number | undefined;
  /** Days since it was made. */
  readonly ageDays: number;
  /** How many versions of the object are newer. */
  readonly newerVersions: number;
}

interface Rule {
  readonly action: { readonly type: string };
  readonly condition: Readonly<Record<string, unknown>>;
}

type Conditions = Readonly<Record<string, (wanted: never, version: ObjectVersion) => boolean>>;

/** One that is not here makes the evaluation fail: unknown is no pass. */
const conditions: Conditions = {
  age: (days: number, { ageDays }) => ageDays >= days,
  with_state: (state: string, { noncurrentDays }) =>
    state === 'ANY' || (state === 'LIVE') === (noncurrentDays === undefined),
  matches_prefix: (prefixes: readonly string[], { key }) => prefixes.some((prefix) => key.startsWith(prefix)),
  matches_suffix: (suffixes: readonly string[], { key }) => suffixes.some((suffix) => key.endsWith(suffix)),
  num_newer_versions: (count: number, { newerVersions }) => newerVersions >= count,
  days_since_noncurrent_time: (days: number, { noncurrentDays }) =>
    noncurrentDays !== undefined && noncurrentDays >= days,
};

/** The actions of those rules that reach a version. */
export function actionsOn(rules: readonly unknown[], version: ObjectVersion): string[] {
  return (rules as readonly Rule[])
    .filter(({ condition }) => {
      const wanted = Object.entries(condition);
      if (wanted.length === 0) throw new Error('a rule without a condition');
      return wanted.every(([name, value]) => {
        const check = conditions[name];
        if (check === undefined) throw new Error(`the condition ${name} is not known`);
        return check(value as never, version);
      });
    })
    .map(({ action }) => action.type);
}
