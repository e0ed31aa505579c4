import { Fn, Token, type IResolvable } from 'cdktf';
import { agentVersion } from '../artefact';
import { Text } from '../environment/text';

/** Name, place and labels of an object of Kubernetes. */
export interface KubernetesMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * An object of Kubernetes as a manifest has it: for a property of a resource (`kubernetes_manifest`), or as a text by
 * `JSON.stringify`, which is YAML too. It may hold tokens. `Fn.yamlencode` of it is wrong: CDKTF leaves the quotes in its
 * texts as they are.
 */
export interface KubernetesManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubernetesMetadata;
  readonly [field: string]: unknown;
}

/** By which a workload finds its pods; they can never be changed. */
export function selectorOf(instance: string, component: string): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': 'kong-resilience',
    'app.kubernetes.io/instance': instance,
    'app.kubernetes.io/component': component,
  };
}

/** What else every object says. */
export function labelsOf(instance: string, component: string): Readonly<Record<string, string>> {
  return { ...selectorOf(instance, component), 'app.kubernetes.io/version': agentVersion() };
}

/** Each as a document of one YAML stream, which Terraform writes when it applies. */
export function yamlStream(manifests: readonly object[]): string {
  return manifests.map((manifest) => `---\n${yamlOf(manifest)}`).join('');
}

/** One document. What is known in it is literal, whatever Terraform would make of such characters. */
export function yamlOf(document: object): string {
  return Fn.yamlencode(literal(document));
}

function literal(value: unknown): unknown {
  if (typeof value === 'string') return Text.of(value).toString();
  if (value === null) return nothing;
  if (typeof value !== 'object' || Token.isUnresolved(value)) return value;
  if (Array.isArray(value)) return value.map(literal);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const members = entries.map(([key, member]: [string, unknown]) => [key, literal(member)] as const);
  // CDKTF writes keys as they are between quotes.
  if (members.every(([key]) => Text.of(key).toString() === key)) return Object.fromEntries(members);
  return Fn.zipmap(
    members.map(([key]) => Text.of(key).toString()),
    members.map(([, member]) => member),
  );
}

/** In a list CDKTF would write nothing for it. */
const nothing: IResolvable = {
  creationStack: [],
  resolve: () => 'null',
  toString: () => Token.asString(nothing),
};
