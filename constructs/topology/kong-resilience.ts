import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { isKnown, type Problem } from '../problems';
import type { ClusterProps } from './cluster';
import { ExporterImporterNode } from './exporter-importer-node';
import { ExporterNode } from './exporter-node';
import type { IExporterNode } from './exporting';
import { ImporterNode } from './importer-node';
import type { IPrincipal } from './principal';
import { noExporter, notExported } from './problems';
import type { IConfigurationStore } from './store';

export interface KongResilienceProps extends ClusterProps {
  /** Where configurations are stored. */
  readonly store: IConfigurationStore;
}

/** What a node of a topology adds to it. */
export interface TopologyNodeOptions {
  /** Who the node is towards the store. */
  readonly principal: IPrincipal;
  /**
   * Variables of your own, for both blocks of the node.
   *
   * @default none
   */
  readonly environment?: EnvValues;
  /**
   * Variables that replace derived ones, knowingly.
   *
   * @default none
   */
  readonly environmentOverrides?: EnvValues;
}

export interface AddExporterOptions extends TopologyNodeOptions {
  /** Every version that the data planes run, in full. */
  readonly gatewayVersions: readonly string[];
  /**
   * Port of the agent's `/status`, `/metrics` and probes.
   *
   * @default 8101
   */
  readonly statusPort?: number;
}

export interface AddImporterOptions extends TopologyNodeOptions {
  /** Full version of the gateway. */
  readonly gatewayVersion: string;
  /**
   * Port of the gateway's status listener.
   *
   * @default 8100
   */
  readonly gatewayStatusPort?: number;
}

export interface AddExporterImporterOptions extends TopologyNodeOptions {
  /** Full version of the gateway. */
  readonly gatewayVersion: string;
  /**
   * Port of the agent's `/status`, `/metrics` and probes.
   *
   * @default 8101
   */
  readonly statusPort?: number;
}

/**
 * One store with its exporters and importers, which reach the same control plane.
 *
 * When the stack is synthesized, each importer's version must be among the exporters', or the error tells in which order
 * to upgrade.
 */
export class KongResilience extends Construct {
  readonly store: IConfigurationStore;
  readonly #cluster: ClusterProps;
  readonly #exporters: IExporterNode[] = [];
  readonly #importers: ImporterNode[] = [];

  constructor(scope: Construct, id: string, props: KongResilienceProps) {
    super(scope, id);
    const { store, ...cluster } = props;
    this.store = store;
    this.#cluster = cluster;
    this.node.addValidation({ validate: () => this.#uncovered().map(({ code, text }) => `${code} ${text}`) });
  }

  /** Adds a backup node: it exports, and proxies nothing. @throws DeclarationError as `ExporterNode` */
  addExporter(id: string, options: AddExporterOptions): ExporterNode {
    const node = new ExporterNode(this, id, { ...this.#cluster, store: this.store, ...options });
    this.#exporters.push(node);
    return node;
  }

  /** Adds data planes that come up from the store in an outage. @throws DeclarationError as `ImporterNode` */
  addImporter(id: string, options: AddImporterOptions): ImporterNode {
    const node = new ImporterNode(this, id, { ...this.#cluster, store: this.store, ...options });
    this.#importers.push(node);
    return node;
  }

  /** Adds a backup node that also imports, and proxies nothing. @throws DeclarationError as `ExporterImporterNode` */
  addExporterImporter(id: string, options: AddExporterImporterOptions): ExporterImporterNode {
    const node = new ExporterImporterNode(this, id, { ...this.#cluster, store: this.store, ...options });
    this.#exporters.push(node);
    return node;
  }

  #uncovered(): Problem[] {
    if (this.#importers.length > 0 && this.#exporters.length === 0) return [noExporter()];
    const exported = this.#exporters.flatMap(({ gatewayVersions }) => [...gatewayVersions]);
    if (!exported.every((version) => isKnown(version))) return [];
    return this.#importers
      .filter(({ gatewayVersion }) => isKnown(gatewayVersion) && !exported.includes(gatewayVersion))
      .map(({ node, gatewayVersion }) => notExported(node.id, gatewayVersion, exported.join(', ')));
  }
}
