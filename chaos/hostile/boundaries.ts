import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseStorageUrl } from '../../src/contract';
import { ResilienceError } from '../../src/errors';
import { openStore } from '../../src/store';
import { silentLog } from '../../src/runtime/log';
import { Cluster, exporterEnvironment, importerEnvironment, named } from '../../test/cli/cluster';
import { releasedLease } from '../../test/cli/lease';
import { folderBucket } from '../../test/cli/stores';
import { type Environment, Program, run, temporaryFolder } from '../../test/support/program';
import { freePort } from '../../test/support/servers';
import { until } from '../../test/support/until';
import { writeFigure } from '../support/figures';
import { bytesOf, Hostile } from '../support/hostile';
import { random } from '../support/random';
import { recordFolder, times } from '../support/settings';

const suite = 'hostile-input';
const limit = { timeout: 600_000 };

const ways = bytesOf(
  '../outside',
  '..',
  '%2e%2e/outside',
  '/outside/x',
  'a/../../outside',
  '..\\outside',
  'a\0b',
  './a',
  'a//b',
  'x'.repeat(300),
  '3.9.1/config.json',
);

/** All that is in a folder, with its content. */
function listing(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name) =>
      statSync(join(folder, name)).isFile() ? `${name}=${readFileSync(join(folder, name), 'utf8')}` : name,
    )
    .join('\n');
}

/** Calls a store with keys, prefixes and folders that mean to leave it. */
export function traversal(): void {
  it(
    'reads and writes nothing outside the folder of a store, whatever bucket, prefix, version and key are',
    limit,
    async () => {
      const count = times({ short: 2_000, long: 50_000 });
      const parent = temporaryFolder();
      const outside = join(parent, 'outside');
      mkdirSync(join(outside, 'marker'), { recursive: true });
      writeFileSync(join(outside, 'x'), 'SECRET outside');
      mkdirSync(join(parent, 'bucket'));
      const before = listing(outside);
      let refused = 0;
      for (let number = 0; number < count; number++) {
        const hostile = new Hostile(random(`traversal ${number}`));
        const url = parseStorageUrl(`file://${parent}/bucket${hostile.chance(0.3) ? `/${hostile.text(ways)}` : ''}`);
        if (!url.ok) {
          refused++;
          continue;
        }
        expect(
          url.storage.bucket === join(parent, 'bucket') || url.storage.bucket.startsWith(join(parent, 'bucket/')),
          url.storage.bucket,
        ).toBe(true);
        const store = await openStore(url.storage, {
          aws: {},
          google: {},
          timeoutMs: 30_000,
          log: silentLog,
        } as unknown as Parameters<typeof openStore>[1]);
        const key = hostile.text(ways);
        const calls = [
          async () =>
            void (await store.put(key, Buffer.from('written'), {
              condition: 'absent',
              metadata: {},
              contentType: 'application/json',
            })),
          async () => {
            for await (const chunk of (await store.get(key)).body)
              expect(Buffer.from(chunk).toString()).not.toContain('SECRET');
          },
          async () => expect(await store.listFolders(key)).not.toContain('marker'),
        ];
        for (const call of calls) {
          try {
            await call();
          } catch (error) {
            // A key is made by the program: one that leaves its folder is a defect of it, and told so.
            const told =
              error instanceof ResilienceError ||
              (error instanceof TypeError && /would leave its folder|null bytes/.test(error.message));
            if (!told) throw error;
            refused++;
          }
        }
        store.close();
      }
      expect(listing(outside)).toBe(before);
      expect(readdirSync(parent).sort()).toEqual(['bucket', 'outside']);
      writeFigure(recordFolder, {
        suite,
        what: 'stores and keys that mean to leave their folder',
        count,
        note: `${refused} refusals; nothing outside read or written`,
      });
    },
  );
}

const evil = 'x"}\n{"level":"info","event":"exported","message":"forged"}\r\u001b[31m\u009b2J\u2028</script>';

/** Each line of a log as JSON; fails where one is none, or is forged. */
function mustBeLines(text: string): number {
  const lines = text.split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const { message } = JSON.parse(line) as { message: string };
    expect(message).not.toBe('forged');
    // eslint-disable-next-line no-control-regex -- what a terminal would obey
    expect(line).not.toMatch(/[\u0000-\u001f]/);
  }
  return lines.length;
}

