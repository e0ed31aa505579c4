// Measures a cold import against what people would use instead: whole processes, interleaved in one run, medians and
// ratios. Needs versitygw (npm run test:servers); the aws CLI is measured where it is installed. Figures: docs/speed.md.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { build } from 'esbuild';

const rounds = Number(process.argv[2] ?? 9);
const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'kong-resilience-measure-'));
const region = 'us-east-1';
const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
mkdirSync(join(work, 'data'));
const server = spawn(
  join(homedir(), '.cache/cdktf-kong-resilience/bin/versitygw'),
  ['--port', `127.0.0.1:${port}`, '--region', region, '--quiet', 'posix', join(work, 'data')],
  { env: { ...process.env, ROOT_ACCESS_KEY: 'measure', ROOT_SECRET_KEY: 'measure-secret' }, stdio: 'ignore' },
);
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: 'measure',
  AWS_SECRET_ACCESS_KEY: 'measure-secret',
  AWS_CONFIG_STORAGE_ENDPOINT: endpoint,
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://measure/kong',
  KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
  KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:1',
  KONG_RESILIENCE_HANDOVER_DIR: join(work, 'handover'),
};

try {
  const client = new S3Client({
    region,
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'measure', secretAccessKey: 'measure-secret' },
  });
  await delay(1000);
  await client.send(new CreateBucketCommand({ Bucket: 'measure' }));
  // As this program's exporter writes it, and as another one does.
  const sizes = { '10 KB': 10_000, '64 MB': 64_000_000 };
  const objects = [];
  for (const [name, bytes] of Object.entries(sizes)) {
    const body = table(bytes);
    for (const [by, metadata] of [
      ['this program', metadataOf(body)],
      ['another exporter', {}],
    ]) {
      const version = `3.9.${objects.length}`;
      const Key = `kong/${version}/config.json`;
      await client.send(new PutObjectCommand({ Bucket: 'measure', Key, Body: body, Metadata: metadata }));
      objects.push({ name: `${name}, written by ${by}`, version, key: Key });
    }
  }
  const bare = await bareScript();
  await certificate();
  for (const { name, version, key } of objects) {
    const commands = {
      'kong-resilience import': [process.execPath, [join(root, 'dist/kong-resilience.cjs'), 'import', '--strict']],
      'the same, no code cache': [
        process.execPath,
        [join(root, 'dist/kong-resilience.cjs'), 'import', '--strict'],
        'off',
      ],
      'bare AWS SDK script': [process.execPath, [bare, key]],
      ...(spawnSync('aws', ['--version']).status === 0
        ? {
            'aws s3 cp': [
              'aws',
              ['--endpoint-url', endpoint, 's3', 'cp', `s3://measure/${key}`, join(work, 'aws.out')],
            ],
          }
        : {}),
      'node -e 0': [process.execPath, ['-e', '0']],
    };
    const times = Object.fromEntries(Object.keys(commands).map((label) => [label, []]));
    for (let round = -1; round < rounds; round++) {
      for (const [label, [command, args, cache = 'on']] of Object.entries(commands)) {
        const started = performance.now();
        const { status, stderr } = spawnSync(command, args, {
          encoding: 'utf8',
          env: { ...env, KONG_RESILIENCE_GATEWAY_VERSION: version, KONG_RESILIENCE_CODE_CACHE: cache },
        });
        if (status !== 0) throw new Error(`${label} ended with ${status}: ${stderr}`);
        // The first round warms what each of them keeps between runs.
        if (round >= 0) times[label].push(performance.now() - started);
      }
    }
    console.log(`\n${name}, ${rounds} rounds, Node ${process.version}`);
    const base = median(times['bare AWS SDK script']);
    const aws = times['aws s3 cp'] === undefined ? undefined : median(times['aws s3 cp']);
    for (const [label, values] of Object.entries(times)) {
      const ms = median(values);
      const toAws = aws === undefined ? '' : `, ${(ms / aws).toFixed(2)} x aws s3 cp`;
      console.log(
        `  ${label.padEnd(26)} ${ms.toFixed(0).padStart(5)} ms, ${(ms / base).toFixed(2)} x bare SDK${toAws}`,
      );
    }
  }
} finally {
  server.kill();
  rmSync(work, { recursive: true, force: true });
}

/** A table of consumers with keys: random names and keys, as real ones compress badly. */
function table(bytes) {
  const consumers = [];
  const keyauth_credentials = [];
  for (let size = 0; size < bytes - 300;) {
    const id = randomUUID();
    const consumer = {
      id,
      username: randomBytes(9).toString('hex'),
      custom_id: null,
      tags: null,
      created_at: 1700000000,
    };
    const key = { id: randomUUID(), consumer: id, key: randomBytes(24).toString('base64'), ttl: null, tags: null };
    consumers.push(consumer);
    keyauth_credentials.push(key);
    size += JSON.stringify(consumer).length + JSON.stringify(key).length + 2;
  }
  return Buffer.from(JSON.stringify({ _format_version: '3.0', _transform: false, consumers, keyauth_credentials }));
}

function metadataOf(body) {
  const digest = (name) => createHash(name).update(body).digest('hex');
  const fields = { format: '1', sha256: digest('sha256'), md5: digest('md5'), enterprise: 'false', by: 'measure/0' };
  const rest = { 'received-at': new Date(0).toISOString(), term: '1', counter: '1' };
  return Object.fromEntries(
    Object.entries({ ...fields, ...rest }).map(([name, value]) => [`kong-resilience-${name}`, value]),
  );
}

async function bareScript() {
  const file = join(work, 'bare.cjs');
  await build({
    stdin: {
      contents: `
        import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
        import { createWriteStream } from 'node:fs';
        import { pipeline } from 'node:stream/promises';
        const client = new S3Client({ endpoint: process.env.AWS_CONFIG_STORAGE_ENDPOINT, forcePathStyle: true });
        client.send(new GetObjectCommand({ Bucket: 'measure', Key: process.argv[2] }))
          .then(({ Body }) => pipeline(Body, createWriteStream(${JSON.stringify(join(work, 'bare.out'))})))
          .then(() => process.exit(0));`,
      resolveDir: root,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minify: true,
    outfile: file,
    logLevel: 'error',
  });
  return file;
}

/** The control plane is refused, but a node has a certificate all the same. */
async function certificate() {
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
  env.KONG_CLUSTER_CERT = Buffer.from(made.toString('pem')).toString('base64');
  env.KONG_CLUSTER_CERT_KEY = Buffer.from(key).toString('base64');
}

function median(values) {
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
