import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeIdOfFunction } from '../../src/contract/node-id';
import { captured, Cluster, type Table } from '../cli/cluster';
import { needs } from '../gateway/tools';
import { type Environment, temporaryFolder } from '../support/program';
import { answerOf, LambdaFunction } from './function';

const python = needs('python3');
const minute = 60_000;

/** Says what it was started with, as the program says data: JSON on stdout. */
const echo = `process.stdout.write(JSON.stringify({ args: process.argv.slice(2), env: process.env }));`;

interface Echo {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

describe.skipIf(python.skip)(`the program as a Lambda function${python.note}`, () => {
  let lambda: LambdaFunction;
  beforeEach(() => {
    lambda = new LambdaFunction();
  });

  const echoOf = async (...args: Parameters<LambdaFunction['run']>): Promise<Echo> => {
    lambda.replaceProgram(echo);
    return (await lambda.run(...args)).result as Echo;
  };

  /** The environment of an exporter, with a store of its own and a control plane that has this configuration. */
  async function exporterOf(configuration: Table): Promise<{ store: string; environment: Environment }> {
    const cluster = await Cluster.start();
    cluster.publish(configuration);
    const store = temporaryFolder();
    const environment = {
      ...cluster.environment,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `file://${store}`,
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
    };
    return { store, environment };
  }

  it('exports once, with the time that is left but for a shutdown and the answer', async () => {
    const { args } = await echoOf('exportOnce', minute);
    expect(args.slice(0, -1)).toEqual(['export', '--once', '--json', '--timeout']);
    // 60 s less 10 for the shutdown and 5; the start of the run may have taken a few.
    expect(Number(args.at(-1))).toBeGreaterThan(20);
    expect(Number(args.at(-1))).toBeLessThanOrEqual(45);
    const longer = await echoOf('exportOnce', minute, { KONG_RESILIENCE_SHUTDOWN_SECONDS: '20' });
    expect(Number(longer.args.at(-1))).toBeGreaterThan(10);
    expect(Number(longer.args.at(-1))).toBeLessThanOrEqual(35);
  });

  it('checks', async () => {
    expect((await echoOf('check', minute)).args).toEqual(['check', '--json']);
  });

  it('has its spool and its compiled code in /tmp, unless the environment says where', async () => {
    const { env } = await echoOf('exportOnce', minute);
    expect(env).toMatchObject({
      KONG_RESILIENCE_SPOOL_DIR: join(lambda.tmp, 'kong-resilience/spool'),
      KONG_RESILIENCE_SHUTDOWN_SECONDS: '10',
      XDG_CACHE_HOME: join(lambda.tmp, 'kong-resilience'),
      AWS_LAMBDA_FUNCTION_NAME: 'kong-exporter',
    });
    const own = { KONG_RESILIENCE_SPOOL_DIR: '/mnt/spool', KONG_RESILIENCE_SHUTDOWN_SECONDS: '5' };
    expect((await echoOf('exportOnce', minute, own)).env).toMatchObject(own);
  });

  it('is one node for the control plane, by its ARN without the alias, unless the environment names one', async () => {
    const id = nodeIdOfFunction('arn:aws:lambda:eu-west-1:123456789012:function:kong-exporter');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(nodeIdOfFunction('arn:aws:lambda:eu-west-1:123456789012:function:another')).not.toBe(id);
    expect((await echoOf('exportOnce', minute)).env['KONG_RESILIENCE_NODE_ID']).toBe(id);
    expect((await echoOf('exportOnce', minute, { KONG_RESILIENCE_NODE_ID: ' ' })).env['KONG_RESILIENCE_NODE_ID']).toBe(
      id,
    );
    const own = { KONG_RESILIENCE_NODE_ID: '0b5c2d3e-9d1b-4d7e-8f00-5f2a3c4d5e6f' };
    expect((await echoOf('exportOnce', minute, own)).env).toMatchObject(own);
    expect((await echoOf('check', minute)).env).not.toHaveProperty('KONG_RESILIENCE_NODE_ID');
  });

  it('passes the log on as it comes', async () => {
    lambda.replaceProgram(`
      process.stderr.write('first\\n');
      process.on('SIGTERM', () => { process.stderr.write('last\\n'); process.stdout.write('{}'); process.exitCode = 0; clearInterval(wait); });
      const wait = setInterval(() => undefined, 1000);
      process.stderr.write('pid ' + process.pid + '\\n');`);
    const run = lambda.start('check', 10 * minute);
    await run.waitFor('the log has come', () => /pid \d+\n/.test(run.stderr));
    expect(run.stderr).toMatch(/^first\npid \d+\n$/);
    process.kill(Number(/pid (\d+)/.exec(run.stderr)?.[1]), 'SIGTERM');
    expect(answerOf(await run.exit)).toEqual({ result: {} });
    expect(run.stderr).toMatch(/last\n$/);
  });

  it('fails with exit code and reason when the program does', async () => {
    lambda.replaceProgram(`
      process.stdout.write('{"versions":[]}');
      process.stderr.write('{"level":"info","message":"exports configurations"}\\n');
      process.stderr.write('kong-resilience: KR_STORE_DENIED: The store refuses.\\nGive it the right.\\n');
      process.exitCode = 4;`);
    const { log, ...answer } = await lambda.run('check', minute);
    expect(answer).toEqual({
      errorType: 'ResilienceError',
      errorMessage:
        '`kong-resilience check --json` ended with exit code 4: KR_STORE_DENIED: The store refuses.\n' +
        "Give it the right. The function's log has all that it said.",
    });
    expect(log).toContain('exports configurations');
  });

  it('fails when the program ends with 0 and prints something else', async () => {
    lambda.replaceProgram(`process.stdout.write('done')`);
    expect((await lambda.run('check', minute)).errorMessage).toBe(
      '`kong-resilience check --json` ended with exit code 0, and what it printed on stdout is not JSON. ' +
        "Make the function anew from the package's dist/lambda.zip, whose files belong together.",
    );
  });

  it.each(['exportOnce', 'check'] as const)('%s starts nothing when the time cannot suffice', async (handler) => {
    lambda.replaceProgram(echo);
    // Lambda's default.
    expect(await lambda.run(handler, 3_000)).toMatchObject({
      errorType: 'ResilienceError',
      errorMessage: expect.stringMatching(
        /^The function has [0-3] s left for this run, and needs 25 s at least\. Raise the function's timeout; 120 s leave time for a slow control plane and a slow store\.$/,
      ),
      log: '',
    });
  });

  it('is the real program, which takes the environment of Lambda as it is', { timeout: 60_000 }, async () => {
    const { store, environment } = await exporterOf(captured('3.9.3'));
    const { result, log } = await lambda.run('exportOnce', 2 * minute, environment);
    expect(result).toMatchObject({ versions: [{ version: '3.9.3' }] });
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; message: string });
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
    const { table } = captured('3.9.3');
    const stored = readFileSync(join(store, '3.9.3/config.json'));
    expect(stored.subarray(0, table.length).equals(table)).toBe(true);
    expect(statSync(join(lambda.tmp, 'kong-resilience')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(lambda.tmp, 'kong-resilience')).sort()).toEqual(['kong-resilience', 'spool']);
  });

  it('says what is wrong with the environment', async () => {
    expect((await lambda.run('exportOnce', minute)).errorMessage).toMatch(
      /^`kong-resilience export --once --json --timeout \d+` ended with exit code 2: KR_ENV_INVALID: \d+ problems in the environment:\n {2}KR_ENV_/,
    );
  });

  it('does no harm where two runs overlap: one writes, and both end well', { timeout: 90_000 }, async () => {
    const { store, environment } = await exporterOf(captured('3.9.3'));
    const other = new LambdaFunction();
    const answers = await Promise.all([lambda, other].map((each) => each.run('exportOnce', 2 * minute, environment)));
    for (const { errorMessage } of answers) expect(errorMessage).toBeUndefined();
    // The other one finds what this one stored.
    const puts = answers.flatMap(({ log }) => log.split('\n').filter((line) => line.includes('"message":"exported"')));
    expect(puts.length).toBe(1);
    const { table } = captured('3.9.3');
    expect(readFileSync(join(store, '3.9.3/config.json')).subarray(0, table.length).equals(table)).toBe(true);
  });
});
