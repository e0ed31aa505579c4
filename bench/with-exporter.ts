import type { Bench } from './bench';
import { ExporterProcess } from './exporter-process';
import { exporterEnvironment } from './our-process';
import type { BenchStore } from './stores';

let lastVersion = 0;
/** Versions of which nothing is stored yet. */
const newVersions = (count: number): string =>
  Array.from({ length: count }, () => `3.8.${(lastVersion += 1)}`).join(',');

/** For people. */
export const countVersions = (count: number): string => `${count} ${count === 1 ? 'version' : 'versions'}`;

/** Starts an exporter of so many versions, for as long as it is used; each has a connection of its own. */
export async function withExporter<T>(
  bench: Bench,
  store: BenchStore,
  versions: number,
  use: (exporter: ExporterProcess) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  bench.controlPlane.frame = undefined;
  const exporter = new ExporterProcess({ ...exporterEnvironment(bench, store, newVersions(versions)), ...env });
  try {
    await exporter.whileItRuns(bench.controlPlane.connected(versions), 'connected');
    return await use(exporter);
  } finally {
    await exporter.stop();
    await bench.controlPlane.connected(0);
  }
}
