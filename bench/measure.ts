import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './bench';
import { ColdProcesses } from './cold-processes';
import { FrameSender } from './control-plane';
import { describeMachine, describeVersions } from './machine';
import type { Options } from './options';
import { findPeers } from './peers';
import type { Results } from './results';
import { type Measured, runSuites } from './run-suites';
import { storeKinds } from './stores';
import { suites } from './suites';

/**
 * Runs everything that the form has.
 *
 * @param keep gets the result so far after each suite
 */
export async function measure(
  { form, rounds, only }: Options,
  say: Bench['say'],
  keep: (results: Results) => void,
): Promise<Results> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'kong-resilience-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  const processes = new ColdProcesses(folder);
  const controlPlane = await FrameSender.start(folder);
  try {
    const machine = describeMachine();
    const { peers, versions, missing } = await findPeers(folder, form);
    const stores = storeKinds
      .filter((kind) => form !== 'short' || kind.name === 'versitygw')
      .map((kind) => ({ kind, version: kind.version() }));
    const absent = [...missing, ...stores.filter(({ version }) => version === undefined).map(({ kind }) => kind.name)];
    for (const name of absent) say(`MISSING: ${name}; see npm run bench -- --install and npm run test:servers`);
    // Else nothing would be promised of what was not measured, and CI would pass.
    if (form === 'short' && absent.length > 0) throw new Error(`the short form needs ${absent.join(', ')}`);
    const installed = stores.flatMap(({ kind, version }) => (version === undefined ? [] : [{ kind, version }]));
    const all = {
      ...describeVersions(),
      ...versions,
      ...Object.fromEntries(installed.map(({ kind, version }) => [kind.name, version])),
    };
    const resultsOf = ({ figures, failed }: Measured): Results => ({
      ...{ format: 1, date: new Date().toISOString().slice(0, 10), form, rounds },
      tookSeconds: Math.round((performance.now() - startedAt) / 1000),
      ...{ machine, versions: all, missing: absent, failed, figures },
    });
    const chosen = suites.filter(({ name, forms }) => forms.includes(form) && (only === undefined || name === only));
    const bench: Bench = {
      form,
      rounds,
      folder,
      processes,
      controlPlane,
      peers,
      stores: installed.map(({ kind }) => kind),
      say,
    };
    return resultsOf(await runSuites(chosen, bench, (measured) => keep(resultsOf(measured))));
  } finally {
    await controlPlane.close();
    processes.stop();
    process.removeListener('exit', remove);
    remove();
  }
}
