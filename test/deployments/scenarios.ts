import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../support/servers';
import type { Workload } from '../support/platforms/workload';
import { type ContainerEvent, sandboxIsMissing } from '../support/platforms/sandbox';
import { terraformIsMissing } from '../constructs/support/terraform';
import type { StoreServer } from './store-server';
import { configuration, eventually, World } from './world';

export type Environment = Readonly<Record<string, string>>;

/** A rendered specification, and how it is run: what a platform's test file gives. */
export interface Deployment<Specification> {
  readonly name: string;
  /** The store that it is run against, and the program that must be installed for it. */
  readonly store: { readonly program: string; start(): Promise<StoreServer> };
  /** The specification as its construct renders it; called once. */
  render(): Promise<Specification>;
  /** The storage URL that it names. */
  storageUrl(specification: Specification): string;
  /**
   * Its exporter and its gateway, on their platform. `added` is what a scenario adds to the environment of the agent's
   * containers, as a user would; nothing else is other than rendered. A specification may be of a gateway alone.
   */
  readonly exporter?: (world: World, specification: Specification, added: Environment) => Workload | Promise<Workload>;
  gateway(world: World, specification: Specification, added: Environment): Workload | Promise<Workload>;
  /** The gateway without us: the negative control. */
  without(specification: Specification): Specification;
  /** Name of the container of the gateway, of the one that imports and of the one that exports. */
  readonly names: { readonly gateway: string; readonly importer: string; readonly exporter: string };
  /** Whether a gateway whose process ended by itself comes back with its cache: by the platform's rules for this specification. */
  readonly keepsCache: boolean;
  /** Whether wrong keys are told from right ones by the store. */
  readonly knowsKeys: boolean;
  /** What its rendering could do wrong, and the scenarios that find it. */
  readonly mutants: readonly Mutant<Specification>[];
  /** The scenarios that are played; by default all that it has what they need for. */
  readonly scenarios?: readonly ScenarioName[];
}

export interface Mutant<Specification> {
  readonly name: string;
  readonly mutate: (specification: Specification) => Specification;
  /** The scenario that fails, and with what. */
  readonly fails: ScenarioName;
  readonly saying: RegExp;
  /** What its containers write once it is certain that what is waited for will not come: time alone finds nothing. */
  readonly writes?: RegExp;
  /** Whether its import has little patience, where it would use all of it up; `saying` then names the cause, which is in the log. */
  readonly impatient?: boolean;
}

/** What a gateway writes that has no address of its control plane: it asks at Kong's own default. */
export const noControlPlane = /the control plane does not serve this data plane.*127\.0\.0\.1:8005/;

/** How a scenario is played. */
interface Play {
  /** How long it waits for what comes for certain on a quiet machine. */
  readonly patienceMs: number;
  /** How long a slow store waits before it answers. */
  readonly slowMs: number;
  readonly hopeless?: RegExp;
  readonly added?: Environment;
}

/** Nothing that is as it should be fails for lack of time on a slow machine. */
const asRendered: Play = { patienceMs: 60_000, slowMs: 500 };
/** Nothing that is not is saved by it: a gateway that does not wait for its import starts before the import is over. */
const asMutated: Play = { patienceMs: 60_000, slowMs: 20_000 };

/** Little patience, for scenarios in which all of it is used up: seconds. */
const deadline = 2;
const impatient: Environment = {
  KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: String(deadline),
  KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
};
/** What a loaded machine may take for a process to start and to end, beyond that. */
const slackMs = 25_000;

const proxyPort = 8000;
const statusPort = 8100;

/** One deployment in a world, and what the scenarios ask of it. */
class Stage<Specification> {
  constructor(
    readonly world: World,
    readonly deployment: Deployment<Specification>,
    readonly specification: Specification,
    private readonly play: Play,
  ) {}

  /** Waits until it is so, while the platform runs the workload. */
  private until(what: string, workload: Workload, condition: () => Promise<boolean>): Promise<void> {
    const { hopeless, patienceMs } = this.play;
    const why = (): string | undefined => {
      const [written] = hopeless?.exec(this.world.machine.log) ?? [];
      return workload.stopped ?? (written === undefined ? undefined : `it writes ${written}`);
    };
    return eventually(what, condition, why, patienceMs);
  }

  async exporter(): Promise<Workload> {
    const exporter = await this.deployment.exporter?.(this.world, this.specification, {});
    if (exporter === undefined) throw new Error('it has no exporter');
    this.world.machine.beforeEnd(() => exporter.abandon());
    return exporter;
  }

  /** A gateway that has been started and answers, with whatever. */
  async gateway(added: Environment = this.play.added ?? {}): Promise<Workload> {
    const gateway = await this.deployment.gateway(this.world, this.specification, added);
    this.world.machine.beforeEnd(() => gateway.abandon());
    await gateway.start();
    await this.answers(gateway);
    return gateway;
  }

