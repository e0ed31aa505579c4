import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DemoReport, runDemo } from '../../src/demo';
import { temporaryFolder, until } from './support';

// `npm test` builds it.
const bundle = resolve('dist/kong-resilience.cjs');
const limit = { timeout: 120_000 };

const promises = [
  'Without us a cold node serves nothing in the outage: 404, not ready',
  'The import stages the configuration that was stored last',
  'With us a cold node serves in the outage',
  'Nothing is lost: the last change before the outage is served',
  'Authentication survives: 401 without a key, 200 with it',
  'The cold node says that it is ready',
  'The return costs the warm node no reload',
  'No request to the warm node is lost',
  'No request to the cold node is lost',
];

interface Running {
  readonly text: () => string;
  readonly ended: Promise<number | null>;
  readonly stop: () => void;
  /** Where it may leave files. */
  readonly folder: string;
}

async function demo(...args: string[]): Promise<Running> {
  const folder = await temporaryFolder();
  const child = spawn(process.execPath, [bundle, 'demo', ...args], { env: { ...process.env, TMPDIR: folder } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out += text));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  return { text: () => out, ended, stop: () => void child.kill('SIGTERM'), folder };
}

/** A program that is the bundle, except that `import` is done by this JavaScript. */
async function programWithImport(script: string): Promise<{ command: string; args: string[] }> {
  const path = join(await temporaryFolder(), 'program.cjs');
  writeFileSync(path, `if (process.argv[2] === 'import') { ${script} } else require(${JSON.stringify(bundle)});`);
  return { command: process.execPath, args: [path] };
}

describe('kong-resilience demo', () => {
  it('keeps every promise, measures RPO and RTO, ends with 0 and leaves nothing behind', limit, async () => {
    const { text, ended, folder } = await demo('--json');
    const code = await ended;
    const report = JSON.parse(text()) as DemoReport;
    expect(report.checks).toEqual(promises.map((promise) => ({ promise, held: true })));
    expect([code, report.ok]).toEqual([0, true]);
    expect(report.without).toEqual({ status: 404, ready: 503 });
    expect(report.stored).toEqual({
      key: '3.9.1/config.json',
      bytes: expect.any(Number),
      configHash: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const { rpoMs = 0, rtoMs = 0, importMs = 0, returnMs = 0, load, tookMs } = report;
    expect(rpoMs).toBeGreaterThan(0);
    expect(importMs).toBeGreaterThan(0);
    expect(rtoMs).toBeGreaterThanOrEqual(importMs);
    expect(tookMs).toBeGreaterThan(returnMs);
    expect(load.cold?.requests).toBeGreaterThan(100);
    expect(load.warm?.requests).toBeGreaterThan(100);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends when it is told to, with 1, and leaves nothing behind', limit, async () => {
    const { text, ended, stop, folder } = await demo();
    await until(() => text().includes('warm node'));
    stop();
    expect(await ended).toBe(1);
    expect(text()).toContain('The demo was interrupted. Run it again to see the rest.');
    expect(text()).toContain('NOT EVERY PROMISE HELD.');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the promises of the demo are checked', () => {
  it('tells when the exporter does not even start', limit, async () => {
    const program = { command: process.execPath, args: ['-e', 'console.error("no such thing"); process.exit(3)'] };
    const { ok, checks } = await runDemo({ program, json: true, print: () => undefined });
    expect(ok).toBe(false);
    expect(checks).toEqual([
      {
        promise: 'The demo reaches its end',
        held: false,
        seen: "The demo's exporter process ended with code 3. Its process said:\nno such thing\n Report this with what the process said.",
      },
    ]);
  });

  it('tells when the import stages nothing', limit, async () => {
    const program = await programWithImport('console.log(JSON.stringify({ outcome: "not-needed" }))');
    const { ok, checks } = await runDemo({ program, json: true, print: () => undefined });
    expect(ok).toBe(false);
    expect(checks.map(({ promise, held }) => [promise, held])).toEqual([
      [promises[0], true],
      ['The demo reaches its end', false],
    ]);
    expect(checks[1]?.seen).toMatch(/^The simulated data plane does not start: .*config\.json: ENOENT/);
  });

  it('tells when the import stages an older configuration, and one without authentication', limit, async () => {
    const program = await programWithImport(`
      const fs = require('node:fs');
      const store = new URL(process.env.KONG_CLUSTER_FALLBACK_CONFIG_STORAGE).pathname;
      const table = JSON.parse(fs.readFileSync(store + '/3.9.1/config.json', 'utf8'));
      table.routes = table.routes.filter((route) => route.name !== 'spring-sale');
      table.plugins = table.plugins.filter((plugin) => plugin.name !== 'key-auth');
      const folder = process.env.KONG_RESILIENCE_HANDOVER_DIR;
      fs.mkdirSync(folder);
      fs.writeFileSync(folder + '/config.json', JSON.stringify(table));
      console.log(JSON.stringify({ outcome: 'staged', from: 'store', configHash: 'of another' }));
    `);
    const lines: string[] = [];
    const { ok, checks } = await runDemo({ program, json: false, print: (line) => void lines.push(line) });
    expect(ok).toBe(false);
    expect(checks).toEqual(
      promises.map((promise) => {
        const seen = {
          [promises[1] ?? '']: '{"outcome":"staged","from":"store","configHash":"of another"}',
          [promises[3] ?? '']: '404',
          [promises[4] ?? '']: '{"without":200,"with":200}',
        }[promise];
        return seen === undefined ? { promise, held: true } : { promise, held: false, seen };
      }),
    );
    expect(lines).toContain('  FAIL  Nothing is lost: the last change before the outage is served (seen: 404)');
    expect(lines).toContain('  ok    No request to the cold node is lost');
    expect(lines.at(-1)).toBe('NOT EVERY PROMISE HELD.');
    for (const start of ['RPO ', 'RTO ', 'Without it: 404, not ready for ']) {
      expect(
        lines.some((line) => line.startsWith(start)),
        start,
      ).toBe(true);
    }
  });
});
