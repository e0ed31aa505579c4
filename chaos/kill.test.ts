import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryName } from '../src/runtime/files';
import { Cluster, exporterEnvironment, importerEnvironment } from '../test/cli/cluster';
import { fakeGcs, fileStore, minio, type StoreKind, versitygw } from '../test/cli/stores';
import { md5 } from '../test/gateway/box';
import { needs } from '../test/gateway/tools';
import { Program, temporaryFolder } from '../test/support/program';
import { freePort } from '../test/support/servers';
import type { KillOutcome } from './faults/fault';
import { exporterKilled, importersKilled, spoolKilled, startKilled } from './faults/killed';
import { writeFigure } from './support/figures';
import { GatewayNode } from './support/gateway-node';
import { type Held, History } from './support/history';
import { Lane, type Phase, phases } from './support/lane';
import { metricsOf } from './support/metrics';
import { random } from './support/random';
import { ci, recordFolder, times } from './support/settings';
import { expectSound, isLine, metricsWithinMs } from './support/trial';

const hours = { timeout: 8 * 3_600_000 };
const kinds: readonly StoreKind[] = [fileStore(), minio(), versitygw(), fakeGcs()];
const lanesPerStore = 3;

/** What kills left is what the row has: nothing else, and each of them at least once. */
function expectLeft(left: ReadonlySet<Held>, { leaves }: KillOutcome): void {
  expect([...left].sort()).toEqual([...leaves].sort());
}

describe('an exporter that is killed at random instants', () => {
  beforeAll(async () => {
    for (const kind of kinds) if (!kind.missing) await kind.start();
  });
  afterAll(async () => {
    for (const kind of kinds) if (!kind.missing) await kind.stop();
  });

  const present = kinds.filter((kind) => !kind.missing);

  const { id, inject, expected } = exporterKilled;
  it(
    `leaves one whole configuration, never an older one, and its successor stores the newest: ${id}`,
    hours,
    async () => {
      const kills = Math.ceil(times(inject.kills) / present.length / lanesPerStore);
      const lanes = await Promise.all(
        present.flatMap((kind) =>
          Array.from({ length: lanesPerStore }, async (_, number) => {
            const name = `${kind.name}-${number}`;
            const lane = await Lane.open(name, await kind.bucket(), random(`kill ${name}`));
            while (lane.kills < kills) await lane.round();
            expect(await lane.end(expected.export)).toEqual(expected.killed.files);
            return { kind, lane };
          }),
        ),
      );
      expectLeft(new Set(lanes.flatMap(({ lane }) => [...lane.left])), expected.killed);
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
    },
  );
});

describe('an exporter that is killed while it has nothing but its spool', () => {
  const { id, inject, expected } = spoolKilled;
  it(
    `leaves a whole configuration there or none, and the next one exports it and clears up: ${id}`,
    hours,
    async () => {
      const kills = times(inject.kills);
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
      const left = new Set<Held>();
      writeFileSync(way, '');
      for (let kill = 0; kill < kills; kill++) {
        const begun = performance.now();
        const exporter = new Program(['run'], environment);
        const before = spooled();
        if (kill % 10 === 1) {
          await exporter.waitFor('the newest is spooled', () => spooled() === history.newest);
          durationMs = performance.now() - begun;
        } else {
          cluster.publish(history.next());
          // At once where it is not known yet how long one takes, and now and then: it has done nothing then.
          const atOnce = kill % 10 === 2;
          await delay(atOnce ? 0 : durationMs * (choice.below(4) === 0 ? choice.next() : 0.6 + 0.5 * choice.next()));
        }
        await exporter.stop('SIGKILL');
        const after = spooled();
        expect(after).toBeGreaterThanOrEqual(before);
        left.add(history.heldAt(after));
        if (existsSync(spool) && readdirSync(spool).some((name) => name.startsWith('.'))) within++;
      }
      expectLeft(left, expected.killed);

      const { log: line, metrics, stored, exitCode } = expected.export;
      if (line === undefined) throw new Error('nothing is expected');
      // Few kills fall within a write: what one leaves is there in each form.
      writeFileSync(temporaryName(file), '{"format":1');
      rmSync(way);
      const listen = `127.0.0.1:${await freePort()}`;
      const next = new Program(['run'], { ...environment, KONG_RESILIENCE_STATUS_LISTEN: listen });
      await next.logged(
        'that the newest arrives',
        (told) => isLine(line)(told) && history.positionOfHash(told['configHash']) === history.newest,
      );
      expect(await metricsOf(listen, metrics, metricsWithinMs)).toEqual(metrics);
      expect(history.heldAt(history.positionOf(readFileSync(join(way, '3.9.3', 'config.json'))))).toBe(stored);
      expect((await next.stop()).code).toBe(exitCode);
      expectSound(next.log);
      expect(readdirSync(spool)).toEqual(expected.killed.files);
      const note = `within a file of the spool ${within}`;
      writeFigure(recordFolder, { suite: 'kill', what: 'exporter without a store killed', count: kills, note });
    },
  );
});

