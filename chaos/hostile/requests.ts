import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Cluster, exporterEnvironment, named } from '../../test/cli/cluster';
import { folderBucket } from '../../test/cli/stores';
import { Program, temporaryFolder } from '../../test/support/program';
import { freePort } from '../../test/support/servers';
import { until } from '../../test/support/until';
import { requestFaults } from '../faults/hostile-input';
import { writeFigure } from '../support/figures';
import { must, promisesHeld } from '../support/parser';
import { recordFolder, times } from '../support/settings';

/** Node looks every 30 s for requests that are not complete within the server's limit of 10 s. */
const answeredWithinMs = 120_000;

/** Resident memory of a process in MiB; Linux alone tells. */
function memoryMiB(pid: number | undefined): number | undefined {
  const path = `/proc/${pid}/status`;
  return existsSync(path) ? Number(/VmRSS:\s*(\d+)/.exec(readFileSync(path, 'utf8'))?.[1]) / 1024 : undefined;
}

/** A connection, and what came on it. */
interface Asked {
  readonly socket: Socket;
  text: string;
}

/** Slow, large, many and half-open requests to the status server of a real exporter. */
export function hostileRequests(): void {
  const ids = requestFaults.map(({ id }) => id).join(', ');
  it(`answers /health under hostile requests, and keeps its memory: ${ids}`, { timeout: 600_000 }, async () => {
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
    const open = (bytes: string): Asked => {
      const asked = { socket: connect(port, '127.0.0.1'), text: '' };
      asked.socket.on('error', () => asked.socket.destroy());
      asked.socket.on('data', (chunk) => (asked.text += chunk.toString('latin1')));
      asked.socket.write(bytes);
      return asked;
    };
    const healthy = async (): Promise<void> => {
      const { status } = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(60_000) });
      must(status === 200, '`/health` says 200 meanwhile and afterwards', () => status);
    };
    await healthy();
    promisesHeld();
    const before = memoryMiB(exporter.pid);
    const factor = times({ short: 1, long: 10 });
    const asked = new Map<(typeof requestFaults)[number], readonly Asked[]>();
    for (const row of requestFaults) {
      const { bytes, count } = row.inject;
      asked.set(
        row,
        Array.from({ length: count === 1 ? 1 : count * factor }, () => open(bytes)),
      );
      await healthy();
    }
    const connections = [...asked.values()].flat();
    // The slow ones go on, a letter at a time.
    const slow = asked.get(requestFaults[0] as (typeof requestFaults)[number]) ?? [];
    const drip = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write('a')), 500);
    try {
      for (const [{ id, inject, expected }, ofRow] of asked) {
        const { answer } = expected.hostile;
        const starts = typeof answer === 'string' ? [] : answer;
        // What is large may be answered and cut off before that is read.
        const least = inject.bytes.length < 1000 ? ofRow.length : 1;
        const answered = (): readonly Asked[] => ofRow.filter(({ text }) => text.includes('\r\n'));
        await until(`${id} is answered`, () => answered().length >= least, answeredWithinMs);
        for (const { text } of answered()) {
          expect(
            starts.some((start) => text.startsWith(start)),
            `${id}: ${text.slice(0, 100)}`,
          ).toBe(true);
        }
      }
      const [pipelined] = asked.get(requestFaults.at(-1) as (typeof requestFaults)[number]) ?? [];
      const answers = (): number => (pipelined?.text.split('HTTP/1.1 200').length ?? 1) - 1;
      await until('10,000 pipelined requests are answered', () => answers() === 10_000, answeredWithinMs);
    } finally {
      clearInterval(drip);
    }
    await healthy();
    const after = memoryMiB(exporter.pid);
    connections.forEach(({ socket }) => socket.destroy());
    await healthy();
    expect(exporter.ended).toBe(false);
    // An exporter needs 90; what 400 connections and 60 MB of requests may add is far from what they sent.
    must(after === undefined || after < (before ?? 0) + 120, 'its memory grows by less than 120 MiB in all', () => [
      before,
      after,
    ]);
    const { code } = await exporter.stop();
    const held = promisesHeld();
    for (const { expected } of requestFaults) {
      expect(code).toBe(expected.hostile.exitCode);
      expect(held).toEqual([...expected.hostile.held].sort());
    }
    writeFigure(recordFolder, {
      suite: 'hostile-input',
      what: 'slow, half-open, oversized and pipelined requests',
      count: connections.length - 1 + 10_000,
      note:
        after === undefined
          ? 'memory not told by this system'
          : `memory ${Math.round(before ?? 0)} MiB before, ${Math.round(after)} MiB after`,
    });
  });
}
