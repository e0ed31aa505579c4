import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Credentials } from '../servers';
import type { Image } from './images';
import { Network, type Reachable } from './network';
import type { Machine, Sandbox } from './sandbox';
import { Refused } from './workload';

/*
 * A function of AWS Lambda and the schedule that invokes it, by AWS's documentation:
 * - "Using the Lambda runtime API": the runtime asks for the next invocation, and posts its response or error
 * - "Lambda execution environment": warm ones are used again, frozen in between; after a time-out or the end of its process one is not
 * - "Defined runtime environment variables": what Lambda sets itself; those are reserved, and all others 4 KB together
 * - "Lambda quotas", "Ephemeral storage": only /tmp is writable, 512 MB by default
 * - "Understanding reserved concurrency": what is over it is throttled
 * - "Error handling for asynchronous invocations": a failed event is tried again, as often as its configuration says
 *
 * Memory is not limited. The runtime is this process's Node, whichever version is named. Waits between tries are not waited for.
 */

/** An aws_lambda_function, as Terraform has it in its state; the archive is the file that it names. */
export interface LambdaSpec {
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  readonly runtime: string;
  readonly archive: Buffer;
  readonly sourceCodeHash: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly tmpMiB: number;
  /** Nothing where none is reserved. */
  readonly reservedConcurrency?: number;
  readonly variables: Readonly<Record<string, string>>;
}

export interface LambdaAccount {
  readonly region: string;
  /** Of the function's role. */
  readonly credentials: () => Credentials;
  readonly reachable: Reachable;
}

/** What an invocation is answered with. */
export type LambdaOutcome =
  | { readonly payload: unknown; readonly error?: undefined }
  | { readonly error: { readonly errorType: string; readonly errorMessage: string } };

const runtimeFile = fileURLToPath(new URL('lambda-runtime.mjs', import.meta.url));
/** With the files' own permissions, as Lambda takes them. */
const unpack = `import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
  for entry in archive.infolist():
    archive.extract(entry, sys.argv[2])
    os.chmod(os.path.join(sys.argv[2], entry.filename), (entry.external_attr >> 16) & 0o777)`;

const reserved = (name: string): boolean =>
  name.startsWith('AWS_LAMBDA_') ||
  [
    ...['_HANDLER', '_X_AMZN_TRACE_ID', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_EXECUTION_ENV', 'AWS_ACCESS_KEY'],
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'LAMBDA_TASK_ROOT', 'LAMBDA_RUNTIME_DIR'],
  ].includes(name);

/** @param read gives the content of a file that the state names */
export function lambdaOf(values: Readonly<Record<string, unknown>>, read: (filename: string) => Buffer): LambdaSpec {
  for (const name of ['layers', 'image_uri', 's3_bucket', 'file_system_config', 'image_config', 'snap_start']) {
    const value = values[name];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw new Refused(`the function: not executed: ${name}`);
  }
  const [environment] = (values['environment'] ?? []) as { variables: Record<string, string> }[];
  const [storage] = (values['ephemeral_storage'] ?? []) as { size?: number }[];
  const concurrency = values['reserved_concurrent_executions'];
  return {
    name: String(values['function_name']),
    arn: String(values['arn']),
    handler: String(values['handler']),
    runtime: String(values['runtime']),
    archive: read(String(values['filename'])),
    sourceCodeHash: String(values['source_code_hash']),
    timeoutSeconds: Number(values['timeout'] ?? 3),
    memoryMiB: Number(values['memory_size'] ?? 128),
    tmpMiB: typeof storage?.size === 'number' ? storage.size : 512,
    ...(typeof concurrency === 'number' && concurrency >= 0 ? { reservedConcurrency: concurrency } : {}),
    variables: environment?.variables ?? {},
  };
}

/** A function, with all of its environments. */
export class LambdaFunction {
  /** What Lambda counts, in CloudWatch's names. */
  readonly metrics = { Invocations: 0, Errors: 0, Throttles: 0 };
  readonly environments: ExecutionEnvironment[] = [];
  private readonly idle: ExecutionEnvironment[] = [];
  private running = 0;
  private readonly image: Image;