describe('an importer that is killed at random instants', () => {
  it.each(importersKilled.map((row) => [row.id, row] as const))(
    'leaves in the hand-over a whole configuration or none, and the next one clears up: %s',
    hours,
    async (id, { inject: { kills: counts, fresh }, expected }) => {
      const kills = times(counts);
      const choice = random(`kill ${id}`);
      const history = new History(id, choice);
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
      const expectHandedOver = (log: Program['log']): void => {
        expect(log.filter(isLine(expected.import.log))).toHaveLength(1);
        expectSound(log);
        expect(expected.import.handedOver).toBe('what is stored');
        expect(staged()).toBe(history.newest);
        expect(files()).toEqual(expected.killed.files);
      };
      /** How long an import takes here and now, in milliseconds. */
      const undisturbed = async (): Promise<number> => {
        const begun = performance.now();
        const importer = new Program(['import', '--strict'], environment);
        const { code, stderr } = await importer.exit;
        expect(code, stderr).toBe(expected.import.exitCode);
        expectHandedOver(importer.log);
        return performance.now() - begun;
      };
      await bucket.write('3.9.3/config.json', history.next().table);
      const seen = { 'before a file': 0, 'within a file': 0, 'staged, not ended': 0 };
      const left = new Set<Held>();
      let durationMs = 0;
      for (let kill = 0; kill < kills; kill++) {
        if (kill % 8 === 0) durationMs = await undisturbed();
        if (fresh) rmSync(handover, { recursive: true, force: true });
        const [before, there] = [staged(), unfinished()];
        await bucket.write('3.9.3/config.json', history.next().table);
        const importer = new Program(['import'], environment);
        // At once, when the newest is in its place, and in between: most of the time it only starts, and three of four fall in what follows.
        if (kill % 8 === 1) await importer.waitFor('the newest is staged', () => staged() === history.newest);
        else if (kill % 8 !== 0)
          await delay(durationMs * (choice.below(4) === 0 ? choice.next() : 0.6 + 0.5 * choice.next()));
        const { signal } = await importer.stop('SIGKILL');
        const after = staged();
        expect([before, history.newest]).toContain(after);
        left.add(history.heldAt(after));
        if (files().includes('result.json')) JSON.parse(readFileSync(join(handover, 'result.json'), 'utf8'));
        if (signal === null) continue;
        const within = unfinished().some((name) => !there.includes(name));
        seen[within ? 'within a file' : after === before ? 'before a file' : 'staged, not ended']++;
      }
      expectLeft(left, expected.killed);
      await undisturbed();
      const listen = `127.0.0.1:${await freePort()}`;
      const held = new Program(['import', '--hold'], { ...environment, KONG_RESILIENCE_STATUS_LISTEN: listen });
      await held.logged('that it has ended', isLine(expected.import.log));
      expect(await metricsOf(listen, expected.import.metrics, metricsWithinMs)).toEqual(expected.import.metrics);
      expect((await held.stop()).code).toBe(0);
      expectHandedOver(held.log);
      writeFigure(recordFolder, {
        suite: 'kill',
        what: `importer killed, \`${id}\``,
        count: Object.values(seen).reduce((sum, count) => sum + count, 0),
        note: Object.entries(seen)
          .map(([phase, count]) => `${phase} ${count}`)
          .join(', '),
      });
      if (!ci) expect(Object.values(seen)).not.toContain(0);
    },
  );
});

describe('a start script that is killed at random instants', () => {
  const script = needs('dash', 'luajit');
  it.skipIf(script.skip)(
    `leaves what is staged and a whole memory, and the next start decides as ever: ${startKilled.id}${script.note}`,
    hours,
    async () => {
      const { inject, expected } = startKilled;
      const kills = times(inject.kills);
      const choice = random('kill start script');
      const node = new GatewayNode();
      onTestFinished(() => node.remove());
      const { box } = node;
      let staged = '';
      const left = new Set<Held>();
      const memories = (): string[] =>
        [...readdirSync(box.handover), ...readdirSync(box.prefix)].filter((name) => /checked|started-from/.test(name));
      let durationMs = 0;
      let died = 0;
      for (let kill = 0; kill < kills; kill++) {
        staged = `{"_format_version":"3.0","services":[{"name":"staged ${kill}"}]}`;
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
        left.add('the newest');

        const begun = performance.now();
        const { config, said } = await box.start(['dash']);
        durationMs = performance.now() - begun;
        expect(config).toBe(box.config);
        expect(said).toEqual([`starting from ${box.config} (${sum}): ${expected.start.said}`]);
        expect(memories().sort()).toEqual(expected.killed.files);
      }
      expectLeft(left, expected.killed);
      const { started, file, serves } = await node.start(false, Buffer.from(staged));
      // 7 is what the command that was started ends with.
      expect(started.code, started.stderr).toBe(7);
      expect({ said: started.said.join('\n'), file, serves }).toEqual({
        ...expected.start,
        said: expect.stringContaining(expected.start.said) as string,
      });
      writeFigure(recordFolder, { suite: 'kill', what: 'start script killed', count: died });
      expect(died).toBeGreaterThan(kills / 4);
    },
  );
});
