import { Token } from 'cdktf';
import { throwProblems } from '../problems';
import { podValue, type KubernetesValueSource } from './kubernetes';
import { namesNotCarried, valueNotCarried } from './problems';
import { renderEach, type Rendering } from './rendering';
import { forJson } from './text';

/** A value in Kong's chart: a text, or `{ valueFrom: … }` as in a manifest. */
export type HelmValue = string | { readonly valueFrom: KubernetesValueSource };

/** The part of the values of Kong's chart that is the environment. */
export interface HelmValues {
  /** `KONG_CLUSTER_CERT` is `cluster_cert`. */
  readonly env: Readonly<Record<string, HelmValue>>;
  /** All that does not start with `KONG_`, under its own name. */
  readonly customEnv: Readonly<Record<string, HelmValue>>;
}

const form = "Kong's chart";

export function renderHelm(rendering: Rendering): HelmValues {
  // The chart makes every name upper-case.
  const lower = [...rendering.variables.keys()].filter((name) => name !== name.toUpperCase() || name === 'KONG_');
  if (lower.length > 0) {
    const fix = 'It makes every name upper-case. Set them in an init container or sidecar of your own.';
    throwProblems(rendering.construct, [namesNotCarried(lower, form, fix)]);
  }
  const entries = renderEach(rendering, (name, source, problems): readonly [string, HelmValue] | undefined => {
    if (source.kind === 'text' && !Token.isUnresolved(source.text) && source.text.includes('valueFrom')) {
      const fix = 'Put it into a secret of Kubernetes and give EnvValue.fromKubernetesSecret.';
      problems.push(valueNotCarried(name, form, 'which contains "valueFrom" and would be taken for a manifest', fix));
      return undefined;
    }
    const value = podValue(name, source, form, problems);
    if (value === undefined) return undefined;
    return [name, typeof value === 'string' ? value : { valueFrom: value }];
  });
  const kong = entries.filter(([name]) => name.startsWith('KONG_'));
  const others = entries.filter(([name]) => !name.startsWith('KONG_'));
  return {
    env: forJson(Object.fromEntries(kong.map(([name, value]) => [name.slice('KONG_'.length).toLowerCase(), value]))),
    customEnv: forJson(Object.fromEntries(others)),
  };
}
