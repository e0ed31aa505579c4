import { join } from 'node:path';
import { type BenchStore, bucket } from '../stores';
import type { Peer } from './peer';
import { cleanEnvironment } from './peer';
import { findProgram, goVersionOf, versionOf } from './programs';

/** MinIO's client. */
export function mc(home: string): Peer {
  const program = findProgram('mc');
  const copy = (from: string, to: string): readonly [string, ...string[]] => [
    program ?? 'mc',
    ...['--quiet', '--config-dir', join(home, 'mc'), 'cp', from, to],
  ];
  const env = ({ endpoint, credentials }: BenchStore): Record<string, string> => ({
    ...cleanEnvironment(home),
    MC_HOST_bench: `${endpoint.protocol}//${credentials.accessKeyId}:${credentials.secretAccessKey}@${endpoint.host}`,
  });
  return {
    by: 'mc cp',
    // Midnight Commander has the name too. One that `go install` built says DEVELOPMENT.GOGET of itself; its release's date is in what Go says of it.
    version: () =>
      versionOf(program, ['--version'])?.startsWith('mc version ') === true
        ? (goVersionOf(program) ?? 'unknown')
        : undefined,
    stores: ['s3'],
    get: (store, key, file) => ({ command: copy(`bench/${bucket}/${key}`, file), env: env(store) }),
    put: (store, file, key) => ({ command: copy(file, `bench/${bucket}/${key}`), env: env(store) }),
  };
}
