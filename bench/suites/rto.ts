import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseGatewayVersion } from '../../src/contract';
import { ask } from '../../src/demo/ask';
import { DataPlane } from '../../src/demo/data-plane';
import { HttpListener } from '../../src/demo/http-listener';
import { type Bench, type Suite, withStrictStore } from '../bench';
import { randomHash } from '../control-plane';
import { Frames } from '../frames';
import { exporterEnvironment, importerEnvironment, ourProcess } from '../our-process';
import type { Figure } from '../results';
import type { BenchStore } from '../stores';
import { kongTable, openPath } from '../tables';

const sizes = [
  { name: '1 MB', bytes: 1_000_000, version: '3.9.1' },
  { name: '16 MB', bytes: 16_000_000, version: '3.9.2' },
];

/** The steps of a cold start, in their order. */
export const rtoSteps = ['decision', 'fetch', 'verify', 'hand-over', 'start script', 'gateway (simulated)'] as const;
type Step = (typeof rtoSteps)[number];

/** From the start of a cold node in an outage to its first request that is served. */
export const rto: Suite = {
  name: 'rto',
  title: 'RTO: from the start of a cold node in an outage to its first served request',
  forms: ['default', 'long'],
  run: async (bench) => {
    const upstream = new HttpListener((request, response) => {
      request.resume();
      response.end('served');
    });
    await upstream.listen();
    try {
      return await withStrictStore(bench, async (store) => {
        const figures: Figure[] = [];
        for (const { name, bytes, version } of sizes) {
          const table = kongTable({ bytes, seed: `rto ${name}`, upstreamPort: upstream.port });
          bench.controlPlane.frame = new Frames(table).of(randomHash());
          await bench.processes.run(ourProcess(['export', '--once'], exporterEnvironment(bench, store, version)));
          bench.controlPlane.frame = undefined;
          bench.say(`cold start with ${name}`);
          figures.push(...(await coldStarts(bench, store, name, version)));
        }
        return figures;
      });
    } finally {
      await upstream.close();
    }
  },
};

/** In turns as a machine starts that has started before, and as a new one, a new container say, which has no code cache. */
async function coldStarts(bench: Bench, store: BenchStore, name: string, version: string): Promise<readonly Figure[]> {
  const nodes = [
    { of: [name], env: {}, starts: [] as Record<Step, number>[] },
    { of: [name, 'no code cache'], env: { KONG_RESILIENCE_CODE_CACHE: 'off' }, starts: [] as Record<Step, number>[] },
  ];
  for (let round = -1; round < bench.rounds; round += 1) {
    for (const { env, starts } of nodes) {
      const steps = await coldStart(bench, store, version, env);
      if (round >= 0) starts.push(steps);
    }
  }
  return nodes.flatMap(({ of, starts }) => {
    const figure = (by: string, samples: readonly number[]): Figure => ({
      ...{ suite: 'rto', of, by, quantity: 'wall', samples },
    });
    const whole = starts.map((steps) => Object.values(steps).reduce((sum, ms) => sum + ms, 0));
    return [
      figure('RTO', whole),
      ...rtoSteps.map((step) =>
        figure(
          step,
          starts.map((steps) => steps[step]),
        ),
      ),
    ];
  });
}

/** @returns milliseconds of each step; they follow each other without a gap */
async function coldStart(
  bench: Bench,
  store: BenchStore,
  version: string,
  more: Readonly<Record<string, string>>,
): Promise<Record<Step, number>> {
  const { folder } = bench;
  const handover = join(folder, 'handover');
  const prefix = join(folder, 'prefix');
  for (const path of [handover, prefix]) rmSync(path, { recursive: true, force: true });
  mkdirSync(prefix);

  const { command, env } = ourProcess(['import', '--strict'], {
    ...importerEnvironment(bench, store, version),
    KONG_LOG_LEVEL: 'debug',
    ...more,
  });
  const startedAt = Date.now();
  const lines = await logOf(command, env);
  const endedAt = Date.now();
  const at = (text: string): number => timeOf(lines, text);
  const decided = at('asking the store');
  const answered = at('the store gives the configuration');
  const checked = at('read and checked');

  const scriptAt = performance.now();
  const script = spawnSync('/bin/sh', [join(handover, 'start.sh'), 'printenv', 'KONG_DECLARATIVE_CONFIG'], {
    env: { ...env, KONG_PREFIX: prefix, PATH: `${kongFolder(folder, version)}${delimiter}${env['PATH'] ?? ''}` },
    encoding: 'utf8',
  });
  const config = script.stdout.trim();
  if (config === '') throw new Error(`the start script hands nothing over: ${script.stderr}`);
  const gatewayAt = performance.now();
  const parsed = parseGatewayVersion(version);
  if (parsed === undefined) throw new TypeError(`${version} is no version`);
  const node = await DataPlane.start({ prefix, version: parsed, declarativeConfig: config });
  try {
    const { status } = await ask(`${node.proxyUrl}${openPath}`);
    const servedAt = performance.now();
    if (status !== 200) throw new Error(`the node answers ${status} after an import`);
    return {
      decision: decided - startedAt,
      fetch: answered - decided,
      verify: checked - answered,
      'hand-over': endedAt - checked,
      'start script': gatewayAt - scriptAt,
      'gateway (simulated)': servedAt - gatewayAt,
    };
  } finally {
    await node.stop();
  }
}

/** A folder with a `kong` that tells its version, and takes every configuration at once. */
function kongFolder(folder: string, version: string): string {
  const path = join(folder, 'kong');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'kong'), `#!/bin/sh\n[ "$1" != version ] || echo ${version}\n`, { mode: 0o755 });
  return path;
}

async function logOf(
  [file, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the import ended with ${code}: ${text}`);
  return text.split('\n');
}

/** When the log has such a line, by the clock of this machine. */
function timeOf(lines: readonly string[], text: string): number {
  const line = lines.find((one) => one.includes(text));
  if (line === undefined) throw new Error(`the log of the import has no line of "${text}": ${lines.join('\n')}`);
  return Date.parse((JSON.parse(line) as { time: string }).time);
}
