// Measures an export: from the last byte of a `reconfigure` frame to the acknowledged put, against the bare put of the
// same bytes by the SDK, in turns; medians. Frames are sent as fast as loopback takes them, and at the pace of two
// lines. Needs versitygw (npm run test:servers). Figures: docs/speed.md.
//   node scripts/measure-export.mjs [rounds] [size]; KONG_RESILIENCE_MEASURE_PROGRAM: another build, to compare with
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
import { Sender, WebSocketServer } from 'ws';
import {
  certificateVariables,
  clusterCertificate,
  median,
  program,
  startStore,
  table,
  tableOfRsaKeys,
} from './measure-support.mjs';

const rounds = Number(process.argv[2] ?? 5);
const only = process.argv[3];
/** The two last have a frame of almost 16 MiB, Kong's default limit. */
const sizes = {
  '28 KB': () => table(28_000),
  '975 KB': () => table(975_000),
  '6.4 MB': () => table(6_400_000),
  '21 MB': () => table(21_100_000),
  '64 MB': () => table(64_000_000),
  '44 MB': () => table(44_000_000),
  '29 MB': () => tableOfRsaKeys(28_900_000),
};
const bytesPerMs = { loopback: Infinity, '1 Gbit/s': 125_000, '500 Mbit/s': 62_500 };
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
  for (const [name, make] of Object.entries(sizes)) {
    if (only === undefined || name === only) await measure(name, make(), `3.9.${version++}`);
  }
} finally {
  webSockets.clients.forEach((webSocket) => webSocket.terminate());
  server.close();
  close();
}

async function measure(name, content, gatewayVersion) {
  const exporter = spawn(process.execPath, [process.env.KONG_RESILIENCE_MEASURE_PROGRAM ?? program, 'run'], {
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
    const figures = Object.keys(bytesPerMs).map((link) => ({ link, all: [], inside: [], bare: [] }));
    let frameBytes = 0;
    // The first round compiles.
    for (let round = -1; round < rounds; round++) {
      for (const { link, all, inside, bare } of figures) {
        const frame = frameOf(content, `${gatewayVersion}/${round}/${link}`);
        frameBytes = frame.length;
        await delay(1000);
        const done = new Promise((resolve, reject) => {
          exported = () => resolve(performance.now());
          setTimeout(() => reject(new Error(`not exported: ${told.join('\n')}`)), 60_000).unref();
        });
        const sentAt = await send(webSocket, frame, bytesPerMs[link]);
        const ms = (await done) - sentAt;
        // The same from inside, by the exporter's own clock: it has the frame, it has the answer.
        const Key = `kong/${gatewayVersion}/config.json`;
        const { Body, Metadata } = await client.send(new GetObjectCommand({ Bucket: 'measure', Key }));
        const body = await Body.transformToByteArray();
        const line = JSON.parse(told.findLast((one) => one.includes('"exported"')));
        const insideMs = new Date(line.time).getTime() - Date.parse(Metadata['kong-resilience-received-at']);
        if (!Buffer.from(body.buffer, body.byteOffset, content.length).equals(content)) throw new Error('other bytes');
        await delay(500);
        const startedAt = performance.now();
        await client.send(
          new PutObjectCommand({
            Bucket: 'measure',
            Key: 'bare',
            Body: body,
            Metadata,
            ContentType: 'application/json',
          }),
        );
        const bareMs = performance.now() - startedAt;
        if (round < 0) continue;
        all.push(ms);
        inside.push(insideMs);
        bare.push(bareMs);
      }
    }
    const put = Math.round(median(figures.flatMap(({ bare }) => bare)));
    for (const { link, ...found } of figures) {
      const [outer, inner] = [median(found.all), median(found.inside)].map(Math.round);
      console.log(
        `${name.padStart(7)}, frame ${(frameBytes / 1e6).toFixed(2)} MB, ${link}: ${outer} ms from sent to exported ` +
          `(${inner} ms by the exporter's clock), bare put ${put} ms, ${outer - put} ms more, ${rounds} rounds`,
      );
    }
  } finally {
    exporter.kill();
    await once(exporter, 'close');
  }
}

/** Sends a message in one frame, at some pace. @returns when its last byte had gone */
async function send(webSocket, message, pace) {
  const [head] = Sender.frame(message, { fin: true, opcode: 2, mask: false, readOnly: true, rsv1: false });
  const write = (bytes) => new Promise((resolve) => webSocket._socket.write(bytes, resolve));
  void write(head);
  const startedAt = performance.now();
  for (let at = 0; at < message.length;) {
    if (pace !== Infinity) await delay(1);
    const due =
      pace === Infinity ? message.length : Math.min(message.length, Math.ceil((performance.now() - startedAt) * pace));
    const written = write(message.subarray(at, due));
    at = due;
    if (at === message.length) await written;
  }
  return performance.now();
}

/** The same table under another hash is another configuration, and is written again. */
function frameOf(content, seed) {
  const hash = createHash('md5').update(seed).digest('hex');
  const head = Buffer.from('{"type":"reconfigure","timestamp":1,"config_table":');
  return gzipSync(Buffer.concat([head, content, Buffer.from(`,"config_hash":"${hash}"}`)]));
}
