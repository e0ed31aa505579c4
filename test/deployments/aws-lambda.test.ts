import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { terraformIsMissing, valuesOf } from '../constructs/support/terraform';
import { alarmIsRaised, countsLine } from '../support/platforms/alarms';
import { fire, LambdaFunction, lambdaOf, type LambdaOutcome, type LambdaSpec } from '../support/platforms/lambda';
import type { ScheduleSpec } from '../support/platforms/lambda';
import { sandboxIsMissing } from '../support/platforms/sandbox';
import { isMissing, type Moto, motoIsMissing, motoRegion, startMoto } from '../support/servers';
import { describeCheck, environmentMutants } from './checks';
import { applied } from './rendered';
import { minioWithRole, type StoreServer } from './store-server';
import { configuration, World } from './world';

/** A function with its schedule, and what is looked at to know how it is. */
interface Specification {
  readonly storageUrl: string;
  readonly lambda: LambdaSpec;
  readonly schedule: ScheduleSpec;
  readonly alarms: { readonly failed: Values; readonly silent: Values };
}

type Values = Readonly<Record<string, unknown>>;

/** AWS Secrets Manager, for all tests of this file. */
let moto: Moto;
let secret: string;
const missing = [sandboxIsMissing(), terraformIsMissing(), isMissing('minio'), motoIsMissing()].includes(true);
beforeAll(async () => {
  if (missing) return;
  moto = await startMoto();
  secret = await moto.secret('kong-cluster', '{}');
}, 90_000);
afterAll(async () => {
  if (!missing) await moto.stop();
});

const state = (): ReturnType<typeof applied> =>
  applied({
    folder: 'aws-lambda',
    stack: 'kong-aws-lambda',
    variables: {
      region: motoRegion,
      control_plane: 'cp.example.com:8005',
      gateway_role_arn: 'arn:aws:iam::123456789012:role/gateways',
      alarm_topic_arn: `arn:aws:sns:${motoRegion}:123456789012:alarms`,
      cluster_certificate_secret_arn: secret,
    },
  });

async function render(name: 'Export' | 'Check'): Promise<Specification> {
  const { files, ...rest } = await state();
  const of = (type: string, suffix: string): Values => valuesOf(rest, type, `${name}_${suffix}`);
  return {
    storageUrl: String(rest.outputs['storage_url']),
    lambda: lambdaOf(valuesOf(rest, 'aws_lambda_function', name), (file) => files[file] ?? Buffer.alloc(0)),
    schedule: {
      rule: valuesOf(rest, 'aws_cloudwatch_event_rule', name),
      target: valuesOf(rest, 'aws_cloudwatch_event_target', name),
      permission: valuesOf(rest, 'aws_lambda_permission', name),
      invokeConfig: valuesOf(rest, 'aws_lambda_function_event_invoke_config', name),
    },
    alarms: {
      failed: of('aws_cloudwatch_metric_alarm', 'RunFailed'),
      silent: of('aws_cloudwatch_metric_alarm', 'NotRunning'),
    },
  };
}

/**
 * Amazon S3 and Secrets Manager are servers on this machine: their addresses are added. MinIO has not the key of KMS that the
 * exporter names, so the exporter names none.
 */
async function functionIn(world: World, specification: Specification): Promise<LambdaFunction> {
  const { lambda } = specification;
  const { certificate, key } = world.cluster.pair;
  const SecretString = JSON.stringify({ cert: certificate, key: key.reveal() });
  await moto.client.send(new PutSecretValueCommand({ SecretId: secret, SecretString }));
  const variables = {
    ...without('KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG')(specification).lambda.variables,
    AWS_CONFIG_STORAGE_ENDPOINT: 'http://s3.example.com:9000/',
    KONG_VAULT_AWS_ENDPOINT_URL: 'http://secretsmanager.example.com:5000/',
  };
  return new LambdaFunction(
    world.machine,
    { ...lambda, variables },
    {
      region: motoRegion,
      credentials: world.credentials,
      reachable: {
        'cp.example.com:8005': world.controlPlanePort,
        's3.example.com:9000': world.storePort,
        'secretsmanager.example.com:5000': () => Number(moto.endpoint.port),
      },
    },
  );
}

