/**
 * `npm run chaos`: tries to lose a configuration, by killing, pausing, partitioning, damaging and feeding rubbish.
 * Every run is reproducible from the seed that it prints. A suite is a file of this folder, `<suite>.test.ts`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readFigures } from './support/figures';
import { writePage } from './support/page';
import { variables } from './support/variables';

/** In the order in which they run: `secrets` searches what the others left. */
const suites = [
  'faults',
  'lease',
  'hostile-input',
  'kill',
  'exporters',
  'store',
  'control-plane',
  'gateway',
  'secrets',
];

interface Options {
  readonly seed: number;
  readonly ci: boolean;
  readonly long: boolean;
  readonly only: readonly string[];
  readonly json?: string;
  readonly docs: boolean;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('A seed is a whole number of up to ten digits.');
  return Number(text);
}

const { seed, ci, long, only, json, docs } = new Command('chaos')
  .description(
    'Tries to lose a configuration; fails where one is lost, older than promised, damaged, or a secret shows.',
  )
  .option('--seed <number>', 'of an earlier run, to repeat it', wholeNumber, Math.floor(Math.random() * 2 ** 31))
  .addOption(new Option('--ci', 'the bounded form of CI').default(false).conflicts('long'))
  .option('--long', 'the long form, which takes hours', false)
  .addOption(new Option('--only <suite...>', 'these suites alone').choices(suites).default(suites, 'all'))
  .addOption(new Option('--docs', 'write what was found to docs/chaos.md').default(false).conflicts('only'))
  .option('--json <folder>', 'keep the results of each suite there, for CI to count')
  .parse()
  .opts<Options>();

const root = fileURLToPath(new URL('..', import.meta.url));
const record = mkdtempSync(join(tmpdir(), 'kong-resilience-chaos-'));
const output = join(record, 'output');
mkdirSync(output);
process.on('exit', () => rmSync(record, { recursive: true, force: true, maxRetries: 5 }));

const started = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const form = ci ? ' --ci' : long ? ' --long' : '';
let stopped: NodeJS.Signals | undefined;

async function main(): Promise<void> {
  say(`seed ${seed}${form}`);
  const failed: string[] = [];
  for (const suite of suites.filter((each) => only.includes(each))) {
    if (stopped !== undefined) break;
    if (!(await passes(suite))) failed.push(suite);
  }
  if (stopped !== undefined) {
    say(`stopped by ${stopped}`);
    process.exitCode = 1;
    return;
  }
  for (const { suite, what, count, note } of readFigures(record))
    say(`${suite}: ${what}: ${count}${note === undefined ? '' : ` (${note})`}`);
  if (failed.length > 0) {
    say(`failed: ${failed.join(', ')}; repeat with npm run chaos -- --seed ${seed}${form} --only ${failed.join(' ')}`);
    process.exitCode = 1;
  }
  if (docs) {
    const minutes = Math.ceil((performance.now() - started) / 60_000);
    const page = {
      seed,
      form: ci ? 'bounded' : long ? 'long' : 'short',
      minutes,
      figures: readFigures(record),
      failed,
    };
    await writePage(fileURLToPath(new URL('../docs/chaos.md', import.meta.url)), page);
  }
}

/** Whether a suite found nothing. A signal ends it, and every process that it started. */
async function passes(suite: string): Promise<boolean> {
  const reporters =
    json === undefined ? [] : ['--reporter=json', `--outputFile.json=${join(json, `chaos-${suite}.json`)}`];
  const vitest = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'chaos/vitest.config.mts',
      '--reporter=default',
      ...reporters,
      `chaos/${suite}.test.ts`,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      // A group of its own, so that a signal reaches exporters and stores too, and none of them twice.
      detached: true,
      env: {
        ...process.env,
        [variables.seed]: String(seed),
        [variables.ci]: String(ci),
        [variables.long]: String(long),
        [variables.record]: record,
        [variables.output]: output,
      },
    },
  );
  const stop = (signal: NodeJS.Signals): void => {
    stopped = signal;
    if (vitest.pid !== undefined) process.kill(-vitest.pid, 'SIGTERM');
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const [code] = (await once(vitest, 'exit')) as [number | null];
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return code === 0;
}

void main();