  async answers(gateway: Workload): Promise<void> {
    const answers = async (): Promise<boolean> => (await this.ask(gateway)) !== undefined;
    await this.until('the gateway answers', gateway, answers);
  }

  ask(gateway: Workload): ReturnType<Workload['ask']> {
    return gateway.ask(this.deployment.names.gateway, proxyPort, '/anything');
  }

  /** What is served, at once: a configuration's number, or nothing (a 404). */
  async serves(gateway: Workload): Promise<string> {
    const answer = await this.ask(gateway);
    if (answer?.status === 200) return answer.body;
    return answer?.status === 404 ? 'nothing' : `an answer with ${answer?.status}`;
  }

  /** The gateway serves this now; with the hash of the stored bytes where it started from them. */
  async expectServed(
    gateway: Workload,
    number: number,
    from: 'what is stored' | 'anywhere' = 'anywhere',
  ): Promise<void> {
    expect(`serves ${await this.serves(gateway)}`).toBe(`serves configuration ${number}`);
    if (from !== 'what is stored') return;
    const hash = createHash('md5')
      .update((await this.world.objects.read()) ?? '')
      .digest('hex');
    expect(await this.status(gateway)).toEqual({ hash, ready: 200 });
  }

  async expectNothing(gateway: Workload): Promise<void> {
    expect(`serves ${await this.serves(gateway)}`).toBe('serves nothing');
    expect(await this.status(gateway)).toEqual({ hash: '0'.repeat(32), ready: 503 });
  }

  /** It comes to serve this, and serves nothing else on the way that is older than `from`. */
  async expectComes(gateway: Workload, number: number): Promise<void> {
    const arrived = async (): Promise<boolean> => (await this.serves(gateway)) === `configuration ${number}`;
    await this.until(`serves configuration ${number}`, gateway, arrived);
  }

  async status(gateway: Workload): Promise<{ readonly hash: unknown; readonly ready: number | undefined }> {
    const { gateway: name } = this.deployment.names;
    const status = await gateway.ask(name, statusPort, '/status');
    const ready = await gateway.ask(name, statusPort, '/status/ready');
    const { configuration_hash: hash } = JSON.parse(status?.body ?? '{}') as { configuration_hash?: string };
    return { hash, ready: ready?.status };
  }

  async expectStored(number: number): Promise<void> {
    expect(await this.stored()).toBe(configuration(number).toString());
  }

  /** An exporter adds white space, by which it knows its own. */
  private async stored(): Promise<string> {
    return String(await this.world.objects.read()).trimEnd();
  }

  /** And the exporter knows it: it may be seen in the store before. */
  async comesToBeStored(exporter: Workload, number: number): Promise<void> {
    const { exporter: name } = this.deployment.names;
    const told = (): boolean => exporter.sandbox(name)?.log.includes('"event":"confirmed"') === true;
    const stored = async (): Promise<boolean> => (await this.stored()) === configuration(number).toString() && told();
    await this.until(`stored configuration ${number}`, exporter, stored);
  }

  /** The import kept to its deadline, failed without a word to the platform, and the gateway started after it. */
  expectInTime(): void {
    const { gateway, importer } = this.deployment.names;
    const { events } = this.world.machine;
    const of = (container: string, what: ContainerEvent['what']): ContainerEvent | undefined =>
      events.find((event) => event.container === container && event.what === what);
    const [from, to, gatewayFrom] = [of(importer, 'started'), of(importer, 'ended'), of(gateway, 'started')];
    // One that stays has told that it is done; it has not ended.
    expect(to?.exitCode ?? 0).toBe(0);
    const order = [from, to, gatewayFrom].filter((event) => event !== undefined);
    expect(order).toEqual([...order].sort((a, b) => a.at - b.at));
    expect((gatewayFrom?.at ?? Number.NaN) - (from?.at ?? Number.NaN)).toBeLessThan(deadline * 1000 + slackMs);
  }
}

interface Scenario {
  run<Specification>(stage: Stage<Specification>): Promise<void>;
  /** What a deployment must have for it: keys that the store knows, an exporter. */
  readonly needs?: 'keys' | 'exporter';
}

/** A gateway in an outage in which the store has configuration 2. */
async function inOutage<Specification>(stage: Stage<Specification>): Promise<Workload> {
  await stage.world.stored(2);
  await stage.world.controlPlane('down');
  const gateway = await stage.gateway();
  await stage.expectServed(gateway, 2, 'what is stored');
  return gateway;
}

