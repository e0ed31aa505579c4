import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Suite, withStore } from '../bench';
import { program } from '../budgets';
import { randomHash } from '../control-plane';
import { Frames } from '../frames';
import { cleanEnvironment, type Peer } from '../peers/peer';
import { exporterEnvironment, importerEnvironment, ourProcess } from '../our-process';
import type { Figure } from '../results';
import { type Contender, interleaved, usageFigures } from '../rounds';
import { type BenchStore, prefix } from '../stores';
import { kongTable } from '../tables';

interface Size {
  readonly name: string;
  readonly bytes: number;
}

const sizes: readonly Size[] = [
  { name: '10 KB', bytes: 10_000 },
  { name: '1 MB', bytes: 1_000_000 },
  { name: '16 MB', bytes: 16_000_000 },
  { name: '64 MB', bytes: 64_000_000 },
];

/** What a user would take is read and written by all in turns: by whole cold processes. */
export const transfer: Suite = {
  name: 'transfer',
  title: 'import and export --once against what people would use instead',
  forms: ['short', 'default', 'long'],
  run: async (bench) => {
    const tables = new Map(sizes.map(({ name, bytes }) => [name, kongTable({ bytes, seed: `transfer ${name}` })]));
    const figures: Figure[] = [];
    for (const kind of bench.stores) {
      figures.push(
        ...(await withStore(kind, async (store) => {
          const found: Figure[] = [];
          for (const [index, { name }] of sizes.entries()) {
            // In CI the two ends.
            if (bench.form === 'short' && name !== '10 KB' && name !== '64 MB') continue;
            const table = tables.get(name) ?? Buffer.alloc(0);
            found.push(...(await exportsAndImports(bench, store, name, `3.9.${index}`, table)));
          }
          return found;
        })),
      );
    }
    return figures;
  },
};

async function exportsAndImports(
  bench: Bench,
  store: BenchStore,
  size: string,
  version: string,
  table: Buffer,
): Promise<readonly Figure[]> {
  const { folder, processes, rounds, say } = bench;
  const file = join(folder, 'table.json');
  writeFileSync(file, table);
  const peers = bench.peers.filter(({ stores }) => stores.includes(store.kind));

  say(`${store.name}: export of ${size}`);
  const frames = new Frames(table);
  const exported = await interleaved(
    [
      {
        by: program,
        // The same hash again would be confirmed, and not written.
        prepare: () => Promise.resolve(void (bench.controlPlane.frame = frames.of(randomHash()))),
        run: ourProcess(['export', '--once'], exporterEnvironment(bench, store, version)),
      },
      ...peers.map((peer) => ({ by: peer.by, run: peer.put(store, file, `peers/${version}/config.json`) })),
    ],
    rounds,
    processes,
  );
  bench.controlPlane.frame = undefined;

  const key = `${prefix}/${version}/config.json`;
  const imported = await imports(bench, store, size, version, key, peers);
  const figures = [
    ...usageFigures({ suite: 'export', of: [store.name, size] }, exported),
    ...usageFigures({ suite: 'import', of: [store.name, size] }, imported),
  ];
  if (size !== '64 MB' || bench.form === 'short' || store.name !== 'versitygw') return figures;

  // An object without our digest has to be read whole: Enterprise's, say.
  const foreign = `${size}, written by another exporter`;
  const foreignVersion = '3.9.9';
  const foreignKey = `${prefix}/${foreignVersion}/config.json`;
  await store.put(foreignKey, table);
  const sdk = peers.filter(({ by }) => by === 'bare SDK');
  const read = await imports(bench, store, foreign, foreignVersion, foreignKey, sdk);
  return [...figures, ...usageFigures({ suite: 'import', of: [store.name, foreign] }, read)];
}

async function imports(
  bench: Bench,
  store: BenchStore,
  size: string,
  version: string,
  key: string,
  peers: readonly Peer[],
): ReturnType<typeof interleaved> {
  const { folder, processes, rounds, say } = bench;
  say(`${store.name}: import of ${size}`);
  const env = importerEnvironment(bench, store, version);
  const ours = (more: Readonly<Record<string, string>> = {}): Contender['run'] =>
    ourProcess(['import', '--strict'], { ...env, ...more });
  const contenders: Contender[] = [
    { by: program, run: ours() },
    ...(size === '10 KB' || size === '64 MB'
      ? [{ by: `${program}, no code cache`, run: ours({ KONG_RESILIENCE_CODE_CACHE: 'off' }) }]
      : []),
    ...peers.map((peer) => ({ by: peer.by, run: peer.get(store, key, join(folder, 'object.json')) })),
    { by: 'node -e 0', run: { command: [process.execPath, '-e', '0'], env: cleanEnvironment(folder) } },
  ];
  return interleaved(contenders, rounds, processes);
}
