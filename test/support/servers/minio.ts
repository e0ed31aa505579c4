import { setTimeout as delay } from 'node:timers/promises';
import { freePort, type RunningServer, startServer } from './process';
import { signedPost } from './sigv4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const minioRoot: Credentials = { accessKeyId: 'minio-root', secretAccessKey: 'minio-root-secret' };

export interface Minio extends RunningServer {
  /** Temporary credentials that may do what `policy` (an IAM policy document) allows, and nothing else. */
  credentials(policy: object): Promise<Credentials>;
}

/** MinIO on 127.0.0.1, without buckets, once it knows its identities. */
export async function startMinio(): Promise<Minio> {
  const server = await startServer({
    program: 'minio',
    args: async (port, folder) => [
      'server',
      '--quiet',
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${await freePort()}`,
      `${folder}/data`,
    ],
    env: {
      MINIO_ROOT_USER: minioRoot.accessKeyId,
      MINIO_ROOT_PASSWORD: minioRoot.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    readyPath: '/minio/health/ready',
  });
  try {
    await initialized(server.endpoint);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, credentials: (policy) => assumeRole(server.endpoint, policy) };
}

/** It answers that it is ready some time before it knows its identities. */
async function initialized(endpoint: URL): Promise<void> {
  const nothing = { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::*' };
  const end = performance.now() + 30_000;
  for (;;) {
    try {
      await assumeRole(endpoint, { Version: '2012-10-17', Statement: [nothing] });
      return;
    } catch (error) {
      if (!(error as Error).message.includes('not initialized') || performance.now() > end) throw error;
    }
    await delay(50);
  }
}

async function assumeRole(endpoint: URL, policy: object): Promise<Credentials> {
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    DurationSeconds: '3600',
    Policy: JSON.stringify(policy),
  }).toString();
  const answer = await signedPost(endpoint, body, { ...minioRoot, region: 'us-east-1', service: 'sts' });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`AssumeRole was answered with ${answer.status}: ${text}`);
  const read = (name: string): string => {
    const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1];
    if (value === undefined) throw new Error(`AssumeRole was answered without ${name}`);
    return value;
  };
  return {
    accessKeyId: read('AccessKeyId'),
    secretAccessKey: read('SecretAccessKey'),
    sessionToken: read('SessionToken'),
  };
}
