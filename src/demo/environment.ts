import { join } from 'node:path';
import type { ClusterSettings } from '../contract';
import { DEFAULT_MAX_PAYLOAD_BYTES } from '../protocol';
import type { KeyPair } from './certificates';

/** The gateway version of all nodes of the demo. */
export const DEMO_VERSION = '3.9.1';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where things are in the demo's folder. */
export function demoFolder(folder: string): {
  readonly certificate: string;
  readonly key: string;
  readonly store: string;
  readonly spool: string;
  readonly handover: string;
  prefix(node: string): string;
} {
  return {
    certificate: join(folder, 'cluster.crt'),
    key: join(folder, 'cluster.key'),
    store: join(folder, 'store'),
    spool: join(folder, 'spool'),
    handover: join(folder, 'handover'),
    prefix: (node) => join(folder, 'prefix', node),
  };
}

export type DemoFolder = ReturnType<typeof demoFolder>;

/** The environment of a gateway node, as in Kong's documentation, which the exporter and the importer beside it share. */
function nodeEnvironment(folder: DemoFolder, { host, port }: Address): Record<string, string> {
  return {
    KONG_ROLE: 'data_plane',
    KONG_DATABASE: 'off',
    KONG_CLUSTER_CONTROL_PLANE: `${host}:${port}`,
    KONG_CLUSTER_MTLS: 'shared',
    KONG_CLUSTER_CERT: folder.certificate,
    KONG_CLUSTER_CERT_KEY: folder.key,
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `file://${folder.store}`,
    KONG_RESILIENCE_GATEWAY_VERSION: DEMO_VERSION,
    KONG_RESILIENCE_LOG_FORMAT: 'json',
  };
}

/** Exports at once, where the default waits 60 s for more changes. */
export function exporterEnvironment(folder: DemoFolder, controlPlane: Address): Record<string, string> {
  return {
    ...nodeEnvironment(folder, controlPlane),
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0',
    KONG_RESILIENCE_SPOOL_DIR: folder.spool,
  };
}

export function importerEnvironment(folder: DemoFolder, controlPlane: Address): Record<string, string> {
  return {
    ...nodeEnvironment(folder, controlPlane),
    KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
    KONG_RESILIENCE_HANDOVER_DIR: folder.handover,
  };
}

/** The same cluster, for a simulated data plane. */
export function clusterSettings(controlPlane: Address, { certificate, key }: KeyPair): ClusterSettings {
  return {
    controlPlane,
    mtls: 'shared',
    certificate,
    key,
    trusted: [],
    trustSystem: true,
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    labels: {},
  };
}
