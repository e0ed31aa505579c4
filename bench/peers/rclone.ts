import { join } from 'node:path';
import { type BenchStore, bucket } from '../stores';
import type { Peer } from './peer';
import { cleanEnvironment } from './peer';
import { findProgram, versionOf } from './programs';

/** rclone, told by its environment alone; without `--ignore-times` it would see that the file is there, and copy nothing. */
export function rclone(home: string): Peer {
  const program = findProgram('rclone');
  const copy = (from: string, to: string): readonly [string, ...string[]] => [
    program ?? 'rclone',
    ...['copyto', '--ignore-times', '--config', join(home, 'rclone.conf'), from, to],
  ];
  const env = (store: BenchStore): Record<string, string> => ({
    ...cleanEnvironment(home),
    ...store.environment,
    ...(store.kind === 's3'
      ? {
          RCLONE_CONFIG_BENCH_TYPE: 's3',
          RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
          RCLONE_CONFIG_BENCH_ENV_AUTH: 'true',
          RCLONE_CONFIG_BENCH_REGION: store.region,
          RCLONE_CONFIG_BENCH_ENDPOINT: store.endpoint.origin,
          RCLONE_S3_NO_CHECK_BUCKET: 'true',
        }
      : {
          RCLONE_CONFIG_BENCH_TYPE: 'google cloud storage',
          RCLONE_CONFIG_BENCH_ANONYMOUS: 'true',
          RCLONE_CONFIG_BENCH_ENDPOINT: `${store.endpoint.origin}/storage/v1/`,
          RCLONE_GCS_NO_CHECK_BUCKET: 'true',
        }),
  });
  return {
    by: 'rclone',
    version: () => versionOf(program, ['version'])?.replace('rclone ', ''),
    stores: ['s3', 'gcs'],
    get: (store, key, file) => ({ command: copy(`bench:${bucket}/${key}`, file), env: env(store) }),
    put: (store, file, key) => ({ command: copy(file, `bench:${bucket}/${key}`), env: env(store) }),
  };
}
