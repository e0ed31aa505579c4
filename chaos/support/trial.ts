import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { importerEnvironment } from '../../test/cli/cluster';
import {
  type Environment,
  type LogLine,
  Program,
  type ProgramOptions,
  temporaryFolder,
} from '../../test/support/program';
import type { ImportOutcome, Line } from '../faults/fault';
import { metricsOf } from './metrics';
import { freePort } from '../../test/support/servers';
import { Volume } from './volume';

/** Whether it is the line that a row expects. */
export function isLine({ level, event, code, text }: Line): (line: LogLine) => boolean {
  return (line: LogLine & { readonly reason?: string }) =>
    line.level === level &&
    line['event'] === event &&
    (code === undefined || line['code'] === code) &&
    `${line.message} ${line.reason ?? ''}`.includes(text);
}

/** A log while a fault lasts of which nothing needs to be told. */
export function expectNothingTold(log: readonly LogLine[]): void {
  expect(log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
}

/** All of a log, for what must hold whatever the fault: every line is one of ours, and nothing broke. */
export function expectSound(log: readonly LogLine[]): void {
  const broken = log.filter(({ message, err }) => message === 'unexpected' || err !== undefined);
  expect(broken, 'lines about a mistake of this program').toEqual([]);
}

/** What an earlier import left for the gateway. */
const earlier = Buffer.from(
  '{"_format_version":"3.0","_transform":false,"services":[{"name":"of-an-earlier-import"}]}',
);

/** A hand-over folder as an earlier import leaves it. */
function usedHandover(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'handed-over'), `${createHash('md5').update(earlier).digest('hex')}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'config.json'), earlier, { mode: 0o600 });
}

/** What a gateway would find there. */
function handedOver(folder: string, stored: Uint8Array): string {
  const path = join(folder, 'config.json');
  if (!existsSync(path)) return 'nothing';
  const found = readFileSync(path);
  if (found.equals(stored)) return 'what is stored';
  return found.equals(earlier) ? 'the file of the earlier import' : `something else: ${found.toString('utf8')}`;
}

/** How long a metric may take to show. */
export const metricsWithinMs = 10_000;

interface ImportTrial {
  readonly environment: Environment;
  /** What the store holds, where it holds anything. */
  readonly stored: Uint8Array;
  readonly options?: ProgramOptions;
  /** The volume of the hand-over folder. */
  readonly volume?: { readonly sizeKb: number; readonly readOnly: boolean };
}

/** An import with `--strict`, and one with `--hold`, each with the file of an earlier import in its folder, end as they must. */
export async function expectImports(expected: ImportOutcome, trial: ImportTrial): Promise<void> {
  const listen = `127.0.0.1:${await freePort()}`;
  const start = (args: readonly string[], more: Environment): { program: Program; seen: string } => {
    const folder = join(temporaryFolder(), 'handover');
    usedHandover(folder);
    const environment = { ...importerEnvironment(folder), ...trial.environment, ...more };
    if (trial.volume === undefined) return { program: new Program(args, environment, trial.options), seen: folder };
    const seed = join(temporaryFolder(), 'seed');
    usedHandover(seed);
    const volume = new Volume(folder, trial.volume.sizeKb);
    const program = new Program(args, environment, { command: volume.command(seed, trial.volume.readOnly) });
    return { program, seen: volume.seenBy(program.pid) };
  };
  const strict = start(['import', '--strict', '--json'], {});
  const held = start(['import', '--hold'], { KONG_RESILIENCE_STATUS_LISTEN: listen });

  const { code, stderr } = await strict.program.exit;
  expect(code, stderr).toBe(expected.exitCode);
  await held.program.logged('the line of the fault', isLine(expected.log));
  expect(await metricsOf(listen, expected.metrics, metricsWithinMs)).toEqual(expected.metrics);
  // A volume goes with its process.
  const seen = trial.volume === undefined ? [strict.seen, held.seen] : [held.seen];
  for (const folder of seen) expect(handedOver(folder, trial.stored)).toBe(expected.handedOver);
  expect((await held.program.stop()).code).toBe(0);
  for (const { program } of [strict, held]) {
    expect(program.log.filter(isLine(expected.log))).toHaveLength(1);
    expectSound(program.log);
  }
}
