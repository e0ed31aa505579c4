/**
 * The program as an AWS Lambda function: `index.exportOnce` and `index.check` of dist/lambda.zip.
 *
 * Each run is the program as a process of its own, so that it is the same program with the same log and exit codes as
 * everywhere, begins without what an earlier run left in memory, and can be asked to end.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeIdOfFunction } from '../contract/node-id';
import { runProgram } from './run-program';
import { SHUTDOWN_SECONDS, timesFor } from './times';

/** Of Lambda's context, what is used. */
export interface LambdaContext {
  /** Milliseconds until Lambda ends the run. */
  getRemainingTimeInMillis(): number;
  readonly invokedFunctionArn: string;
}

/**
 * Exports the current configuration of each version, once.
 *
 * The node id is KONG_RESILIENCE_NODE_ID, or made of the function's ARN: the control plane lists one node, and not one for
 * each host that a run happens to be on. Runs that overlap, after a retry of Lambda's, do no harm: the lease lets one of
 * them write, and the other one ends with what that one has stored.
 *
 * @returns what `export --once --json` prints
 * @throws KR_LAMBDA_RUN_FAILED with exit code and reason; KR_LAMBDA_RUN_KILLED, KR_LAMBDA_TOO_SHORT, KR_LAMBDA_OUTPUT
 */
export async function exportOnce(_event: unknown, context: LambdaContext): Promise<unknown> {
  const nodeId = process.env['KONG_RESILIENCE_NODE_ID'];
  return run(context, (seconds) => ['export', '--once', '--json', '--timeout', `${seconds}`], {
    KONG_RESILIENCE_NODE_ID:
      nodeId === undefined || nodeId.trim() === '' ? nodeIdOfFunction(context.invokedFunctionArn) : nodeId,
  });
}

/**
 * Checks under the importer's identity that what an importer needs is stored, whole and fresh.
 *
 * @returns what `check --json` prints
 * @throws as `exportOnce`
 */
export async function check(_event: unknown, context: LambdaContext): Promise<unknown> {
  return run(context, () => ['check', '--json'], {});
}

async function run(
  context: LambdaContext,
  argumentsFor: (seconds: number) => readonly string[],
  more: Readonly<Record<string, string>>,
): Promise<unknown> {
  // Only this folder is writable, and it stays for the next run on the same host.
  const folder = join(tmpdir(), 'kong-resilience');
  const environment = {
    XDG_CACHE_HOME: folder,
    KONG_RESILIENCE_SPOOL_DIR: join(folder, 'spool'),
    KONG_RESILIENCE_SHUTDOWN_SECONDS: `${SHUTDOWN_SECONDS}`,
    ...process.env,
    ...more,
  };
  const { seconds, terminateAfterMs, killAfterMs } = timesFor(
    context.getRemainingTimeInMillis(),
    environment.KONG_RESILIENCE_SHUTDOWN_SECONDS,
  );
  return runProgram({
    program: join(__dirname, 'kong-resilience.cjs'),
    args: argumentsFor(seconds),
    environment,
    terminateAfterMs,
    killAfterMs,
  });
}
