import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const fixtures = join(__dirname, '..', 'fixtures');

export const frame = readFileSync(join(fixtures, 'reconfigure-kong-3.9.3-for-node-3.9.3.frame.gz'));
export const message = gunzipSync(frame);
export const olderMessage = readFileSync(join(fixtures, 'reconfigure-kong-3.9.3-for-node-3.5.0.json'));

export interface Message {
  config_hash: string;
  hashes: Record<string, string>;
  config_table: Record<string, unknown>;
}

export const parsed = JSON.parse(message.toString()) as Message;

/** The table's own bytes: the captured message has it last. */
export const table = message.subarray(message.indexOf('"config_table":') + '"config_table":'.length, -1);

export function text(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

export async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** The message of the error that `run` ends with. */
export async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

/** A small table that passes every check, with `more` over it. */
export function smallTable(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { _format_version: '3.0', _transform: false, services: [{ id: 's1', name: 'echo', host: 'h' }], ...more };
}
