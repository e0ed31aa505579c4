import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ControlPlane, type ControlPlaneOptions } from '../../src/control-plane';
import { silentLog } from '../../src/runtime';
import { type KeyPair, makeClusterCertificate } from '../support/certificates';
import { type Environment, temporaryFolder } from '../support/program';
import { freePort } from '../support/servers/process';

/** A configuration as a control plane publishes it. */
export interface Table {
  readonly table: Buffer;
  readonly configHash?: string;
  readonly hashes?: Readonly<Record<string, string>>;
}

/** What a real Kong 3.9.3 sent to a node of this version: the text of `config_table` cut out of the message, and its hashes. */
export function captured(version: '3.9.3' | '3.5.0'): Required<Table> {
  const text = readFileSync(`test/fixtures/reconfigure-kong-3.9.3-for-node-${version}.json`, 'utf8').trimEnd();
  const name = '"config_table":';
  // It is the last member of the message.
  const table = text.slice(text.indexOf(name) + name.length, -1);
  const { config_hash: configHash, hashes } = JSON.parse(text) as {
    config_hash: string;
    hashes: Record<string, string>;
  };
  return { table: Buffer.from(table), configHash, hashes };
}

/** A small configuration that differs by `name`. */
export function named(name: string, more: object = {}): Table {
  return {
    table: Buffer.from(
      JSON.stringify({
        _format_version: '3.0',
        _transform: false,
        services: [{ id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0001', name, host: 'upstream.test', port: 80 }],
        ...more,
      }),
    ),
  };
}

/** A control plane over TLS that can go away and come back at the same address, and its nodes' environment. */
export class Cluster {
  #current: ControlPlane | undefined;

  private constructor(
    readonly folder: string,
    readonly pair: KeyPair,
    private readonly options: Partial<ControlPlaneOptions>,
    readonly port: number,
  ) {}

  /** @param options `version` is 3.9.3 by default */
  static async start(options: Partial<ControlPlaneOptions> = {}): Promise<Cluster> {
    const folder = temporaryFolder();
    const pair = await makeClusterCertificate();
    writeFileSync(join(folder, 'cluster.crt'), pair.certificate);
    writeFileSync(join(folder, 'cluster.key'), pair.key.reveal());
    // Nobody else is given it while the control plane is down.
    const cluster = new Cluster(folder, pair, options, await freePort());
    await cluster.up();
    onTestFinished(() => cluster.down());
    return cluster;
  }

  get controlPlane(): ControlPlane {
    if (this.#current === undefined) throw new Error('the control plane is down');
    return this.#current;
  }

  /** @param options what is other than before */
  async up(options: Partial<ControlPlaneOptions> = {}): Promise<void> {
    this.#current = new ControlPlane({
      version: '3.9.3',
      mtls: 'shared',
      certificate: this.pair.certificate,
      key: this.pair.key,
      log: silentLog,
      ...this.options,
      ...options,
    });
    await this.#current.listen({ host: '127.0.0.1', port: this.port });
  }

  async down(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.close();
  }

  publish(configuration: Table): void {
    this.controlPlane.publish(configuration);
  }

  /** `other-kong-envs` of Kong's page: what all of its nodes have. */
  get environment(): Environment {
    return {
      KONG_ROLE: 'data_plane',
      KONG_DATABASE: 'off',
      KONG_CLUSTER_CONTROL_PLANE: `127.0.0.1:${this.port}`,
      KONG_CLUSTER_CERT: join(this.folder, 'cluster.crt'),
      KONG_CLUSTER_CERT_KEY: join(this.folder, 'cluster.key'),
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
    };
  }
}

/** What an exporter has besides the cluster and its store; it exports without a delay. */
export function exporterEnvironment(more: Environment = {}): Environment {
  return {
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0',
    KONG_RESILIENCE_SPOOL_DIR: temporaryFolder(),
    ...more,
  };
}

/** What an importer has besides them: a hand-over folder of its own, and little patience. */
export function importerEnvironment(handover: string, more: Environment = {}): Environment {
  return {
    KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
    KONG_RESILIENCE_HANDOVER_DIR: handover,
    KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '5',
    KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '20',
    ...more,
  };
}
