import type { IConstruct } from 'constructs';
import { parseGatewayVersion } from '../../../src/contract';
import type { Answer } from './answer';
import { anyOf } from './answer';
import type { App } from './app';
import type { Element } from './element';
import { blockOf, blocksOf, isRecord, textOf, textsOf, type Attributes } from './attributes';
import { parseJson } from './json';
import { isWhole } from './text';

/** Which gateway an image is. */
export type Edition = 'open-source' | 'enterprise' | 'unknown';

/** A container of a task or service. */
export class Container {
  readonly #variables: ReadonlyMap<string, string | undefined>;

  constructor(
    readonly name: string,
    readonly image: string,
    variables: readonly (readonly [string, string | undefined])[],
    /** Whether no other variables can reach it. */
    private readonly complete: boolean,
    /** How its platform checks it, in the platform's own words. */
    readonly attributes: Attributes,
  ) {
    this.#variables = new Map(variables);
  }

  /** A variable's text; undefined where it is a secret, or not set. */
  text(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** Whether a variable may be set: it is, or others may reach the container. */
  mayHave(name: string): boolean {
    return this.#variables.has(name) || !this.complete;
  }

  get exports(): Answer {
    return this.#switch('KONG_CLUSTER_FALLBACK_CONFIG_EXPORT');
  }

  get imports(): Answer {
    return this.#switch('KONG_CLUSTER_FALLBACK_CONFIG_IMPORT');
  }

  /** The agent of this package: it alone has variables of this name. */
  get isAgent(): boolean {
    return (
      [...this.#variables.keys()].some((name) => name.startsWith('KONG_RESILIENCE_')) ||
      /kong-resilience/.test(this.image)
    );
  }

  /** A gateway, by its image or by variables that no other process has. */
  get isGateway(): boolean {
    if (this.isAgent) return false;
    return (
      /(^|\/)kong(-gateway(-dev)?)?([:@]|$)/.test(this.image) ||
      ['KONG_ROLE', 'KONG_DATABASE'].some((name) => this.#variables.has(name))
    );
  }

  get isControlPlane(): boolean {
    return this.text('KONG_ROLE') === 'control_plane';
  }

  /** Whether it serves other people's requests. */
  get proxies(): boolean {
    return this.isGateway && !this.isControlPlane && this.text('KONG_PROXY_LISTEN') !== 'off';
  }

  get edition(): Edition {
    const [, name = '', tag = ''] = /^([^@]*?)(?::([^/@]*))?(?:@.*)?$/.exec(this.image) ?? [];
    if (!isWhole(this.image)) return 'unknown';
    if (/(^|\/)kong-gateway(-dev)?$/.test(name)) return 'enterprise';
    if (/^((docker\.io|public\.ecr\.aws\/docker|mirror\.gcr\.io)\/)?((library\/)?kong|kong\/kong)$/.test(name))
      return 'open-source';
    return parseGatewayVersion(/^\d+(\.\d+)*/.exec(tag)?.[0] ?? '')?.edition ?? 'unknown';
  }

  /** What it says of its versions: the agent's variable, else the tag of a gateway's image; a placeholder where Terraform alone knows. */
  get versions(): readonly string[] {
    const given = this.text('KONG_RESILIENCE_GATEWAY_VERSION');
    if (given !== undefined) return given.split(',').map((version) => version.trim());
    const tag = /:(\d+(?:\.\d+){2,3})(?:-[\w.-]+)?$/.exec(this.image)?.[1];
    return this.isAgent || tag === undefined ? [unknownVersion] : [tag];
  }

  #switch(name: string): Answer {
    const value = this.text(name);
    if (value === 'on' || value === 'true') return 'yes';
    if (value !== undefined) return isWhole(value) ? 'no' : 'unknown';
    return this.complete && !this.#variables.has(name) ? 'no' : 'unknown';
  }
}

/** Stands for a version that nothing tells. */
export const unknownVersion = String.fromCodePoint(0xfffff);

/** Containers that run together: a task of ECS, an instance of Cloud Run. */
export interface NodeGroup {
  readonly construct: IConstruct;
  readonly element: Element;
  readonly platform: 'ecs' | 'cloud-run-service' | 'cloud-run-worker-pool';
  readonly containers: readonly Container[];
  /** Whether these are all. */
  readonly complete: boolean;
  /** ARN of the role, or address of the service account. */
  readonly identity: string | undefined;
}

/** Whether a container of the group exports, and so on. */
export function groupExports({ containers }: NodeGroup): Answer {
  return anyOf(containers.map((container) => container.exports));
}

export function groupImports({ containers }: NodeGroup): Answer {
  return anyOf(containers.map((container) => container.imports));
}

/** All groups of an app whose containers Terraform declares. */
export function nodeGroups(app: App): readonly NodeGroup[] {
  return [
    ...app.all('resource', 'aws_ecs_task_definition').map(ecsGroup),
    ...app.all('resource', 'google_cloud_run_v2_service').map((element) => cloudRunGroup(element, 'cloud-run-service')),
    ...app
      .all('resource', 'google_cloud_run_v2_worker_pool')
      .map((element) => cloudRunGroup(element, 'cloud-run-worker-pool')),
  ];
}

function ecsGroup(element: Element): NodeGroup {
  const { attributes, construct } = element;
  const definitions = parseJson(textOf(attributes, 'container_definitions') ?? '');
  const list: unknown[] = Array.isArray(definitions) ? definitions : [];
  const containers = list.filter(isRecord).map((definition) => {
    const plain = blocksOf(definition, 'environment').list.map(
      (entry) => [textOf(entry, 'name') ?? '', textOf(entry, 'value')] as const,
    );
    const secret = blocksOf(definition, 'secrets').list.map(
      (entry) => [textOf(entry, 'name') ?? '', undefined] as const,
    );
    const complete =
      blocksOf(definition, 'environment').complete && blocksOf(definition, 'environmentFiles').list.length === 0;
    return new Container(
      textOf(definition, 'name') ?? '',
      textOf(definition, 'image') ?? '',
      [...plain, ...secret],
      complete,
      definition,
    );
  });
  return {
    construct,
    element,
    platform: 'ecs',
    containers,
    complete: Array.isArray(definitions) && containers.length === list.length,
    identity: textOf(attributes, 'task_role_arn'),
  };
}

function cloudRunGroup(element: Element, platform: NodeGroup['platform']): NodeGroup {
  const { attributes, construct } = element;
  const template = blockOf(attributes, 'template') ?? {};
  const blocks = blocksOf(template, 'containers');
  const containers = blocks.list.map((block) => {
    const env = blocksOf(block, 'env');
    const variables = env.list.map((entry) => [textOf(entry, 'name') ?? '', textOf(entry, 'value')] as const);
    return new Container(textOf(block, 'name') ?? '', textOf(block, 'image') ?? '', variables, env.complete, block);
  });
  return {
    construct,
    element,
    platform,
    containers,
    complete: blocks.complete && blocksOf(attributes, 'template').complete,
    identity: textOf(template, 'service_account'),
  };
}

/** Words of a check's command. */
export function commandOf(attributes: Attributes | undefined): string | undefined {
  const words = textsOf(attributes, 'command');
  return words.length === 0 ? undefined : words.join(' ');
}
