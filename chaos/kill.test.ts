import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Cluster, exporterEnvironment, importerEnvironment } from '../test/cli/cluster';
import { fakeGcs, fileStore, minio, type StoreKind, versitygw } from '../test/cli/stores';
import { Box, md5 } from '../test/gateway/box';
import { needs } from '../test/gateway/tools';
import { Program, run, temporaryFolder } from '../test/support/program';
import { writeFigure } from './support/figures';
import { History } from './support/history';
import { Lane, type Phase, phases } from './support/lane';
import { random } from './support/random';
import { ci, recordFolder, times } from './support/settings';

const hours = { timeout: 8 * 3_600_000 };
const kinds: readonly StoreKind[] = [fileStore(), minio(), versitygw(), fakeGcs()];
const lanesPerStore = 3;

describe('an exporter that is killed at random instants', () => {
  beforeAll(async () => {
    for (const kind of kinds) if (!kind.missing) await kind.start();
  });
  afterAll(async () => {
    for (const kind of kinds) if (!kind.missing) await kind.stop();
  });

  const present = kinds.filter((kind) => !kind.missing);

  it('leaves one whole configuration, never an older one, and its successor stores the newest', hours, async () => {
    const kills = Math.ceil(times({ ci: 120, short: 1_000, long: 10_000 }) / present.length / lanesPerStore);
    const lanes = await Promise.all(
      present.flatMap((kind) =>
        Array.from({ length: lanesPerStore }, async (_, number) => {
          const name = `${kind.name}-${number}`;
          const lane = await Lane.open(name, await kind.bucket(), random(`kill ${name}`));
          while (lane.kills < kills) await lane.round();
          await lane.end();
          return { kind, lane };
        }),
      ),
    );
    const count = (of: StoreKind | undefined, phase: Phase | undefined): number =>
      lanes
        .filter(({ kind }) => of === undefined || kind === of)
        .flatMap(({ lane }) => [...lane.killed])
        .filter(([where]) => phase === undefined || where === phase)
        .reduce((sum, [, times]) => sum + times, 0);
    const inPhases = (kind?: StoreKind): string => phases.map((phase) => `${phase} ${count(kind, phase)}`).join(', ');
    for (const kind of present) {
      writeFigure(recordFolder, {
        suite: 'kill',
        what: `exporter killed, ${kind.name}`,
        count: count(kind, undefined),
        note: inPhases(kind),
      });
    }
    const missed = phases.filter((phase) => count(undefined, phase) === 0);
    // A few kills do not hit every phase.
    if (!ci) expect(missed).toEqual([]);
  });
});

describe('an exporter that is killed while it has nothing but its spool', () => {
  it('leaves a whole configuration there or none, and the next one exports it and clears up', hours, async () => {
    const kills = times({ ci: 20, short: 100, long: 1_000 });
    const choice = random('kill spool');
    const history = new History('spool', choice);
    const folder = temporaryFolder();
    const spool = join(folder, 'spool');
    // A file in the way of the store's folder: nothing can be stored.
    const way = join(folder, 'store');
    const cluster = await Cluster.start();
    cluster.publish(history.next());
    const environment = {
      ...cluster.environment,
      ...exporterEnvironment({ KONG_RESILIENCE_SPOOL_DIR: spool, KONG_RESILIENCE_LEASE_SECONDS: '2' }),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `file://${way}`,
    };
    const file = join(spool, '3.9.3.spool');
    const spooled = (): number => {
      if (!existsSync(file)) return -1;
      const bytes = readFileSync(file);
      return history.positionOf(bytes.subarray(bytes.indexOf('\n') + 1));
    };
    let durationMs = 0;
    let within = 0;
    writeFileSync(way, '');
    for (let kill = 0; kill < kills; kill++) {
      const begun = performance.now();
      const exporter = new Program(['run'], environment);
      if (kill % 10 === 0) {
        await exporter.waitFor('the newest is spooled', () => spooled() === history.newest);
        durationMs = performance.now() - begun;
      }
      const before = spooled();
      cluster.publish(history.next());
      await delay(durationMs * (choice.below(4) === 0 ? choice.next() : 0.6 + 0.5 * choice.next()));
      await exporter.stop('SIGKILL');
      expect(spooled()).toBeGreaterThanOrEqual(before);
      if (readdirSync(spool).some((name) => name.startsWith('.'))) within++;
    }
    rmSync(way);
    expect((await run(['export', '--once'], environment)).code).toBe(0);
    expect(history.positionOf(readFileSync(join(way, '3.9.3', 'config.json')))).toBe(history.newest);
    expect(readdirSync(spool)).toEqual([]);
    const note = `within a file of the spool ${within}`;
    writeFigure(recordFolder, { suite: 'kill', what: 'exporter without a store killed', count: kills, note });
  });
});