/** Names from the control plane, the store and the environment, made to look like lines of the log. */
export function logInjection(): void {
  it(
    'keeps each line of the log one line of JSON, whatever names come from the control plane, the store and the environment',
    limit,
    async () => {
      const cluster = await Cluster.start();
      const folder = temporaryFolder();
      const bucket = folderBucket(folder);
      const base: Environment = {
        ...cluster.environment,
        KONG_LOG_LEVEL: 'debug',
        KONG_RESILIENCE_LOG_FORMAT: 'json',
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      };
      await bucket.write(
        '3.9.3/kong-resilience.json',
        releasedLease(evil, {
          holder: evil,
          configuration: { version: evil, config_hash: evil, canonical_hash: evil },
        }),
      );
      cluster.publish(named(evil, { [evil]: [], consumers: [{ id: evil, username: evil }] }));
      let lines = 0;
      const exporter = new Program(['run'], { ...base, ...exporterEnvironment() });
      await exporter.logged('an export', ({ event }) => event === 'exported');
      lines += mustBeLines((await exporter.stop()).stderr);
      await cluster.down();
      mkdirSync(join(folder, `3.9.1${evil.replaceAll('/', '')}`));
      const staged = await run(['import', '--json'], {
        ...base,
        ...importerEnvironment(join(temporaryFolder(), 'handover')),
      });
      expect(JSON.parse(staged.stdout)).toMatchObject({ outcome: 'staged' });
      lines += mustBeLines(staged.stderr);
      for (const damaged of [
        JSON.stringify({ [evil]: 1, _format_version: evil }),
        `{"${JSON.stringify(evil).slice(1, -1)}":[1]}`,
        evil,
      ]) {
        await bucket.write('3.9.3/config.json', damaged);
        lines += mustBeLines(
          (await run(['import', '--json'], { ...base, ...importerEnvironment(join(temporaryFolder(), 'handover')) }))
            .stderr,
        );
      }
      await bucket.write('3.9.3/kong-resilience.json', releasedLease(evil, { holder: evil }));
      const status = await run(['status'], base);
      // eslint-disable-next-line no-control-regex -- what a terminal would obey
      expect(status.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]|^\{"level"/m);
      const wrong = await run(['run'], {
        ...base,
        KONG_ROLE: evil,
        KONG_CLUSTER_FALLBACK_TOKEN: 'x',
        [`KONG_RESILIENCE_${evil}`]: 'x',
      });
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).not.toMatch(/^\{/m);
      writeFigure(recordFolder, {
        suite,
        what: 'lines of logs with hostile names',
        count: lines,
        note: 'each one line of JSON',
      });
    },
  );
}

/** Resident memory of a process in MiB; Linux alone tells. */
function memoryMiB(pid: number | undefined): number | undefined {
  const path = `/proc/${pid}/status`;
  return existsSync(path) ? Number(/VmRSS:\s*(\d+)/.exec(readFileSync(path, 'utf8'))?.[1]) / 1024 : undefined;
}

/** Slow, large, many and half-open requests to the status server of a real exporter. */
export function slowRequests(): void {
  it(
    'answers /health under slow, oversized, pipelined and half-open requests, and keeps its memory',
    limit,
    async () => {
      const cluster = await Cluster.start();
      cluster.publish(named('one'));
      const port = await freePort();
      const exporter = new Program(['run'], {
        ...cluster.environment,
        ...exporterEnvironment(),
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: folderBucket(temporaryFolder()).url(),
        KONG_RESILIENCE_STATUS_LISTEN: `127.0.0.1:${port}`,
      });
      await exporter.logged('an export', ({ event }) => event === 'exported');
      const sockets: Socket[] = [];
      const open = (bytes: string | Buffer): Socket => {
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        socket.on('error', () => socket.destroy());
        socket.write(bytes);
        return socket;
      };
      const healthy = async (): Promise<void> => {
        expect((await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(60_000) })).status).toBe(
          200,
        );
      };
      await healthy();
      const before = memoryMiB(exporter.pid);
      const count = times({ short: 300, long: 3_000 });
      // Slow: headers that never end; half-open: nothing at all; large: a megabyte of headers, of a path, of a body.
      for (let number = 0; number < count; number++)
        open(number % 2 === 0 ? 'GET /status HTTP/1.1\r\nhost: a\r\nx: ' : '');
      const drip = setInterval(
        () => sockets.slice(0, count).forEach((socket) => socket.writable && socket.write('a')),
        500,
      );
      await healthy();
      const megabyte = 'x'.repeat(1 << 20);
      for (const large of [
        `GET /status HTTP/1.1\r\nhost: a\r\nx: ${megabyte}\r\n\r\n`,
        `GET /${megabyte} HTTP/1.1\r\nhost: a\r\n\r\n`,
        `POST /status HTTP/1.1\r\nhost: a\r\ncontent-length: 1048576\r\n\r\n${megabyte}`,
        `GET //${' '.repeat(100)}HTTP/1.1\r\n\r\n`,
      ])
        for (let number = 0; number < 20; number++) open(large);
      await healthy();
      let answered = 0;
      const pipelined = connect(port, '127.0.0.1');
      sockets.push(pipelined);
      pipelined.on('data', (chunk) => (answered += chunk.toString('latin1').split('HTTP/1.1 200').length - 1));
      pipelined.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(10_000));
      await until('10,000 pipelined requests are answered', () => answered >= 9_990, 120_000);
      await healthy();
      const after = memoryMiB(exporter.pid);
      clearInterval(drip);
      sockets.forEach((socket) => socket.destroy());
      await healthy();
      expect(exporter.ended).toBe(false);
      // An exporter needs 90; what 400 connections and 60 MB of requests may add is far from what they sent.
      if (after !== undefined) expect(after).toBeLessThan((before ?? 0) + 120);
      expect((await exporter.stop()).code).toBe(0);
      writeFigure(recordFolder, {
        suite,
        what: 'slow, half-open, oversized and pipelined requests',
        count: count + 80 + 10_000,
        note:
          after === undefined
            ? 'memory not told by this system'
            : `memory ${Math.round(before ?? 0)} MiB before, ${Math.round(after)} MiB during`,
      });
    },
  );
}
