import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { terraformIsMissing } from '../constructs/support/terraform';
import { sandboxIsMissing } from '../support/platforms/sandbox';
import { isMissing } from '../support/servers';
import { configuration, World } from './world';
import type { StoreServer } from './store-server';

/** What became of one run of a scheduled check, as its platform has it. */
export interface CheckRun {
  readonly exitCode: number;
  /** All that it wrote. */
  readonly log: string;
  /** Whether what tells people of it is raised, by what is rendered and what the run left. */
  readonly alarmed: boolean;
}

/** A scheduled check as its construct renders it. */
export interface ScheduledCheck<Specification> {
  readonly name: string;
  readonly store: { readonly program: string; start(): Promise<StoreServer> };
  render(): Promise<Specification>;
  storageUrl(specification: Specification): string;
  /** Lets it be due once. */
  run(world: World, specification: Specification): Promise<CheckRun>;
  readonly mutants: readonly {
    readonly name: string;
    readonly mutate: (specification: Specification) => Specification;
    /** What is stored when it fails; by default what is fresh. */
    readonly stored?: (typeof cases)[number]['stored'];
    readonly saying: RegExp;
  }[];
}

/** A check whose environment lacks its store, and one that looks for another version. */
export function environmentMutants<Specification>(
  without: (variable: string) => (specification: Specification) => Specification,
  having: (variable: string, value: string) => (specification: Specification) => Specification,
): ScheduledCheck<Specification>['mutants'] {
  return [
    {
      name: 'without the store',
      mutate: without('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'),
      saying: /KONG_CLUSTER_FALLBACK_CONFIG_STORAGE/,
    },
    {
      name: 'of another version',
      mutate: having('KONG_RESILIENCE_GATEWAY_VERSION', '3.8.0'),
      saying: /KR_STORE_ABSENT/,
    },
  ];
}

/** A lease that was confirmed last when nobody looked. */
async function grownOld({ objects }: World): Promise<void> {
  const lease = JSON.parse(String(await objects.read('kong-resilience.json'))) as object;
  const aged = { ...lease, confirmed_at: new Date(Date.now() - 7 * 86_400_000).toISOString() };
  await objects.write(Buffer.from(JSON.stringify(aged)), 'kong-resilience.json');
}

/** What is stored, and what the check has to say of it. */
const cases = [
  { stored: 'is fresh', exitCode: 0, code: undefined, arrange: (world: World) => world.exported(1) },
  {
    stored: 'is old',
    exitCode: 8,
    code: 'KR_CHECK_STALE',
    arrange: async (world: World) => {
      await world.exported(1);
      await grownOld(world);
    },
  },
  { stored: 'is missing', exitCode: 3, code: 'KR_STORE_ABSENT', arrange: () => Promise.resolve() },
  {
    stored: 'is cut',
    exitCode: 5,
    code: 'KR_',
    arrange: ({ objects }: World) => objects.write(configuration(1).subarray(0, 200)),
  },
  {
    stored: 'is not for its identity',
    exitCode: 4,
    code: 'KR_STORE_DENIED',
    arrange: async (world: World) => {
      await world.exported(1);
      world.keys = 'wrong';
    },
  },
] as const;

/** Runs a check against each, and its mutants against one of them, for which none does what is right. */
export function describeCheck<Specification>(check: ScheduledCheck<Specification>): void {
  const missing = [sandboxIsMissing(), terraformIsMissing(), isMissing(check.store.program)].includes(true);
  describe.skipIf(missing)(`${check.name}, as it is rendered`, { timeout: 120_000 }, () => {
    let server: StoreServer | undefined;
    let rendered: Specification;
    beforeAll(async () => {
      server = await check.store.start();
      rendered = await check.render();
    }, 180_000);
    afterAll(() => server?.stop());

    const play = async (
      specification: Specification,
      { arrange, exitCode, code }: (typeof cases)[number],
    ): Promise<void> => {
      const world = await World.open(server as StoreServer, check.storageUrl(rendered), 0);
      await arrange(world);
      const run = await check.run(world, specification);
      const event = exitCode === 0 ? 'check_passed' : 'check_failed';
      const told = run.log.split('\n').filter((line) => line.includes(`"event":"${event}"`));
      const { exitCode: ended, alarmed } = run;
      expect({ exitCode: ended, alarmed }, run.log).toEqual({ exitCode, alarmed: exitCode !== 0 });
      expect(told.join('\n'), run.log).toContain(code ?? event);
    };

    for (const one of cases) {
      const what = one.exitCode === 0 ? 'passes' : `fails with ${one.exitCode}, and alarms,`;
      it(`${what} when what is stored ${one.stored}`, () => play(rendered, one));
    }

    describe('a rendering', () => {
      for (const { name, mutate, stored = 'is fresh', saying } of check.mutants) {
        it(`${name} fails when what is stored ${stored}`, async () => {
          const mutant = mutate(structuredClone(rendered));
          expect(mutant).not.toEqual(rendered);
          const one = cases.find((candidate) => candidate.stored === stored) ?? cases[0];
          await expect(play(mutant, one)).rejects.toThrow(saying);
        });
      }
    });
  });
}
