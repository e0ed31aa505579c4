import { nearest } from './edit-distance';
import { variableNames, variables } from './environment-variables';
import type { VariableName } from './environment-variables';

/** All our own variables start so; whatever else does is an error. */
const ownPrefix = 'KONG_RESILIENCE_';
const fallbackPrefix = 'KONG_CLUSTER_FALLBACK_';

/** Only names that are read here: whoever misspells another one must be told by those who read it. */
const readNames = variableNames.filter((name) => variables[name].read);

/** What a name in an environment is. */
export type NameVerdict =
  | { readonly kind: 'foreign' }
  | { readonly kind: 'misspelt'; readonly meant: string }
  /** In a namespace of which we know every name. */
  | { readonly kind: 'unknown' }
  /** An option of Kong's fallback that this version does not know. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'known'; readonly name: VariableName }
  /** `KONG_<OPTION>_FILE`, from which Kong's images set `KONG_<OPTION>`. */
  | { readonly kind: 'file'; readonly name: VariableName };

/** Tells whether a name in an environment is one of the table, was meant to be one, or is none of our business. */
export function judgeName(name: string): NameVerdict {
  if (isVariable(name)) return { kind: 'known', name };
  const option = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : undefined;
  if (option !== undefined && isVariable(option) && variables[option].whose === 'kong') {
    return { kind: 'file', name: option };
  }
  const meant = meantName(name, option);
  if (meant !== undefined) return { kind: 'misspelt', meant };
  if (name.startsWith(ownPrefix)) return { kind: 'unknown' };
  if (name.startsWith(fallbackPrefix)) return { kind: 'ignored' };
  return { kind: 'foreign' };
}

function isVariable(name: string): name is VariableName {
  return Object.hasOwn(variables, name);
}

function meantName(name: string, option: string | undefined): string | undefined {
  const upper = name.toUpperCase().replaceAll('-', '_');
  if (isVariable(upper)) return upper;
  if (/^(CLUSTER_|RESILIENCE_)/.test(upper) && isVariable(`KONG_${upper}`)) return `KONG_${upper}`;
  const near = nearest(upper, readNames, nearEnough);
  if (near !== undefined) return near;
  if (option?.startsWith('KONG_') === true && !option.startsWith(ownPrefix)) {
    const nearOption = nearest(
      option,
      readNames.filter((known) => variables[known].whose === 'kong'),
      nearEnough,
    );
    if (nearOption !== undefined) return `${nearOption}_FILE`;
  }
  for (const prefix of [ownPrefix, fallbackPrefix]) {
    if (!upper.startsWith(prefix)) continue;
    const family = variableNames.filter((known) => known.startsWith(prefix));
    return (
      family.find((known) => known.startsWith(upper)) ??
      nearest(upper, family, (known) => Math.floor((known.length - prefix.length) / 3))
    );
  }
  return undefined;
}

/** Two letters may be wrong in a long name, one in a short one: short names that are near to each other are often both right. */
function nearEnough(known: string): number {
  return known.length < 16 ? 1 : 2;
}