describe('an importer that is killed at random instants', () => {
  it('leaves in the hand-over a whole configuration or none, and the next one clears up', hours, async () => {
    const kills = times({ ci: 40, short: 200, long: 2_000 });
    const choice = random('kill importer');
    const history = new History('importer', choice);
    const bucket = await fileStore().bucket();
    const handover = join(temporaryFolder(), 'handover');
    const cluster = await Cluster.start();
    await cluster.down();
    const environment = {
      ...cluster.environment,
      ...importerEnvironment(handover),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    };
    const files = (): string[] => (existsSync(handover) ? readdirSync(handover).sort() : []);
    const unfinished = (): string[] => files().filter((name) => name.startsWith('.'));
    const staged = (): number => {
      if (!files().includes('config.json')) return -1;
      const bytes = readFileSync(join(handover, 'config.json'));
      // Or the start script would not take it.
      expect(readFileSync(join(handover, 'handed-over'), 'utf8').split('\n')).toContain(md5(bytes));
      return history.positionOf(bytes);
    };
    /** How long an import takes here and now, in milliseconds. */
    const undisturbed = async (): Promise<number> => {
      const begun = performance.now();
      const { code, stderr } = await run(['import', '--strict'], environment);
      expect(code, stderr).toBe(0);
      expect(staged()).toBe(history.newest);
      expect(files()).toEqual(['cache.lua', 'config.json', 'handed-over', 'result.json', 'start.sh']);
      return performance.now() - begun;
    };
    await bucket.write('3.9.3/config.json', history.next().table);
    const seen = { 'before a file': 0, 'within a file': 0, 'staged, not ended': 0 };
    let durationMs = 0;
    for (let kill = 0; kill < kills; kill++) {
      if (kill % 10 === 0) durationMs = await undisturbed();
      const [before, left] = [staged(), unfinished()];
      await bucket.write('3.9.3/config.json', history.next().table);
      const importer = new Program(['import'], environment);
      // Most of the time it only starts: three of four fall in what follows.
      await delay(durationMs * (choice.below(4) === 0 ? choice.next() : 0.6 + 0.5 * choice.next()));
      const { signal } = await importer.stop('SIGKILL');
      const after = staged();
      expect([before, history.newest]).toContain(after);
      JSON.parse(readFileSync(join(handover, 'result.json'), 'utf8'));
      if (signal === null) continue;
      const within = unfinished().some((name) => !left.includes(name));
      seen[within ? 'within a file' : after === before ? 'before a file' : 'staged, not ended']++;
    }
    writeFigure(recordFolder, {
      suite: 'kill',
      what: 'importer killed',
      count: Object.values(seen).reduce((sum, count) => sum + count, 0),
      note: Object.entries(seen)
        .map(([phase, count]) => `${phase} ${count}`)
        .join(', '),
    });
    await undisturbed();
    if (!ci) expect(Object.values(seen)).not.toContain(0);
  });

  const script = needs('dash', 'luajit');
  it.skipIf(script.skip)(
    `leaves the start script with a whole memory when that is killed, and the next start decides as ever${script.note}`,
    hours,
    async () => {
      const kills = times({ ci: 40, short: 200, long: 2_000 });
      const choice = random('kill start script');
      const box = new Box();
      onTestFinished(() => box.remove());
      const memories = (): string[] =>
        [...readdirSync(box.handover), ...readdirSync(box.prefix)].filter((name) => /checked|started-from/.test(name));
      let durationMs = 0;
      let died = 0;
      for (let kill = 0; kill < kills; kill++) {
        const staged = `{"_format_version":"3.0","services":[{"name":"staged ${kill}"}]}`;
        const sum = box.stage(staged);
        const child = spawn('dash', [join(box.handover, 'start.sh'), 'gateway'], {
          env: box.env,
          stdio: 'ignore',
          detached: true,
        });
        const ended = once(child, 'exit');
        await delay(durationMs * choice.next());
        // As the end of a container: the script and what it has started.
        if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
        if ((await ended)[1] === 'SIGKILL') died++;
        expect(readFileSync(box.config, 'utf8')).toBe(staged);

        const begun = performance.now();
        const { config, said } = await box.start(['dash']);
        durationMs = performance.now() - begun;
        expect(config).toBe(box.config);
        expect(said).toEqual([`starting from ${box.config} (${sum}): there is no cache`]);
        expect(memories().sort()).toEqual(['checked', 'kong-resilience.started-from']);
      }
      writeFigure(recordFolder, { suite: 'kill', what: 'start script killed', count: died });
      expect(died).toBeGreaterThan(kills / 4);
    },
  );
});
