// Measures a cold import against what people would use instead: whole processes, interleaved in one run, medians and
// ratios. Needs versitygw (npm run test:servers); the aws CLI is measured where it is installed. Figures: docs/speed.md.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import {
  certificateVariables,
  clusterCertificate,
  median,
  program,
  root,
  startStore,
  table,
} from './measure-support.mjs';

const rounds = Number(process.argv[2] ?? 9);
const { work, endpoint, client, env: storeEnv, close } = await startStore();
const env = {
  ...storeEnv,
  // It is refused, but a node has a certificate all the same.
  ...certificateVariables(await clusterCertificate()),
  KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
  KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:1',
  KONG_RESILIENCE_HANDOVER_DIR: join(work, 'handover'),
};

try {
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
  for (const { name, version, key } of objects) {
    const commands = {
      'kong-resilience import': [process.execPath, [program, 'import', '--strict']],
      'the same, no code cache': [process.execPath, [program, 'import', '--strict'], 'off'],
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
  close();
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
