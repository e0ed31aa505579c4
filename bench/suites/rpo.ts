import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Bench, type Suite, withStrictStore } from '../bench';
import { randomHash } from '../control-plane';
import type { ExporterProcess } from '../exporter-process';
import { Frames } from '../frames';
import type { Figure } from '../results';
import type { BenchStore } from '../stores';
import { kongTable } from '../tables';
import { countVersions, withExporter } from '../with-exporter';

/** Compressed, as they are sent. The largest is just below 16 MiB, Kong's default limit. */
const frameSizes = [
  { name: '10 KB', bytes: 10_000 },
  { name: '1 MiB', bytes: 2 ** 20 },
  { name: '4 MiB', bytes: 4 * 2 ** 20 },
  { name: '16 MiB', bytes: 15.8 * 2 ** 20 },
];
const versionCounts = [1, 5];
/** Each takes a minute. */
const delayedChanges = 3;

/** From a changed configuration that leaves the control plane to the object that is durable. */
export const rpo: Suite = {
  name: 'rpo',
  title: 'RPO: from a change that leaves the control plane to its copy in the store',
  forms: ['default', 'long'],
  run: (bench) =>
    withStrictStore(bench, async (store) => {
      const figures: Figure[] = [];
      const ratio = compressionOf(kongTable({ bytes: 2_000_000, seed: 'rpo' }));
      for (const { name, bytes } of frameSizes) {
        const table = kongTable({ bytes: bytes * ratio, seed: `rpo ${name}` });
        const frames = new Frames(table);
        for (const versions of versionCounts) {
          figures.push(...(await atOnce(bench, store, { name, versions, table, frames })));
        }
        if (bench.form === 'long' && name === '1 MiB') {
          figures.push(...(await afterDelay(bench, store, { name, versions: 1, table, frames })));
        }
      }
      return figures;
    }),
};

interface Change {
  readonly name: string;
  readonly versions: number;
  readonly table: Buffer;
  readonly frames: Frames;
}

async function atOnce(bench: Bench, store: BenchStore, change: Change): Promise<readonly Figure[]> {
  const { name, versions, table, frames } = change;
  const { controlPlane, rounds, say } = bench;
  say(`frame of ${name}, ${countVersions(versions)}`);
  const samples = { rpo: [] as number[], after: [] as number[], bare: [] as number[] };
  await withExporter(bench, store, versions, async (exporter) => {
    // The first one compiles, and makes the objects.
    for (let round = -1; round < rounds; round += 1) {
      // What follows an export, the confirmation in the lease, is over before the next change.
      await delay(500);
      const before = exporter.exported;
      const { firstByte, lastByte } = await controlPlane.send(frames.of(randomHash()));
      const durable = await exporter.until(before + versions);
      const startedAt = performance.now();
      await store.put('bare/config.json', table);
      const put = performance.now() - startedAt;
      if (round < 0) continue;
      samples.rpo.push(durable - firstByte);
      samples.after.push(durable - lastByte);
      samples.bare.push(put);
    }
  });
  const figure = (by: string, values: readonly number[]): Figure => ({
    ...{ suite: 'rpo', of: [name, countVersions(versions)], by, quantity: 'wall', samples: values },
  });
  return [
    figure('RPO', samples.rpo),
    // Five configurations are five puts; the promise is about one.
    ...(versions === 1
      ? [figure('last byte to acknowledged put', samples.after), figure('bare put', samples.bare)]
      : []),
  ];
}

/** By default changes are gathered for a minute: one is written a minute after that before it. */
async function afterDelay(bench: Bench, store: BenchStore, { name, frames }: Change): Promise<readonly Figure[]> {
  const { controlPlane, say } = bench;
  say(`frame of ${name}, delay of 60 s`);
  const samples: number[] = [];
  const measure = async (exporter: ExporterProcess): Promise<void> => {
    await controlPlane.send(frames.of(randomHash()));
    await exporter.until(1);
    for (let round = 1; round <= delayedChanges; round += 1) {
      const { firstByte } = await controlPlane.send(frames.of(randomHash()));
      samples.push((await exporter.until(1 + round)) - firstByte);
    }
  };
  await withExporter(bench, store, 1, measure, { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '60' });
  return [{ suite: 'rpo', of: [name, 'delay of 60 s'], by: 'RPO', quantity: 'wall', samples }];
}

function compressionOf(table: Buffer): number {
  return table.length / gzipSync(table).length;
}
