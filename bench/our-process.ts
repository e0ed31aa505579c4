import { join } from 'node:path';
import type { Bench } from './bench';
import type { Command } from './cold-processes';
import { bundle } from './paths';
import { cleanEnvironment } from './peers/peer';
import type { BenchStore } from './stores';

type Place = Pick<Bench, 'folder' | 'controlPlane'>;
type Environment = Readonly<Record<string, string>>;

/** This program as an image starts it: by node, from the bundle. */
export function ourProcess(args: readonly string[], env: Environment): Command {
  return { command: [process.execPath, bundle, ...args], env };
}

/** @param versions as in KONG_RESILIENCE_GATEWAY_VERSION */
export function exporterEnvironment({ folder, controlPlane }: Place, store: BenchStore, versions: string): Environment {
  return {
    ...cleanEnvironment(folder),
    ...controlPlane.environment,
    ...store.environment,
    KONG_RESILIENCE_GATEWAY_VERSION: versions,
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0',
    KONG_RESILIENCE_SPOOL_DIR: join(folder, 'spool'),
  };
}

export function importerEnvironment({ folder, controlPlane }: Place, store: BenchStore, version: string): Environment {
  return {
    ...cleanEnvironment(folder),
    ...controlPlane.environment,
    ...store.environment,
    // One that is gone, as in the outage for which an import is made.
    KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:1',
    KONG_RESILIENCE_GATEWAY_VERSION: version,
    KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
    KONG_RESILIENCE_HANDOVER_DIR: join(folder, 'handover'),
  };
}
