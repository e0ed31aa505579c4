import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cluster, importerEnvironment } from '../cli/cluster';
import { bundle, Program, temporaryFolder } from '../support/program';

/** Large enough for a thread, and written by another exporter, so that it is checked. */
const table = JSON.stringify({
  _format_version: '3.0',
  _transform: false,
  consumers: Array.from({ length: 200_000 }, (_, id) => ({
    id,
    username: `consumer-${id}`,
    custom_id: 'x'.repeat(10),
  })),
});
const why = 'no thread could be started; the configuration is checked in this one';

interface Imported {
  readonly code: number | null;
  readonly stderr: string;
  readonly result: Record<string, unknown>;
  readonly handover: string;
}

/** @param before code that runs in the process before the program */
async function importFrom(stored: string, before = ''): Promise<Imported> {
  const cluster = await Cluster.start();
  await cluster.down();
  const folder = temporaryFolder();
  mkdirSync(join(folder, '3.9.3'));
  writeFileSync(join(folder, '3.9.3', 'config.json'), stored);
  const handover = join(temporaryFolder(), 'handover');
  const preload = join(folder, 'preload.cjs');
  writeFileSync(preload, before);
  const program = new Program(
    ['import', '--strict', '--json'],
    {
      ...cluster.environment,
      ...importerEnvironment(handover),
      KONG_LOG_LEVEL: 'debug',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `file://${folder}`,
    },
    { command: [process.execPath, '--require', preload, bundle] },
  );
  const { code, stdout, stderr } = await program.exit;
  return { code, stderr, result: JSON.parse(stdout) as Record<string, unknown>, handover };
}

describe('a large object, through the bundle', () => {
  it.each([
    ['in a thread of its own', '', false],
    [
      'without one, where the process may have none',
      "require('node:worker_threads').Worker = class { constructor() { throw new Error('no more'); } };",
      true,
    ],
  ] as const)('is checked %s', async (_name, before, without) => {
    const md5 = createHash('md5').update(table).digest('hex');
    const sha256 = createHash('sha256').update(table).digest('hex');
    const { code, stderr, result, handover } = await importFrom(table, before);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({
      outcome: 'staged',
      bytes: table.length,
      md5,
      sha256,
      entities: { consumers: 200_000 },
    });
    expect(readFileSync(join(handover, 'config.json'), 'utf8') === table).toBe(true);
    expect(readFileSync(join(handover, 'handed-over'), 'utf8')).toBe(`${md5}\n`);
    expect(stderr.includes(why)).toBe(without);
  });

  it('is refused in a thread as it is elsewhere', async () => {
    const { code, result, handover } = await importFrom(table.replace('"id":150000,', '"id":150000;'));
    expect(code).toBe(5);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'KR_CONFIG_NOT_JSON' } });
    expect(() => readFileSync(join(handover, 'config.json'))).toThrow('ENOENT');
  });
});
