import { setTimeout as delay } from 'node:timers/promises';
import { type Bench, type Suite, withStrictStore } from '../bench';
import { randomHash } from '../control-plane';
import { Frames } from '../frames';
import type { Figure } from '../results';
import type { BenchStore } from '../stores';
import { kongTable } from '../tables';
import { countVersions, withExporter } from '../with-exporter';

const versionCounts = [1, 2, 5, 10];
/** It frees buffers of what it exported some time later. */
const settleMs = 5_000;

/** What an exporter takes that stays for months. */
export const longLived: Suite = {
  name: 'exporter',
  title: 'A long-lived exporter: memory, and processor time while idle',
  forms: ['default', 'long'],
  run: (bench) =>
    withStrictStore(bench, async (store) => [
      ...(await idle(bench, store)),
      ...(await many(bench, store)),
      ...(await manyVersions(bench, store)),
    ]),
};

/** One that has exported a configuration of ordinary size, and then has nothing to do but to keep its lease and connection. */
async function idle(bench: Bench, store: BenchStore): Promise<readonly Figure[]> {
  const seconds = bench.form === 'long' ? 120 : 30;
  bench.say(`idle for ${seconds} s`);
  return withExporter(bench, store, 1, async (exporter) => {
    await bench.controlPlane.send(new Frames(kongTable({ bytes: 100_000, seed: 'idle' })).of(randomHash()));
    await exporter.until(1);
    await delay(settleMs);
    const [cpu, startedAt] = [exporter.cpu, performance.now()];
    await delay(seconds * 1000);
    const load = ((exporter.cpu - cpu) / (performance.now() - startedAt)) * 100;
    const of = ['a configuration of 100 KB'];
    return [
      { suite: 'exporter', of, by: 'idle', quantity: 'load', samples: [load] },
      { suite: 'exporter', of, by: 'idle', quantity: 'memory', samples: [exporter.memory] },
    ];
  });
}

/** Its memory while it exports one large configuration after the other. */
async function many(bench: Bench, store: BenchStore): Promise<readonly Figure[]> {
  const count = bench.form === 'long' ? 1000 : 50;
  bench.say(`${count} configurations of 16 MB`);
  const frames = new Frames(kongTable({ bytes: 16_000_000, seed: 'many' }));
  return withExporter(bench, store, 1, async (exporter) => {
    const figures: Figure[] = [];
    for (let done = 1; done <= count; done += 1) {
      await bench.controlPlane.send(frames.of(randomHash()));
      await exporter.until(done);
      if (done !== 1 && done % (count / 10) !== 0) continue;
      const by = `after ${done} of 16 MB`;
      figures.push({
        suite: 'exporter',
        of: ['one after the other'],
        by,
        quantity: 'memory',
        samples: [exporter.memory],
      });
    }
    return figures;
  });
}

/** One process exports for several versions of the gateway, each over a connection of its own. */
async function manyVersions(bench: Bench, store: BenchStore): Promise<readonly Figure[]> {
  const frames = new Frames(kongTable({ bytes: 1_000_000, seed: 'versions' }));
  const figures: Figure[] = [];
  for (const count of versionCounts) {
    bench.say(countVersions(count));
    const samples = await withExporter(bench, store, count, async (exporter) => {
      await bench.controlPlane.send(frames.of(randomHash()));
      await exporter.until(count);
      await delay(settleMs);
      return [exporter.memory];
    });
    const by = `${countVersions(count)} of 1 MB`;
    figures.push({ suite: 'exporter', of: ['by versions'], by, quantity: 'memory', samples });
  }
  return figures;
}
