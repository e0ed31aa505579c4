import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { partialResults, picturesFolder } from './paths';
import type { Form } from './results';
import { suites } from './suites';

export interface Options {
  readonly form: Form;
  readonly rounds: number;
  /** Name of the one suite that is run. */
  readonly only?: string;
  readonly install: boolean;
  /** Whether the page is written again from the results that are there. */
  readonly page: boolean;
  /** An earlier result, by its path. */
  readonly compare?: string;
  /** Where the results are, or go. */
  readonly results: string;
  /** Whether the page is written. */
  readonly write: boolean;
}

/** What was asked for cannot be done. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message}\n${usage}`);
  }
}

const defaultRounds: Readonly<Record<Form, number>> = { short: 5, default: 5, long: 15 };

const usage = `npm run bench [-- options]
  --short            a few minutes, for CI: versitygw, the aws CLI and a bare SDK alone; writes no page
  --long             half an hour: more rounds, a delay of 60 s, an exporter of 1,000 configurations
  --rounds <n>       how often each is measured (short 5, default 5, long 15)
  --only <suite>     ${namesIn()}; writes no page
  --compare <file>   what changed since that result, beyond the noise
  --output <file>    where the result goes (default docs/bench/results.json; with --short and --only the temporary folder)
  --page             writes the page again from the result, and measures nothing
  --install          installs rclone, mc and the aws CLI, where they are missing
The exit code is 1 where a ratio that was promised is missed beyond the noise, and where a suite fails. Then, and if it is
interrupted, the figures of the suites that were measured are in ${partialResults}.
`;

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  const { values } = parsed(args);
  if (values.short && values.long) throw new UsageError('--short and --long exclude each other');
  const form = values.short ? 'short' : values.long ? 'long' : 'default';
  const rounds = values.rounds === undefined ? defaultRounds[form] : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 3) {
    throw new UsageError(`--rounds is ${values.rounds ?? ''}: it must be a whole number of at least 3`);
  }
  const { only, compare } = values;
  if (only !== undefined && !suites.some(({ name, forms }) => name === only && forms.includes(form))) {
    throw new UsageError(`--only is ${only}: the ${form} form has ${namesIn(form)}`);
  }
  const partial = form === 'short' || only !== undefined;
  const results = values.output === undefined ? undefined : resolve(values.output);
  return {
    ...{ form, rounds, install: values.install, page: values.page, write: values.page || !partial },
    results: results ?? (partial ? partialResults : join(picturesFolder, 'results.json')),
    ...(only === undefined ? {} : { only }),
    ...(compare === undefined ? {} : { compare: resolve(compare) }),
  };
}

function namesIn(form?: Form): string {
  const names = suites.filter(({ forms }) => form === undefined || forms.includes(form)).map(({ name }) => name);
  return names.join(', ').replace(/, (\w+)$/, ' or $1');
}

function parsed(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ short: flag, long: flag, page: flag, install: flag },
        ...{ rounds: text, only: text, compare: text, output: text },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
