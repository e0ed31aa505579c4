import { defineError } from '../errors';

export const lambdaTooShort = defineError(
  'KR_LAMBDA_TOO_SHORT',
  "What is left of the Lambda function's timeout is too short for a run.",
  (leftSeconds: number, neededSeconds: number) => ({
    reason: `The function has ${leftSeconds} s left for this run, and needs ${neededSeconds} s at least.`,
    fix: "Raise the function's timeout; 120 s leave time for a slow control plane and a slow store.",
  }),
);

export const lambdaRunFailed = defineError(
  'KR_LAMBDA_RUN_FAILED',
  'The program in a Lambda function ended with an exit code other than 0, which the message names with the reason.',
  (command: string, code: number, said: string) => ({
    reason: `\`kong-resilience ${command}\` ended with exit code ${code}: ${said}`,
    fix: "The function's log has all that it said.",
  }),
);

export const lambdaRunKilled = defineError(
  'KR_LAMBDA_RUN_KILLED',
  'The program in a Lambda function was ended by a signal: out of memory, or out of time.',
  (command: string, signal: string, said: string) => ({
    reason: `\`kong-resilience ${command}\` was ended by ${signal}: ${said}`,
    fix: "Compare the function's log with its timeout and memory.",
  }),
);

export const lambdaOutput = defineError(
  'KR_LAMBDA_OUTPUT',
  'The program in a Lambda function ended with 0, and what it printed is not JSON.',
  (command: string) => ({
    reason: `\`kong-resilience ${command}\` ended with exit code 0, and what it printed on stdout is not JSON.`,
    fix: "Make the function anew from the package's dist/lambda.zip, whose files belong together.",
  }),
);