  /** @throws Refused as the API does */
  constructor(
    readonly machine: Machine,
    readonly spec: LambdaSpec,
    readonly account: LambdaAccount,
  ) {
    const { archive, sourceCodeHash, runtime, variables } = spec;
    const hash = createHash('sha256').update(archive).digest('base64');
    if (hash !== sourceCodeHash) throw new Refused(`the archive is ${hash}, and not ${sourceCodeHash}`);
    if (!['nodejs22.x', 'nodejs24.x'].includes(runtime)) throw new Refused(`not executed: runtime ${runtime}`);
    const own = Object.keys(variables).filter(reserved);
    if (own.length > 0) throw new Refused(`InvalidParameterValueException: reserved keys: ${own.join(', ')}`);
    const bytes = Buffer.byteLength(JSON.stringify(variables));
    if (bytes > 4096) throw new Refused(`InvalidParameterValueException: ${bytes} bytes of environment exceed 4 KB`);
    this.image = this.makeImage();
  }

  /** All that it wrote: its log group. */
  get log(): string {
    return this.environments.map(({ log }) => log).join('');
  }

  /** A synchronous invocation. */
  async invoke(event: object = {}): Promise<LambdaOutcome> {
    const { reservedConcurrency: most = 1000 } = this.spec;
    if (this.running >= most) {
      this.metrics.Throttles += 1;
      return { error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' } };
    }
    this.metrics.Invocations += 1;
    this.running += 1;
    try {
      const environment = this.idle.pop() ?? (await this.open());
      const outcome = await environment.invoke(event);
      if (environment.lives) this.idle.push(environment);
      if (outcome.error !== undefined) this.metrics.Errors += 1;
      return outcome;
    } finally {
      this.running -= 1;
    }
  }

  private async open(): Promise<ExecutionEnvironment> {
    const environment = await ExecutionEnvironment.open(this, this.image);
    this.environments.push(environment);
    return environment;
  }

  private makeImage(): Image {
    const folder = this.machine.newFolder('lambda');
    const archive = join(this.machine.newFolder('archive'), 'lambda.zip');
    writeFileSync(archive, this.spec.archive);
    const task = join(folder, 'var/task');
    mkdirSync(task, { recursive: true });
    const { status, stderr } = spawnSync('python3', ['-c', unpack, archive, task]);
    if (status !== 0) throw new Refused(`the archive cannot be unpacked: ${stderr.toString()}`);
    return {
      folder,
      // Neither is set by Lambda.
      entrypoint: ['/usr/bin/env', '-u', 'HOME', '-u', 'HOSTNAME', '/var/lang/bin/node', '/var/runtime/index.mjs'],
      command: [],
      environment: {},
      user: 'sbx_user1051',
      workingDirectory: '/var/task',
      stopSignal: 'SIGTERM',
      volumes: [],
      owners: {},
      users: [{ name: 'sbx_user1051', uid: 993, gid: 990, home: '/home/sbx_user1051' }],
      groups: [],
      binds: [
        { source: process.execPath, target: '/var/lang/bin/node', readOnly: true },
        { source: runtimeFile, target: '/var/runtime/index.mjs', readOnly: true },
      ],
      hidden: ['/usr/bin/node'],
    };
  }
}

interface Invocation {
  readonly id: string;
  readonly event: object;
  readonly done: (outcome: LambdaOutcome) => void;
}

/** One execution environment: a process, and the runtime API that it asks. */
class ExecutionEnvironment {
  lives = true;
  private current: Invocation | undefined;
  private asking: ServerResponse | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failure: LambdaOutcome | undefined;

  private constructor(
    private readonly owner: LambdaFunction,
    private readonly sandbox: Sandbox,
  ) {}

  static async open(owner: LambdaFunction, image: Image): Promise<ExecutionEnvironment> {
    const { machine, spec, account } = owner;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const reachable = { ...account.reachable, '169.254.100.1:9001': () => port };
    const network = await Network.open(machine.newFolder('network'), reachable);
    machine.atEnd(async () => {
      server.closeAllConnections();
      server.close();
      await network.close();
    });
    const sandbox = machine.create({
      name: 'lambda',
      image,
      network,
      environment: environmentOf(spec, account),
      tmpfs: [`/tmp:size=${spec.tmpMiB}m`],
      readOnlyRoot: true,
      dropCapabilities: ['ALL'],
    });
    const environment = new ExecutionEnvironment(owner, sandbox);
    server.on('request', (request, response) => void environment.answer(request, response));
    await sandbox.start();
    void sandbox.exit.then((exitCode) => environment.ended(exitCode));
    return environment;
  }

