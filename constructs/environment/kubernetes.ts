import type { Problem } from '../problems';
import { referenceProblems, renderEach, wrongKind, type Rendering } from './rendering';
import { forJson, replacing, Text } from './text';
import type { EnvValueSource } from './value';

/** Where a pod's variable comes from, if not from a text. */
export interface KubernetesValueSource {
  readonly secretKeyRef: { readonly name: string; readonly key: string };
}

/** An entry of a container's `env`, as a manifest has it. */
export interface KubernetesVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: KubernetesValueSource;
}

/** The kubelet replaces `$(NAME)`, and takes `$$` for `$` wherever it stands. */
export const dollar = replacing(['$', '$$']);

export function renderKubernetes(rendering: Rendering): readonly KubernetesVariable[] {
  return renderEach(rendering, (name, source, problems): KubernetesVariable | undefined => {
    const value = podValue(name, source, 'Kubernetes', problems);
    if (value === undefined) return undefined;
    return forJson(typeof value === 'string' ? { name, value } : { name, valueFrom: value });
  });
}

/** A value as a pod takes it. */
export function podValue(
  name: string,
  source: EnvValueSource,
  platform: string,
  problems: Problem[],
): string | KubernetesValueSource | undefined {
  if (source.kind === 'text') return Text.of(source.text, dollar).toString();
  if (source.kind !== 'kubernetes-secret') {
    const fix = 'Put it into a secret of the pod’s namespace and give EnvValue.fromKubernetesSecret.';
    problems.push(wrongKind(name, source, platform, fix));
    return undefined;
  }
  problems.push(
    ...referenceProblems(name, [
      {
        part: 'name',
        given: source.name,
        pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
        allowed: 'the name of a secret: at most 253 lower-case letters, digits, "-" and "."',
      },
      {
        part: 'key',
        given: source.key,
        pattern: /^[A-Za-z0-9._-]{1,253}$/,
        allowed: 'a key of a secret: letters, digits, "-", "_" and "."',
      },
    ]),
  );
  return { secretKeyRef: { name: source.name, key: source.key } };
}
