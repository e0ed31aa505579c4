import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogLine } from '../../test/support/program';
import type { Line } from '../faults/fault';

/** Whether it is the line that a row expects. */
export function isLine({ level, event, code, text }: Line): (line: LogLine) => boolean {
  return (line: LogLine & { readonly reason?: string }) =>
    line.level === level &&
    line['event'] === event &&
    (code === undefined || line['code'] === code) &&
    `${line.message} ${line.reason ?? ''}`.includes(text);
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
export function usedHandover(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'handed-over'), `${createHash('md5').update(earlier).digest('hex')}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'config.json'), earlier, { mode: 0o600 });
}

/** What a gateway would find there. */
export function handedOver(folder: string, stored: Uint8Array): string {
  const path = join(folder, 'config.json');
  if (!existsSync(path)) return 'nothing';
  const found = readFileSync(path);
  if (found.equals(stored)) return 'what is stored';
  return found.equals(earlier) ? 'the file of the earlier import' : `something else: ${found.toString('utf8')}`;
}
