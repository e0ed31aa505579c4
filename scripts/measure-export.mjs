// Measures an export: from the last byte of a `reconfigure` frame to the acknowledged put, against the bare put of the
// same bytes by the SDK, in turns; medians. Needs versitygw (npm run test:servers). Figures: docs/speed.md.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { WebSocketServer } from 'ws';
import { certificateVariables, clusterCertificate, median, program, startStore, table } from './measure-support.mjs';

const rounds = Number(process.argv[2] ?? 5);
const only = process.argv[3];
const sizes = { '28 KB': 28_000, '975 KB': 975_000, '6.4 MB': 6_400_000, '21 MB': 21_100_000, '64 MB': 64_000_000 };
const { work, client, env: storeEnv, close } = await startStore();
const certificate = await clusterCertificate();

// A control plane that accepts every node and sends what it is told to.
const server = createServer(certificate);
const webSockets = new WebSocketServer({ server });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const env = {
  ...storeEnv,
  ...certificateVariables(certificate),
  KONG_ROLE: 'data_plane',
  KONG_DATABASE: 'off',
  KONG_CLUSTER_CONTROL_PLANE: `127.0.0.1:${server.address().port}`,
  KONG_CLUSTER_MAX_PAYLOAD: String(64 * 1024 * 1024),
  KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
  KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0',
  KONG_RESILIENCE_SPOOL_DIR: join(work, 'spool'),
};

let version = 0;
try {
  for (const [name, bytes] of Object.entries(sizes)) {
    if (only === undefined || name === only) await measure(name, table(bytes), `3.9.${version++}`);
  }
} finally {
  webSockets.clients.forEach((webSocket) => webSocket.terminate());
  server.close();
  close();
}

async function measure(name, content, gatewayVersion) {
  const exporter = spawn(process.execPath, [program, 'run'], {
    env: { ...env, KONG_RESILIENCE_GATEWAY_VERSION: gatewayVersion },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const told = [];
  let exported = () => undefined;
  createInterface({ input: exporter.stderr }).on('line', (line) => {
    told.push(line);
    if (line.includes('"exported"')) exported();
  });
  try {
    const [webSocket] = await once(webSockets, 'connection');
    const all = [];
    const toLastByte = [];
    const bare = [];
    let frameBytes = 0;
    // The first round compiles.
    for (let round = -1; round < rounds; round++) {
      const frame = frameOf(content, `${gatewayVersion}/${round}`);
      frameBytes = frame.length;
      await delay(1000);
      const done = new Promise((resolve, reject) => {
        exported = resolve;
        setTimeout(() => reject(new Error(`not exported: ${told.join('\n')}`)), 60_000).unref();
      });
      let sentAt = 0;
      webSocket.send(frame, () => (sentAt = performance.now()));
      await done;
      const ms = performance.now() - sentAt;
      // The same from inside, by the exporter's own clock: it has the frame, it has the answer.
      const Key = `kong/${gatewayVersion}/config.json`;
      const { Body, Metadata } = await client.send(new GetObjectCommand({ Bucket: 'measure', Key }));
      const body = await Body.transformToByteArray();
      const line = JSON.parse(told.findLast((one) => one.includes('"exported"')));
      const inside = new Date(line.time).getTime() - Date.parse(Metadata['kong-resilience-received-at']);
      if (!Buffer.from(body.buffer, body.byteOffset, content.length).equals(content)) throw new Error('other bytes');
      await delay(500);
      const startedAt = performance.now();
      await client.send(
        new PutObjectCommand({ Bucket: 'measure', Key: 'bare', Body: body, Metadata, ContentType: 'application/json' }),
      );
      const bareMs = performance.now() - startedAt;
      if (round < 0) continue;
      all.push(ms);
      toLastByte.push(inside);
      bare.push(bareMs);
    }
    const [put, outer, inner] = [median(bare), median(all), median(toLastByte)].map(Math.round);
    console.log(
      `${name.padStart(7)}, frame ${(frameBytes / 1e6).toFixed(2)} MB: ${outer} ms from sent to exported ` +
        `(${inner} ms by the exporter's clock), bare put ${put} ms, ${outer - put} ms more, ${rounds} rounds`,
    );
  } finally {
    exporter.kill();
    await once(exporter, 'close');
  }
}

/** The same table under another hash is another configuration, and is written again. */
function frameOf(content, seed) {
  const hash = createHash('md5').update(seed).digest('hex');
  const head = Buffer.from('{"type":"reconfigure","timestamp":1,"config_table":');
  return gzipSync(Buffer.concat([head, content, Buffer.from(`,"config_hash":"${hash}"}`)]));
}
