import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { AppliedState } from '../support/terraform';
import type { Life } from './example';

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly securityContext: unknown;
  readonly volumeMounts: readonly unknown[];
  readonly readinessProbe?: unknown;
}

/** What the tests read of a manifest, or of the values of Kong's chart. */
interface Document {
  readonly metadata?: unknown;
  readonly spec?: {
    readonly template: {
      readonly spec: { readonly serviceAccountName: string; readonly containers: readonly Container[] };
    };
  };
  readonly env?: unknown;
  readonly customEnv?: unknown;
  readonly readinessProbe?: unknown;
  readonly deployment?: {
    readonly serviceAccount: unknown;
    readonly initContainers: readonly Container[];
    readonly userDefinedVolumeMounts: readonly unknown[];
  };
}

/** The YAML documents of an output. */
export function documentsOf(state: AppliedState, output: string): Document[] {
  return parseAllDocuments(String(state.outputs[output])).map((document) => {
    expect('errors' in document ? document.errors : []).toEqual([]);
    return document.toJS() as Document;
  });
}

const environmentOf = (container: Container | undefined): Record<string, unknown> =>
  Object.fromEntries((container?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

/** What is the same for both examples with Kubernetes. @param store what a node needs to reach the store */
export function itDeploysOnKubernetes(life: () => Life, store: Readonly<Record<string, string>>): void {
  const certificate = (key: string) => ({ secretKeyRef: { name: 'kong-cluster-cert', key } });

  it('gives exporter, import and gateway their environments, with the certificate from a secret', () => {
    const { state } = life();
    const agent = {
      ...store,
      KONG_CLUSTER_CERT: certificate('tls.crt'),
      KONG_CLUSTER_CERT_KEY: certificate('tls.key'),
      KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: state.outputs['storage_url'],
      KONG_DATABASE: 'off',
      KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
      KONG_ROLE: 'data_plane',
    };
    const [, deployment] = documentsOf(state, 'exporter_manifests');
    const [exporter] = deployment?.spec?.template.spec.containers ?? [];
    expect(environmentOf(exporter)).toEqual({
      ...agent,
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
      KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
    });
    const [values] = documentsOf(state, 'gateway_values');
    const [importer] = values?.deployment?.initContainers ?? [];
    expect(environmentOf(importer)).toEqual({ ...agent, KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' });
    expect(values?.env).toEqual({
      cluster_cert: { valueFrom: certificate('tls.crt') },
      cluster_cert_key: { valueFrom: certificate('tls.key') },
      cluster_control_plane: 'cp.example.com:8005',
      database: 'off',
      lua_ssl_trusted_certificate: 'system',
      role: 'data_plane',
      status_listen: '0.0.0.0:8100',
    });
    expect(values?.customEnv).toEqual({ BASH_ENV: '/var/lib/kong-resilience/handover/start.sh' });
  });

  it('hands over in one folder, as the user of Kong’s chart, and asks a gateway whether it has a configuration', () => {
    const [values] = documentsOf(life().state, 'gateway_values');
    const [importer] = values?.deployment?.initContainers ?? [];
    expect(importer?.securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000 });
    expect(importer?.volumeMounts).toEqual(values?.deployment?.userDefinedVolumeMounts);
    expect(values?.readinessProbe).toEqual({ httpGet: { path: '/status/ready' } });
  });
}
