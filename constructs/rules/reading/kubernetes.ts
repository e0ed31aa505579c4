import type { App } from './app';
import { blockOf, textOf } from './attributes';
import type { Element } from './element';

/**
 * What hands a variable on to Kubernetes, where it is text to Terraform. Without the manifests of this package: their pods
 * are no gateways, and their network policies let no traffic in.
 */
export function settingOnKubernetes(app: App, variable: string): readonly Element[] {
  return [...app.startingWith('kubernetes_'), ...app.all('resource', 'helm_release')].filter(
    (element) => JSON.stringify(element.attributes).toLowerCase().includes(variable) && !isOurs(element),
  );
}

function isOurs({ attributes }: Element): boolean {
  const metadata = blockOf(blockOf(attributes, 'manifest') ?? {}, 'metadata') ?? {};
  return textOf(blockOf(metadata, 'labels'), 'app.kubernetes.io/name') === 'kong-resilience';
}
