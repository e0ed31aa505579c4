import type { Command } from '../cold-processes';
import type { BenchStore } from '../stores';

/** What people would use instead to move one object. */
export interface Peer {
  readonly by: string;
  /** Its own version, or undefined where it is not installed. */
  readonly version: () => string | undefined;
  readonly stores: readonly BenchStore['kind'][];
  /** Reads an object into a file. */
  get(store: BenchStore, key: string, file: string): Command;
  /** Writes a file as an object. */
  put(store: BenchStore, file: string, key: string): Command;
}

/** What every process here has in its environment, and nothing else of this machine's. */
export function cleanEnvironment(home: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home, AWS_EC2_METADATA_DISABLED: 'true' };
}
