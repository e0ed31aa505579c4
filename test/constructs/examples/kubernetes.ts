import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { agentBundle } from '../../../constructs/artefact';
import type { AppliedState } from '../support/terraform';
import type { Life } from './example';

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly securityContext: unknown;
  readonly volumeMounts: readonly unknown[];
  readonly readinessProbe?: unknown;
}

interface Pod {
  readonly serviceAccountName: string;
  readonly containers: readonly Container[];
  readonly volumes: readonly unknown[];
}

/** What the tests read of a manifest, or of the values of Kong's chart. */
interface Document {
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template: { readonly spec: Pod };
    readonly jobTemplate?: { readonly spec: Document['spec'] };
  };
  readonly env?: unknown;
  readonly customEnv?: unknown;
  readonly readinessProbe?: unknown;
  readonly deployment?: {
    readonly serviceAccount: unknown;
    readonly initContainers: readonly Container[];
    readonly userDefinedVolumes: readonly unknown[];
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

/** The pod of the scheduled check. */
export function checkOf(state: AppliedState): Pod | undefined {
  const [, cronJob] = documentsOf(state, 'check_manifests');
  return cronJob?.spec?.jobTemplate?.spec?.template.spec;
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
    const [, , deployment] = documentsOf(state, 'exporter_manifests');
    const [exporter] = deployment?.spec?.template.spec.containers ?? [];
    expect(environmentOf(exporter)).toEqual({
      ...agent,
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
      KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
    });
    const [values] = documentsOf(state, 'gateway_values');
    const [importer] = values?.deployment?.initContainers ?? [];
    const importing = { ...agent, KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' };
    expect(environmentOf(importer)).toEqual(importing);
    expect(environmentOf(checkOf(state)?.containers[0])).toEqual(importing);
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
    expect(importer?.volumeMounts).toEqual(
      expect.arrayContaining([...(values?.deployment?.userDefinedVolumeMounts ?? [])]),
    );
    expect(values?.readinessProbe).toEqual({ httpGet: { path: '/status/ready' } });
  });

  it('runs the agent out of one ConfigMap, which is whole', () => {
    const { state } = life();
    const [agent] = documentsOf(state, 'agent_manifest');
    expect([agent?.kind, agent?.immutable]).toEqual(['ConfigMap', true]);
    expect(agent?.data).toEqual({ 'kong-resilience.cjs': readFileSync(agentBundle(), 'utf8') });
    const name = agent?.metadata?.name;
    const volume = { name: 'kong-resilience-agent', configMap: { name } };
    const [, , deployment] = documentsOf(state, 'exporter_manifests');
    const [values] = documentsOf(state, 'gateway_values');
    expect(deployment?.spec?.template.spec.volumes).toContainEqual(volume);
    expect(checkOf(state)?.volumes).toContainEqual(volume);
    expect(values?.deployment?.userDefinedVolumes).toContainEqual({
      name: 'kong-resilience-agent',
      configMap: { name, optional: true },
    });
  });

  it('has alarms, for an exporter whose metrics one namespace may read', () => {
    const { state } = life();
    expect(documentsOf(state, 'alarm_manifests').map(({ kind }) => kind)).toEqual(['PodMonitor', 'PrometheusRule']);
    expect(state.outputs['alarm_manifests']).toContain('job=\\"kong/kong-exporter\\",version=\\"3.9.1\\"');
    expect(state.outputs['exporter_manifests']).toContain('"kubernetes.io/metadata.name": "monitoring"');
  });
}
