import { describe, expect, it, onTestFinished } from 'vitest';
import { VersionExporter } from '../../src/exporter/version-exporter';
import { systemClock } from '../../src/runtime';
import { storeUnreachable } from '../../src/store/errors';
import { MemoryStore } from '../support/memory-store';
import { LogLines } from '../support/recorder';
import { configurationNamed, ScriptedSource } from '../support/scripted-source';
import { until } from '../support/until';

const minute = 60_000;

interface Told {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** An exporter of one version whose clock stands still until it is moved, and the events that it told. */
function exporting() {
  const log = new LogLines();
  const store = new MemoryStore();
  const source = new ScriptedSource();
  const clock = { nowMs: 5_000 };
  const exporter = new VersionExporter({
    version: '3.9.1',
    configKey: 'kong/3.9.1/config.json',
    leaseKey: 'kong/3.9.1/kong-resilience.json',
    holder: 'holder',
    host: 'host',
    program: 'kong-resilience test',
    exportDelayMs: 0,
    leaseMs: 3_600_000,
    storeTimeoutMs: 10_000,
    shutdownMs: 2_000,
    log,
    clock: { ...systemClock, monotonicMs: () => clock.nowMs },
    source,
    store,
  });
  const end = new AbortController();
  const ended = exporter.run(end.signal);
  onTestFinished(async () => {
    end.abort();
    await ended;
  });
  const events = (): Told[] =>
    log.lines
      .map((line) => {
        const [level = '', ...rest] = line.split(' ');
        const text = rest.join(' ');
        return { level, ...(JSON.parse(text.slice(text.indexOf('{'))) as object) } as Told;
      })
      .filter(({ event }) => event !== undefined);
  return { exporter, store, source, clock, events };
}

describe('the events of an exporter', () => {
  it('tell each export, and that it is confirmed', async () => {
    const { exporter, source, events } = exporting();
    const a = configurationNamed('a');
    source.push(a);
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    const of = { version: '3.9.1', configHash: a.configHash };
    expect(events()).toEqual([
      { level: 'info', event: 'exported', ...of, bytes: exporter.status.stored?.bytes, ms: 0 },
      { level: 'info', event: 'confirmed', ...of, confirmedAt: exporter.status.confirmedAt },
    ]);
  });

  it('tell a confirmation at info once in 14 minutes, and those between at debug', async () => {
    const { exporter, source, clock, events } = exporting();
    source.push(configurationNamed('a'));
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    const again = async (count: number): Promise<void> => {
      source.push(configurationNamed('a'));
      await until('it is confirmed', () => exporter.status.unchangedTotal === count);
    };
    await again(1);
    clock.nowMs += 14 * minute - 1;
    await again(2);
    clock.nowMs += 1;
    await again(3);
    await again(4);
    const levels = events()
      .filter(({ event }) => event === 'confirmed')
      .map(({ level }) => level);
    expect(levels).toEqual(['info', 'debug', 'debug', 'info', 'debug']);
  });

  it('tell a store that fails, and do not tell as confirmed what could not be written', async () => {
    const { exporter, store, source, events } = exporting();
    store.down = true;
    source.push(configurationNamed('a'));
    await until('it has failed', () => exporter.status.exportFailuresTotal > 0);
    expect(events()[0]).toMatchObject({
      level: 'error',
      event: 'export_failed',
      version: '3.9.1',
      code: 'KR_STORE_UNREACHABLE',
      tries: 1,
    });
    expect(events().filter(({ event }) => event === 'confirmed' || event === 'exported')).toEqual([]);
    store.down = false;
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    expect(events().at(-1)).toMatchObject({ level: 'info', event: 'confirmed' });
  });

  it('tell a control plane that gives nothing', async () => {
    const { exporter, source, events } = exporting();
    source.disconnect(storeUnreachable('control plane', 'connecting'));
    await until('it is told', () => exporter.status.sourceProblemsTotal === 1);
    expect(events()).toEqual([
      {
        level: 'error',
        event: 'source_failed',
        version: '3.9.1',
        ...storeUnreachable('control plane', 'connecting').toJSON(),
        tries: 1,
        sinceSeconds: 0,
      },
    ]);
  });
});