/** By what Lambda counts, under the names that the alarm has. */
function isRaised(alarm: Values, { spec, metrics }: LambdaFunction): boolean {
  const {
    namespace,
    metric_name: name,
    dimensions,
  } = alarm as {
    namespace: string;
    metric_name: keyof LambdaFunction['metrics'];
    dimensions: { FunctionName?: string };
  };
  const known = namespace === 'AWS/Lambda' && dimensions.FunctionName === spec.name;
  return alarmIsRaised(alarm, known && metrics.Invocations > 0 ? [metrics[name]] : []);
}

const but =
  (change: (lambda: LambdaSpec) => Partial<LambdaSpec>) =>
  (specification: Specification): Specification => ({
    ...specification,
    lambda: { ...specification.lambda, ...change(specification.lambda) },
  });
const without = (variable: string): ReturnType<typeof but> =>
  but(({ variables }) => ({
    variables: Object.fromEntries(Object.entries(variables).filter(([name]) => name !== variable)),
  }));
/** Little more than a function needs as its timeout, for what takes all of it; some seconds may pass before it is asked what is left. */
const hurried = but(() => ({ timeoutSeconds: 30 }));
const lines = ({ log }: LambdaFunction): string[] => log.split('\n');
const saysOf = (outcomes: readonly LambdaOutcome[]): string =>
  outcomes.map(({ error }) => error?.errorMessage ?? 'done').join('\n');