const scenarios = {
  'exports what the control plane has, and starts with what it has': {
    needs: 'exporter',
    async run(stage) {
      stage.world.publish(1);
      const exporter = await stage.exporter();
      await exporter.start();
      await stage.comesToBeStored(exporter, 1);
      const gateway = await stage.gateway();
      await stage.expectComes(gateway, 1);
      stage.world.publish(2);
      await stage.expectComes(gateway, 2);
    },
  },
  'starts in an outage with what was exported last, also after the exporter was restarted': {
    needs: 'exporter',
    async run(stage) {
      stage.world.publish(2);
      const exporter = await stage.exporter();
      await exporter.start();
      await stage.comesToBeStored(exporter, 2);
      await stage.world.controlPlane('down');
      await exporter.crash(stage.deployment.names.exporter);
      const gateway = await stage.gateway();
      await stage.expectServed(gateway, 2, 'what is stored');
      await stage.expectStored(2);
    },
  },
  'starts in an outage with a store that is slow': {
    async run(stage) {
      stage.world.store = 'slow';
      await inOutage(stage);
    },
  },
  'serves after each single container was restarted in an outage': {
    async run(stage) {
      const gateway = await inOutage(stage);
      for (const container of gateway.containers) {
        await gateway.crash(container);
        await stage.answers(gateway);
        await stage.expectServed(gateway, 2);
      }
    },
  },
  'takes what the control plane has when it is back, and never something older again': {
    async run(stage) {
      const gateway = await inOutage(stage);
      await stage.world.controlPlane('up', 3);
      await stage.expectComes(gateway, 3);
      await stage.world.controlPlane('down');
      await gateway.crash(stage.deployment.names.gateway);
      await stage.answers(gateway);
      // Without its cache nothing has the third: the store's exporter is not run here.
      await stage.expectServed(gateway, stage.deployment.keepsCache ? 3 : 2);
    },
  },
  'starts with the control plane while the store is down': {
    async run(stage) {
      stage.world.store = 'down';
      stage.world.publish(1);
      await stage.expectComes(await stage.gateway(), 1);
    },
  },
  'starts as without us where control plane and store are down': {
    async run(stage) {
      stage.world.store = 'down';
      await stage.world.controlPlane('down');
      const gateway = await stage.gateway(impatient);
      await stage.expectNothing(gateway);
      stage.expectInTime();
      await stage.world.controlPlane('up', 3);
      await stage.expectComes(gateway, 3);
    },
  },
  'starts as without us with a wrong key, and with the control plane when it is there': {
    needs: 'keys',
    async run(stage) {
      stage.world.keys = 'wrong';
      await stage.world.stored(2);
      await stage.world.controlPlane('down');
      const gateway = await stage.gateway(impatient);
      await stage.expectNothing(gateway);
      stage.expectInTime();
      await stage.world.controlPlane('up', 3);
      await stage.expectComes(gateway, 3);
    },
  },
  'starts when the deadline has passed': {
    async run(stage) {
      await stage.world.stored(2);
      stage.world.store = 'silent';
      await stage.world.controlPlane('silent');
      const gateway = await stage.gateway(impatient);
      await stage.expectNothing(gateway);
      stage.expectInTime();
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

/** Runs a deployment through all scenarios, and its mutants through those that find them. */
export function describeDeployment<Specification>(deployment: Deployment<Specification>): void {
  const missing = [sandboxIsMissing(), terraformIsMissing(), isMissing(deployment.store.program)].includes(true);
  describe.skipIf(missing)(`${deployment.name}, as it is rendered`, { timeout: 120_000 }, () => {
    let server: StoreServer | undefined;
    let rendered: Specification;
    beforeAll(async () => {
      server = await deployment.store.start();
      rendered = await deployment.render();
    }, 180_000);
    afterAll(() => server?.stop());

    const play = async (name: ScenarioName, specification: Specification, how: Play): Promise<void> => {
      const world = await World.open(server as StoreServer, deployment.storageUrl(rendered), how.slowMs);
      const scenario: Scenario = scenarios[name];
      try {
        await scenario.run(new Stage(world, deployment, specification, how));
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${world.machine.log}`, { cause: error });
      }
    };

    for (const [name, { needs }] of Object.entries<Scenario>(scenarios)) {
      if (deployment.scenarios?.includes(name as ScenarioName) === false) continue;
      if (needs === 'keys' && !deployment.knowsKeys) continue;
      if (needs === 'exporter' && deployment.exporter === undefined) continue;
      it(name, () => play(name as ScenarioName, rendered, asRendered));
    }

    it('serves nothing in an outage without us', async () => {
      const specification = deployment.without(rendered);
      const world = await World.open(server as StoreServer, deployment.storageUrl(rendered), 0);
      const stage = new Stage(world, deployment, specification, asRendered);
      await world.stored(2);
      await world.controlPlane('down');
      await stage.expectNothing(await stage.gateway());
    });

    describe('a rendering', () => {
      for (const { name, mutate, fails, saying, writes, impatient: hurries } of deployment.mutants) {
        it(`${name} fails: ${fails}`, async () => {
          const mutant = mutate(structuredClone(rendered));
          expect(mutant).not.toEqual(rendered);
          const how = {
            ...asMutated,
            ...(writes === undefined ? {} : { hopeless: writes }),
            ...(hurries === true ? { added: { ...impatient, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '8' } } : {}),
          };
          await expect(play(fails, mutant, how)).rejects.toThrow(saying);
        });
      }
    });
  });
}
