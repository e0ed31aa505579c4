import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../paths';
import { bucket } from '../stores';
import type { Peer } from './peer';
import { cleanEnvironment } from './peer';

const s3 = `
  import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
  import { createReadStream, createWriteStream, statSync } from 'node:fs';
  import { pipeline } from 'node:stream/promises';
  const [, , method, Bucket, Key, file] = process.argv;
  const client = new S3Client({ endpoint: process.env.AWS_CONFIG_STORAGE_ENDPOINT, forcePathStyle: true });
  const get = async () => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    await pipeline(Body, createWriteStream(file));
  };
  const put = () =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: createReadStream(file), ContentLength: statSync(file).size }));
  (method === 'get' ? get() : put()).then(() => process.exit(0));`;

const gcs = `
  import { Storage } from '@google-cloud/storage';
  const [, , method, Bucket, Key, file] = process.argv;
  const bucket = new Storage({ apiEndpoint: process.env.KONG_RESILIENCE_GCS_ENDPOINT }).bucket(Bucket);
  (method === 'get' ? bucket.file(Key).download({ destination: file }) : bucket.upload(file, { destination: Key })).then(() =>
    process.exit(0));`;

/** What somebody would write with the cloud's SDK, in one bundle: a get or a put, and nothing of ours. */
export async function bareSdk(home: string): Promise<Peer> {
  const scripts = { s3: join(home, 'bare-s3.cjs'), gcs: join(home, 'bare-gcs.cjs') };
  for (const [kind, contents] of Object.entries({ s3, gcs })) {
    await build({
      stdin: { contents, resolveDir: root },
      ...{ bundle: true, platform: 'node', format: 'cjs', minify: true, logLevel: 'error' },
      // The Google client recognises classes by name.
      keepNames: true,
      outfile: scripts[kind as keyof typeof scripts],
    });
  }
  const versionOf = (name: string): string => {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
      version: string;
    };
    return version;
  };
  return {
    by: 'bare SDK',
    version: () => `${versionOf('@aws-sdk/client-s3')} and ${versionOf('@google-cloud/storage')}`,
    stores: ['s3', 'gcs'],
    get: ({ kind, environment }, key, file) => ({
      command: [process.execPath, scripts[kind], 'get', bucket, key, file],
      env: { ...cleanEnvironment(home), ...environment },
    }),
    put: ({ kind, environment }, file, key) => ({
      command: [process.execPath, scripts[kind], 'put', bucket, key, file],
      env: { ...cleanEnvironment(home), ...environment },
    }),
  };
}
