import type { ColdProcesses } from './cold-processes';
import type { FrameSender } from './control-plane';
import type { Peer } from './peers/peer';
import type { Figure, Form } from './results';
import type { BenchStore, StoreKind } from './stores';

/** What every suite has to work with. */
export interface Bench {
  readonly form: Form;
  readonly rounds: number;
  /** A folder for everything, which is gone afterwards; also the home of every process. */
  readonly folder: string;
  readonly processes: ColdProcesses;
  readonly controlPlane: FrameSender;
  /** Those that are installed. */
  readonly peers: readonly Peer[];
  /** Those that are installed. */
  readonly stores: readonly StoreKind[];
  readonly say: (line: string) => void;
}

/** Measures one thing. */
export interface Suite {
  /** As `--only` takes it. */
  readonly name: string;
  /** What is measured, for people. */
  readonly title: string;
  /** Forms in which it runs. */
  readonly forms: readonly Form[];
  run(bench: Bench): Promise<readonly Figure[]>;
}

/** Starts the store that is quick and strict, where it is installed, for as long as it is used. */
export async function withStrictStore(
  { stores, say }: Bench,
  use: (store: BenchStore) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  const kind = stores.find(({ name }) => name === 'versitygw') ?? stores.find(({ name }) => name === 'MinIO');
  if (kind !== undefined) return withStore(kind, use);
  say('not measured: it needs versitygw or MinIO');
  return [];
}

/** Starts a store for as long as it is used. */
export async function withStore<T>(kind: StoreKind, use: (store: BenchStore) => Promise<T>): Promise<T> {
  const store = await kind.start();
  try {
    return await use(store);
  } finally {
    await store.stop();
  }
}
