import { describe, expect, it } from 'vitest';
import type { ResilienceError } from '../../src/errors';
import { Outage } from '../../src/runtime';
import { storeUnreachable } from '../../src/store/errors';
import { LogLines } from '../support/recorder';
import { type Node, settings, World } from './simulation';

const minute = 60_000;

function failure(why: string): ResilienceError {
  return storeUnreachable('s3://bucket', 'writing', new Error(why));
}

/** An outage on a clock that stands still until it is moved. */
function outage() {
  const log = new LogLines();
  const clock = { nowMs: 5_000 };
  const told = new Outage({
    log,
    clock: { monotonicMs: () => clock.nowMs, date: () => new Date(clock.nowMs), pause: () => Promise.resolve() },
    failing: 'it fails',
    over: 'it works again',
  });
  const lines = (): string[] => log.lines.map((line) => line.replace(/"reason".*?: (\w+)\.".*?"fix":".*?",/, '"$1",'));
  return { told, clock, log, lines };
}

describe('an outage', () => {
  it('is told once at error, with what to do; the tries that follow at debug', () => {
    const { told, clock, log } = outage();
    const error = failure('down');
    told.failed(error, { retryInMs: 5 });
    clock.nowMs += 7_000;
    told.failed(failure('down'));
    expect(log.lines).toEqual([
      `error it fails ${JSON.stringify({ ...error.toJSON(), retryInMs: 5, tries: 1, sinceSeconds: 0 })}`,
      `debug it fails ${JSON.stringify({ ...error.toJSON(), tries: 2, sinceSeconds: 7 })}`,
    ]);
  });

  it('is an event where it has one, at either level', () => {
    const log = new LogLines();
    const clock = { monotonicMs: () => 0, date: () => new Date(0), pause: () => Promise.resolve() };
    const told = new Outage({ log, clock, event: 'source_failed', failing: 'it fails', over: 'it works again' });
    told.failed(failure('down'));
    told.failed(failure('down'));
    told.succeeded();
    expect(log.lines).toEqual([
      expect.stringMatching(/^error it fails \{"event":"source_failed","code":/),
      expect.stringMatching(/^debug it fails \{"event":"source_failed","code":/),
      'info it works again {"tries":2,"sinceSeconds":0}',
    ]);
  });

  it('is told at error again after ten minutes, and not a moment before', () => {
    const { told, clock, lines } = outage();
    told.failed(failure('down'));
    clock.nowMs += 10 * minute - 1;
    told.failed(failure('down'));
    clock.nowMs += 1;
    told.failed(failure('down'));
    clock.nowMs += 10 * minute - 1;
    told.failed(failure('down'));
    expect(lines()).toEqual([
      'error it fails {"code":"KR_STORE_UNREACHABLE","down","tries":1,"sinceSeconds":0}',
      'debug it fails {"code":"KR_STORE_UNREACHABLE","down","tries":2,"sinceSeconds":600}',
      'error it fails {"code":"KR_STORE_UNREACHABLE","down","tries":3,"sinceSeconds":600}',
      'debug it fails {"code":"KR_STORE_UNREACHABLE","down","tries":4,"sinceSeconds":1200}',
    ]);
  });

  it('is told at error when something else fails; two that take turns are told once each', () => {
    const { told, lines } = outage();
    for (const why of ['one', 'two', 'one', 'two']) told.failed(failure(why));
    expect(lines().map((line) => line.slice(0, line.indexOf(' ')))).toEqual(['error', 'error', 'debug', 'debug']);
  });

  it('is over at the first success, which says how often and how long it failed; then all begins anew', () => {
    const { told, clock, lines } = outage();
    told.succeeded();
    told.failed(failure('down'));
    clock.nowMs += minute;
    told.failed(failure('down'));
    clock.nowMs += 500;
    told.succeeded();
    told.succeeded();
    told.failed(failure('down'));
    expect(lines()).toEqual([
      'error it fails {"code":"KR_STORE_UNREACHABLE","down","tries":1,"sinceSeconds":0}',
      'debug it fails {"code":"KR_STORE_UNREACHABLE","down","tries":2,"sinceSeconds":60}',
      'info it works again {"tries":2,"sinceSeconds":61}',
      'error it fails {"code":"KR_STORE_UNREACHABLE","down","tries":1,"sinceSeconds":0}',
    ]);
  });
});

describe('the log of an exporter', () => {
  const levels = (log: LogLines, message: string): Record<string, number> => {
    const count: Record<string, number> = {};
    for (const line of log.lines) {
      const [level = '', rest = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
      if (rest.startsWith(message)) count[level] = (count[level] ?? 0) + 1;
    }
    return count;
  };
  const fieldsOf = (line: string | undefined): unknown => JSON.parse(line?.slice(line.indexOf('{')) ?? 'null');

  async function logging(nodes = 1): Promise<{ world: World; all: readonly Node[]; logs: LogLines[] }> {
    const world = new World({ seed: 1, nodes, exportDelayMs: 0 });
    world.near = true;
    const logs = world.nodes.map((node) => (node.log = new LogLines()));
    for (const node of world.nodes) {
      node.start();
      await world.pass(1_000);
    }
    return { world, all: world.nodes, logs };
  }

  it('tells of a store that is down for 25 minutes three times, and when it is back; status counts each try', async () => {
    const { world, all, logs } = await logging();
    const [log = new LogLines()] = logs;
    world.store.down = true;
    await world.pass(25 * minute);
    const failures = all[0]?.process?.exporter.status.exportFailuresTotal ?? 0;
    expect(failures).toBeGreaterThan(50);
    expect(levels(log, 'the export did not succeed')).toEqual({ error: 3, debug: failures - 3 });
    world.store.down = false;
    await world.pass(minute);
    expect(levels(log, 'the export succeeds again')).toEqual({ info: 1 });
    const over = fieldsOf(log.lines.find((line) => line.includes('the export succeeds again')));
    expect(over).toEqual({ version: '3.9.1', tries: failures, sinceSeconds: expect.any(Number) });
    expect(over).toMatchObject({ sinceSeconds: expect.closeTo(25 * 60, -1.5) });
  });

  it('tells of a control plane that is gone once, and when it sends again; each exporter for itself', async () => {
    const { world, all, logs } = await logging(2);
    const [one, two] = all;
    for (let count = 0; count < 10; count++) {
      one?.source.deaf(10_000);
      await world.pass(9_000);
    }
    two?.source.deaf(10_000);
    await world.pass(minute);
    const failing = 'the source gives no configuration';
    expect(logs.map((log) => levels(log, failing))).toEqual([{ error: 1, debug: 9 }, { error: 1 }]);
    expect(logs.map((log) => levels(log, 'the source gives configurations again'))).toEqual([{ info: 1 }, { info: 1 }]);
    expect(one?.process?.exporter.status).toMatchObject({ sourceProblemsTotal: 10, sourceProblem: null });
  });

  it('does not say that exports succeed again where the lease is let go of because the control plane is gone too', async () => {
    const { world, all, logs } = await logging();
    const [log = new LogLines()] = logs;
    world.store.down = true;
    all[0]?.source.deaf(5 * minute);
    await world.pass(5 * minute - 1);
    expect(all[0]?.process?.exporter.status.role).toBe('idle');
    expect(levels(log, 'the export did not succeed')).toMatchObject({ error: 1 });
    expect(levels(log, 'the export succeeds again')).toEqual({});
    world.store.down = false;
    await world.pass(minute + settings.leaseMs);
    expect(levels(log, 'the export succeeds again')).toEqual({ info: 1 });
  });
});
