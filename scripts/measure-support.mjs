// What the measurements share: a real S3 server on loopback, a table of some size, a cluster certificate, a median.
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const program = join(root, 'dist/kong-resilience.cjs');

/** Starts versitygw (npm run test:servers) with a bucket `measure`, in a folder of its own that `close` removes. */
export async function startStore() {
  const work = mkdtempSync(join(tmpdir(), 'kong-resilience-measure-'));
  const region = 'us-east-1';
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  mkdirSync(join(work, 'data'));
  const server = spawn(
    join(homedir(), '.cache/cdktf-kong-resilience/bin/versitygw'),
    ['--port', new URL(endpoint).host, '--region', region, '--quiet', 'posix', join(work, 'data')],
    { env: { ...process.env, ROOT_ACCESS_KEY: 'measure', ROOT_SECRET_KEY: 'measure-secret' }, stdio: 'ignore' },
  );
  const client = new S3Client({
    region,
    endpoint,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: 'measure', secretAccessKey: 'measure-secret' },
  });
  await delay(1000);
  await client.send(new CreateBucketCommand({ Bucket: 'measure' }));
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'measure',
    AWS_SECRET_ACCESS_KEY: 'measure-secret',
    AWS_CONFIG_STORAGE_ENDPOINT: endpoint,
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://measure/kong',
  };
  const close = () => {
    server.kill();
    rmSync(work, { recursive: true, force: true });
  };
  return { work, endpoint, client, env, close };
}

/** A table of consumers with keys: random names and keys, as real ones compress badly; by 2.7 to 1 here. */
export function table(bytes) {
  return tableOf(bytes, 'keyauth_credentials', (consumer) => ({
    id: randomUUID(),
    consumer,
    key: randomBytes(24).toString('base64'),
    ttl: null,
    tags: null,
  }));
}

/** A table of consumers with RSA keys of 3,072 bits, which compresses by 1.7 to 1. */
export function tableOfRsaKeys(bytes) {
  const lines = /.{64}/g;
  return tableOf(bytes, 'jwt_secrets', (consumer) => ({
    id: randomUUID(),
    consumer,
    key: randomBytes(24).toString('base64'),
    secret: randomBytes(24).toString('base64'),
    algorithm: 'RS256',
    rsa_public_key: `-----BEGIN PUBLIC KEY-----\n${randomBytes(422).toString('base64').replace(lines, '$&\n')}\n-----END PUBLIC KEY-----\n`,
    tags: null,
    created_at: 1700000000,
  }));
}

function tableOf(bytes, name, credentialOf) {
  const consumers = [];
  const credentials = [];
  for (let size = 0; size < bytes - 300;) {
    const id = randomUUID();
    const consumer = {
      id,
      username: randomBytes(9).toString('hex'),
      custom_id: null,
      tags: null,
      created_at: 1700000000,
    };
    const credential = credentialOf(id);
    consumers.push(consumer);
    credentials.push(credential);
    size += JSON.stringify(consumer).length + JSON.stringify(credential).length + 2;
  }
  return Buffer.from(JSON.stringify({ _format_version: '3.0', _transform: false, consumers, [name]: credentials }));
}

/** A cluster certificate and its key, as PEM. */
export async function clusterCertificate() {
  await import('reflect-metadata');
  const { X509CertificateGenerator, PemConverter } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=kong_clustering',
    keys,
    signingAlgorithm: algorithm,
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: made.toString('pem'), key };
}

/** The certificate in a node's environment. */
export function certificateVariables({ cert, key }) {
  return {
    KONG_CLUSTER_CERT: Buffer.from(cert).toString('base64'),
    KONG_CLUSTER_CERT_KEY: Buffer.from(key).toString('base64'),
  };
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
