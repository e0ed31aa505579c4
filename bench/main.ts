import { budgetsOf, describeVerdict, fails, judge } from './budgets';
import { changes, unlike } from './compare';
import { measure } from './measure';
import { readOptions, UsageError } from './options';
import { writePage } from './page/page';
import { expectBuild, partialResults } from './paths';
import { installPeers } from './peers/install';
import { readResults, type Results, writeResults } from './results';

// The S3 client in this process would say it on Node 20.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
// What is to end with this process is ended on `exit`, which a signal by itself skips.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const startedAt = performance.now();
const seconds = (): number => Math.round((performance.now() - startedAt) / 1000);
const say = (line: string): void => void process.stdout.write(`${String(seconds()).padStart(4)} s  ${line}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.install) return installPeers(say);
  expectBuild();
  const before = options.compare === undefined ? undefined : readResults(options.compare);
  const results = options.page
    ? readResults(options.results)
    : await measure(options, say, (soFar) => writeResults(partialResults, soFar));
  tell(results);
  if (before !== undefined) compare(before, results);
  if (!options.page && results.failed.length > 0) {
    say(`not whole, without ${results.failed.join(', ')}: the result is ${partialResults}, and no page is written`);
    process.exitCode = 1;
    return;
  }
  if (!options.page) writeResults(options.results, results);
  say(`the result is ${options.results}`);
  // Made of what is published, which is rounded.
  if (options.write) writePage(readResults(options.results));
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
  const text =
    error instanceof Error ? (error instanceof UsageError ? error.message : (error.stack ?? error.message)) : error;
  process.stderr.write(`bench: ${String(text)}\n`);
  process.exitCode = 1;
});
