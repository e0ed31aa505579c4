import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './bench';
import { budgetsOf, describeVerdict, fails, judge } from './budgets';
import { ColdProcesses } from './cold-processes';
import { changes, unlike } from './compare';
import { FrameSender } from './control-plane';
import { describeMachine, describeVersions } from './machine';
import { type Options, readOptions } from './options';
import { writePage } from './page/page';
import { expectBuild } from './paths';
import { findPeers } from './peers';
import { installPeers } from './peers/install';
import { type Figure, readResults, type Results, writeResults } from './results';
import { storeKinds } from './stores';
import { suites } from './suites';

// Said by each process of the SDK on Node 20; it is no news here.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
const startedAt = performance.now();
const seconds = (): number => Math.round((performance.now() - startedAt) / 1000);
const say = (line: string): void => void process.stdout.write(`${String(seconds()).padStart(4)} s  ${line}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.install) return installPeers(say);
  expectBuild();
  const before = options.compare === undefined ? undefined : readResults(options.compare);
  const results = options.page ? readResults(options.results) : await measure(options);
  if (!options.page) writeResults(options.results, results);
  say(`the result is ${options.results}`);
  tell(results);
  if (before !== undefined) compare(before, results);
  if (options.write) writePage(results);
}

/** Runs everything that the form has. */
async function measure({ form, rounds, only }: Options): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), 'kong-resilience-bench-'));
  const processes = new ColdProcesses(folder);
  const controlPlane = await FrameSender.start(folder);
  try {
    const machine = describeMachine();
    const { peers, versions, missing } = await findPeers(folder, form);
    const stores = storeKinds.filter((kind) => form !== 'short' || kind.name === 'versitygw');
    const absent = [...missing, ...stores.filter((kind) => kind.missing).map(({ name }) => name)];
    for (const name of absent) say(`MISSING: ${name}; see npm run bench -- --install and npm run test:servers`);
    // Else nothing would be promised of what was not measured, and CI would pass.
    if (form === 'short' && absent.length > 0) throw new Error(`the short form needs ${absent.join(', ')}`);
    const bench: Bench = {
      form,
      rounds,
      folder,
      processes,
      controlPlane,
      peers,
      stores: stores.filter((kind) => !kind.missing),
      say,
    };
    const figures: Figure[] = [];
    for (const suite of suites) {
      if (!suite.forms.includes(form) || (only !== undefined && suite.name !== only)) continue;
      say(suite.title);
      figures.push(...(await suite.run(bench)));
    }
    const date = new Date().toISOString().slice(0, 10);
    const all = { ...describeVersions(), ...versions };
    return { format: 1, date, form, rounds, tookSeconds: seconds(), machine, versions: all, missing: absent, figures };
  } finally {
    await controlPlane.close();
    processes.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What was promised, and what became of it; the exit code says whether a ratio was missed. */
function tell({ figures }: Results): void {
  const verdicts = budgetsOf(figures).map((budget) => judge(budget, figures));
  for (const verdict of verdicts) say(describeVerdict(verdict));
  if (verdicts.some(fails)) process.exitCode = 1;
}

function compare(before: Results, after: Results): void {
  for (const difference of unlike(before, after)) say(`not alike: ${difference}`);
  const found = changes(before, after);
  for (const { name, unit, before: was, after: is } of found) {
    say(`changed: ${name}: ${was.toFixed(1)} → ${is.toFixed(1)} ${unit} (× ${(is / was).toFixed(2)})`);
  }
  say(`${found.length} of ${after.figures.length} figures changed beyond the noise`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
