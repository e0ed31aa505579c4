import { type BenchStore, bucket } from '../stores';
import type { Peer } from './peer';
import { cleanEnvironment } from './peer';
import { findProgram, versionOf } from './programs';

/** curl, which signs for S3 and checks nothing. Only the system's own. */
export function curl(home: string): Peer {
  const program = findProgram('curl') ?? 'curl';
  const env = cleanEnvironment(home);
  const base = [program, '--silent', '--show-error', '--fail'] as const;
  const signed = ({ region, credentials }: BenchStore): string[] => [
    ...['--aws-sigv4', `aws:amz:${region}:s3`, '--user', `${credentials.accessKeyId}:${credentials.secretAccessKey}`],
    // It would sign an upload's digest as that of nothing.
    ...['--header', 'x-amz-content-sha256: UNSIGNED-PAYLOAD'],
  ];
  const s3 = ({ endpoint }: BenchStore, key: string): string => `${endpoint.origin}/${bucket}/${key}`;
  return {
    by: 'curl',
    version: () => versionOf(program, ['--version'])?.split(' ')[1],
    stores: ['s3', 'gcs'],
    get: (store, key, file) => ({
      command:
        store.kind === 's3'
          ? [...base, ...signed(store), '--output', file, s3(store, key)]
          : [
              ...base,
              ...['--output', file],
              `${store.endpoint.origin}/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}?alt=media`,
            ],
      env,
    }),
    put: (store, file, key) => ({
      command:
        store.kind === 's3'
          ? [...base, ...signed(store), '--upload-file', file, s3(store, key)]
          : [
              ...base,
              ...['--output', '/dev/null', '--header', 'content-type: application/json', '--data-binary', `@${file}`],
              `${store.endpoint.origin}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(key)}`,
            ],
      env,
    }),
  };
}