  get log(): string {
    return this.sandbox.log;
  }

  async invoke(event: object): Promise<LambdaOutcome> {
    if (this.failure !== undefined) return this.failure;
    const outcome = await new Promise<LambdaOutcome>((done) => {
      this.current = { id: randomUUID(), event, done };
      this.sandbox.signal('SIGCONT');
      this.give();
    });
    clearTimeout(this.timer);
    this.current = undefined;
    if (!this.lives) await this.sandbox.kill();
    // "Lambda freezes the execution environment."
    else this.sandbox.signal('SIGSTOP');
    return outcome;
  }

  /** The time of an invocation begins when the runtime has it. */
  private give(): void {
    const { current, asking } = this;
    if (current === undefined || asking === undefined) return;
    const { timeoutSeconds } = this.owner.spec;
    this.timer = setTimeout(() => {
      this.lives = false;
      const errorMessage = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      current.done({ error: { errorType: 'Sandbox.Timedout', errorMessage } });
    }, timeoutSeconds * 1000);
    this.asking = undefined;
    asking.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': current.id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutSeconds * 1000),
      'lambda-runtime-invoked-function-arn': this.owner.spec.arn,
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
    });
    asking.end(JSON.stringify(current.event));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    const [, what = ''] = /^\/2018-06-01\/runtime\/(.*)$/.exec(request.url ?? '') ?? [];
    if (what === 'invocation/next') {
      this.asking = response;
      this.give();
      return;
    }
    response.writeHead(202).end();
    const { current } = this;
    const value = JSON.parse(body) as never;
    if (what === 'init/error') this.fail({ error: value });
    else if (what === `invocation/${current?.id}/response`) current?.done({ payload: value });
    else if (what === `invocation/${current?.id}/error`) current?.done({ error: value });
  }

  private ended(exitCode: number): void {
    this.fail({
      error: { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: exit status ${exitCode}` },
    });
  }

  private fail(outcome: LambdaOutcome): void {
    this.lives = false;
    this.failure ??= outcome;
    this.current?.done(this.failure);
  }
}

function environmentOf(spec: LambdaSpec, { region, credentials }: LambdaAccount): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials();
  return {
    ...spec.variables,
    _HANDLER: spec.handler,
    AWS_ACCESS_KEY: accessKeyId,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMiB),
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0',
    AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
    AWS_REGION: region,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: '/var/task',
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    TZ: ':UTC',
  };
}

/** What EventBridge and Lambda's queue do with a function: the values of its rule, target, permission and event_invoke_config. */
export interface ScheduleSpec {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly target: Readonly<Record<string, unknown>>;
  readonly permission: Readonly<Record<string, unknown>>;
  readonly invokeConfig: Readonly<Record<string, unknown>>;
}

/** One time at which the schedule is due. @returns what became of each try; nothing where the event reaches no function */
export async function fire(
  lambda: LambdaFunction,
  { rule, target, permission, invokeConfig }: ScheduleSpec,
): Promise<readonly LambdaOutcome[]> {
  const { name, arn } = lambda.spec;
  if (!/^(rate|cron)\(.+\)$/.test(String(rule['schedule_expression']))) throw new Refused('the rule has no schedule');
  const reaches =
    target['rule'] === rule['name'] &&
    target['arn'] === arn &&
    permission['function_name'] === name &&
    permission['action'] === 'lambda:InvokeFunction' &&
    permission['principal'] === 'events.amazonaws.com' &&
    permission['source_arn'] === rule['arn'];
  if (!reaches) return [];
  const retries = invokeConfig['function_name'] === name ? Number(invokeConfig['maximum_retry_attempts'] ?? 2) : 2;
  const outcomes: LambdaOutcome[] = [];
  do outcomes.push(await lambda.invoke({ source: 'aws.events', 'detail-type': 'Scheduled Event' }));
  while (outcomes.at(-1)?.error !== undefined && outcomes.length <= retries);
  return outcomes;
}
