import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { environmentVariables, show } from '../../src/contract';
import { resolveTokens, type Problem } from '../problems';
import { conflict, noValue } from './problems';
import { isEnvValue, sourceOf, type EnvValue, type EnvValues } from './value';

/** Where the variables of a block come from; a later layer is nearer to the user. */
export interface EnvironmentLayers {
  /**
   * What follows from the topology: the store, the principal, the role.
   *
   * @default none
   */
  readonly derived?: EnvValues;
  /**
   * The user's own. The same value as a derived one is fine, another one is an error.
   *
   * @default none
   */
  readonly user?: EnvValues;
  /**
   * What wins over the other two, without a word.
   *
   * @default none
   */
  readonly override?: EnvValues;
}

/** The layers as one, names sorted. */
export function merge(
  construct: IConstruct,
  layers: EnvironmentLayers,
  problems: Problem[],
): ReadonlyMap<string, EnvValue> {
  const [derived, user, override] = [layers.derived, layers.user, layers.override].map((layer = {}) =>
    valuesOnly(layer, problems),
  ) as [EnvValues, EnvValues, EnvValues];
  for (const [name, value] of Object.entries(user)) {
    const other = Object.hasOwn(derived, name) ? derived[name] : undefined;
    if (other === undefined || Object.hasOwn(override, name) || sameValue(construct, value, other)) continue;
    problems.push(conflict(name, describe(name, other), describe(name, value)));
  }
  const all: EnvValues = { ...derived, ...user, ...override };
  return new Map(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is no value is told, and left out. */
function valuesOnly(layer: EnvValues, problems: Problem[]): EnvValues {
  const [good, bad] = [true, false].map((wanted) =>
    Object.entries(layer).filter(([, value]: [string, unknown]) => isEnvValue(value) === wanted),
  ) as [[string, EnvValue][], [string, unknown][]];
  problems.push(...bad.map(([name, value]) => noValue(name, typeof value)));
  return Object.fromEntries(good);
}

/** Two tokens are alike when they resolve to the same expression. */
function sameValue(construct: IConstruct, one: EnvValue, other: EnvValue): boolean {
  const resolved = (value: EnvValue): string => JSON.stringify(resolveTokens(construct, sourceOf(value)));
  return one.equals(other) || resolved(one) === resolved(other);
}

/** A value as a message may show it. */
function describe(name: string, value: EnvValue): string {
  const source = sourceOf(value);
  if (source.kind !== 'text' || isSecretVariable(name)) return 'a secret';
  return Token.isUnresolved(source.text) ? 'a value that Terraform alone knows' : show(source.text);
}

/** Whether the contract says that the value of a variable never stands in a message. */
export function isSecretVariable(name: string): boolean {
  return environmentVariables.some((variable) => variable.name === name && variable.secret);
}
