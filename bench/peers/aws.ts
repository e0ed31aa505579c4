import { bucket } from '../stores';
import type { Peer } from './peer';
import { cleanEnvironment } from './peer';
import { findProgram, versionOf } from './programs';

/** The aws CLI, as its documentation has it. */
export function awsCli(home: string): Peer {
  const program = findProgram('aws');
  const copy = (from: string, to: string, endpoint: string): readonly [string, ...string[]] => [
    program ?? 'aws',
    ...['--endpoint-url', endpoint, 's3', 'cp', '--quiet', from, to],
  ];
  return {
    by: 'aws s3 cp',
    version: () => versionOf(program, ['--version'])?.split(' ')[0]?.replace('aws-cli/', ''),
    stores: ['s3'],
    get: ({ endpoint, environment }, key, file) => ({
      command: copy(`s3://${bucket}/${key}`, file, endpoint.origin),
      env: { ...cleanEnvironment(home), ...environment },
    }),
    put: ({ endpoint, environment }, file, key) => ({
      command: copy(file, `s3://${bucket}/${key}`, endpoint.origin),
      env: { ...cleanEnvironment(home), ...environment },
    }),
  };
}
