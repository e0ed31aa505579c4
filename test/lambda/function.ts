import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Environment, type Exit, Program, temporaryFolder } from '../support/program';

/** Calls a handler as Lambda's runtime does, and prints what came of it. */
const runtime = `
const [, index, handler, milliseconds] = process.argv;
const end = Date.now() + Number(milliseconds);
const context = {
  getRemainingTimeInMillis: () => end - Date.now(),
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:kong-exporter:live',
};
const tell = (what) => process.stdout.write(JSON.stringify(what));
require(index)[handler]({ source: 'aws.events' }, context).then(
  (result) => tell({ result }),
  (error) => tell({ errorType: error.name, errorMessage: error.message }),
);
`;

/** All that Lambda sets by itself (Node 22), with credentials that are none. */
export const ownEnvironment: Environment = {
  _HANDLER: 'index.exportOnce',
  _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
  AWS_ACCESS_KEY: 'AKIDEXAMPLE',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_LAMBDA_FUNCTION_NAME: 'kong-exporter',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_FORMAT: 'Text',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/kong-exporter',
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0',
  AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
  AWS_REGION: 'eu-west-1',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'example',
  AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
  HOME: undefined,
  LAMBDA_RUNTIME_DIR: '/var/runtime',
  LAMBDA_TASK_ROOT: '/var/task',
  LANG: 'en_US.UTF-8',
  NODE_PATH: '/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules',
  TZ: ':UTC',
};

export interface Answer {
  readonly result?: unknown;
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** A function whose code is dist/lambda.zip, unpacked by Python's reader of archives. */
export class LambdaFunction {
  readonly folder = temporaryFolder();
  /** Its /tmp. */
  readonly tmp = temporaryFolder();

  constructor() {
    const { status, stderr } = spawnSync('python3', ['-m', 'zipfile', '-e', resolve('dist/lambda.zip'), this.folder]);
    if (status !== 0) throw new Error(`dist/lambda.zip cannot be unpacked: ${stderr.toString()}`);
  }

  /** Puts another program in the place of ours. */
  replaceProgram(code: string): void {
    writeFileSync(join(this.folder, 'kong-resilience.cjs'), code);
  }

  restoreProgram(): void {
    copyFileSync(resolve('dist/kong-resilience.cjs'), join(this.folder, 'kong-resilience.cjs'));
  }

  /** Starts a run. @param milliseconds what is left of its timeout */
  start(handler: 'exportOnce' | 'check', milliseconds: number, environment: Environment = {}): Program {
    return new Program(
      [join(this.folder, 'index.cjs'), handler, `${milliseconds}`],
      { ...ownEnvironment, TMPDIR: this.tmp, ...environment },
      { command: [process.execPath, '-e', runtime] },
    );
  }

  async run(
    handler: 'exportOnce' | 'check',
    milliseconds: number,
    environment: Environment = {},
  ): Promise<Answer & { readonly log: string }> {
    const exit = await this.start(handler, milliseconds, environment).exit;
    return { ...answerOf(exit), log: exit.stderr };
  }
}

export function answerOf(exit: Exit): Answer {
  if (exit.code !== 0) throw new Error(`the runtime ended with ${exit.code}: ${exit.stderr}`);
  return JSON.parse(exit.stdout) as Answer;
}