describe.skipIf(missing)('AWS Lambda (examples/aws-lambda), as it is rendered', { timeout: 120_000 }, () => {
  let server: StoreServer | undefined;
  let rendered: Specification;
  let patterns: readonly string[];
  beforeAll(async () => {
    server = await minioWithRole();
    rendered = await render('Export');
    patterns = [String(valuesOf(await state(), 'aws_cloudwatch_log_metric_filter', 'Export')['pattern'])];
  }, 180_000);
  afterAll(() => server?.stop());

  const open = (): Promise<World> => World.open(server as StoreServer, rendered.storageUrl, 0);
  const stored = async (world: World): Promise<string> => String((await world.objects.read()) ?? '').trimEnd();
  const confirmed = (lambda: LambdaFunction): number =>
    lines(lambda).filter((line) => patterns.some((pattern) => countsLine(pattern, line))).length;

  it('exports what the control plane has at each run, in one environment, and is counted as confirmed', async () => {
    const world = await open();
    const lambda = await functionIn(world, rendered);
    for (const number of [1, 2]) {
      world.publish(number);
      const outcomes = await fire(lambda, rendered.schedule);
      expect(saysOf(outcomes), lambda.log).toBe('done');
      expect(await stored(world)).toBe(configuration(number).toString());
      expect(confirmed(lambda)).toBeGreaterThanOrEqual(number);
    }
    expect(lambda.environments).toHaveLength(1);
    expect(isRaised(rendered.alarms.failed, lambda)).toBe(false);
    expect(isRaised(rendered.alarms.silent, lambda)).toBe(false);
  });

  it('goes on in a fresh environment, with the same node and lease', async () => {
    const world = await open();
    for (const number of [1, 2]) {
      world.publish(number);
      const lambda = await functionIn(world, rendered);
      expect(saysOf(await fire(lambda, rendered.schedule)), lambda.log).toBe('done');
      expect(await stored(world)).toBe(configuration(number).toString());
    }
  });

  it.each([
    ['the control plane is down', (world: World) => world.controlPlane('down'), /"event":"source_failed"/],
    [
      'the store is down',
      (world: World) => {
        world.publish(2);
        world.store = 'down';
        return Promise.resolve();
      },
      /KR_STORE_\w+/,
    ],
    [
      'the store does not know its keys',
      (world: World) => {
        world.publish(2);
        world.keys = 'wrong';
        return Promise.resolve();
      },
      /KR_STORE_DENIED/,
    ],
  ])('fails with its reason before its timeout, and alarms, while %s', async (_, arrange, saying) => {
    const world = await open();
    await world.stored(1);
    await arrange(world);
    const lambda = await functionIn(world, hurried(rendered));
    const outcomes = await fire(lambda, rendered.schedule);
    expect(saysOf(outcomes)).toMatch(
      /`kong-resilience export --once --json --timeout 1[0-4]` ended with exit code [46]:/,
    );
    // That its time is over is what it ends with; why is in its log.
    expect(lambda.log).toMatch(saying);
    expect(await stored(world)).toBe(configuration(1).toString());
    // One run, one verdict: it is not tried again before the next is due.
    expect(outcomes).toHaveLength(1);
    expect(confirmed(lambda)).toBe(0);
    expect(isRaised(rendered.alarms.failed, lambda)).toBe(true);
  });

  it('raises the alarm of a function that does not run', async () => {
    const lambda = await functionIn(await open(), rendered);
    const { schedule } = rendered;
    const elsewhere = {
      ...schedule,
      permission: { ...schedule.permission, source_arn: 'arn:aws:events:::rule/other' },
    };
    expect(await fire(lambda, elsewhere)).toEqual([]);
    expect(isRaised(rendered.alarms.silent, lambda)).toBe(true);
  });

  it.each([
    [
      'without the control plane',
      (one: Specification) => hurried(without('KONG_CLUSTER_CONTROL_PLANE')(one)),
      // Its own limit ends two seconds before it is asked to end, but begins only once it has started.
      /KR_EXPORT_(TIMED_OUT|STOPPED)/,
    ],
    ['without the store', without('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'), /KONG_CLUSTER_FALLBACK_CONFIG_STORAGE/],
    ['without the certificate', without('KONG_CLUSTER_CERT'), /KONG_CLUSTER_CERT/],
    ['without the version', without('KONG_RESILIENCE_GATEWAY_VERSION'), /KONG_RESILIENCE_GATEWAY_VERSION/],
    ['with another method', but(() => ({ handler: 'index.export' })), /index\.export is undefined or not exported/],
    ['with another file', but(() => ({ handler: 'main.exportOnce' })), /Cannot find module 'main'/],
    ['with a timeout of 5 s', but(() => ({ timeoutSeconds: 5 })), /has [0-4] s left for this run, and needs 25 s/],
    ['with no execution set aside for it', but(() => ({ reservedConcurrency: 0 })), /Rate Exceeded/],
    [
      'with a region set by itself',
      but(({ variables }) => ({ variables: { ...variables, AWS_REGION: 'eu-west-1' } })),
      /reserved keys: AWS_REGION/,
    ],
    ['with another archive', but(() => ({ archive: Buffer.from('PK') })), /the archive is .*, and not/],
  ] as const)('a rendering %s fails', async (_, mutate, saying) => {
    const mutant = mutate(structuredClone(rendered));
    const world = await open();
    world.publish(1);
    const run = async (): Promise<string> => saysOf(await fire(await functionIn(world, mutant), mutant.schedule));
    const said = await run().catch((error: Error) => error.message);
    expect(said).toMatch(saying);
    expect(await stored(world)).toBe('');
  });
});

describeCheck<Specification>({
  name: 'the scheduled check on AWS Lambda (examples/aws-lambda)',
  store: { program: 'minio', start: minioWithRole },
  render: () => render('Check'),
  storageUrl: ({ storageUrl }) => storageUrl,
  run: async (world, specification) => {
    const lambda = await functionIn(world, specification);
    const [outcome] = await fire(lambda, specification.schedule);
    const failure = outcome?.error?.errorMessage;
    const [, code] = /ended with exit code (\d+)/.exec(failure ?? '') ?? [];
    return {
      exitCode: outcome === undefined || (failure !== undefined && code === undefined) ? Number.NaN : Number(code ?? 0),
      log: `${lambda.log}\n${failure ?? ''}`,
      alarmed: isRaised(specification.alarms.failed, lambda),
    };
  },
  mutants: [
    ...environmentMutants(without, (variable, value) =>
      but(({ variables }) => ({ variables: { ...variables, [variable]: value } })),
    ),
    {
      name: 'with the handler of the exporter',
      mutate: but(() => ({ handler: 'index.exportOnce' })),
      saying: /export --once --json/,
    },
    { name: 'with a timeout of 5 s', mutate: but(() => ({ timeoutSeconds: 5 })), saying: /needs 25 s/ },
  ],
});
