import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Form } from './bench';
import { picturesFolder } from './paths';

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

const usage = `npm run bench [-- options]
  --short            a few minutes, for CI: versitygw, the aws CLI and a bare SDK alone; writes no page
  --long             with what takes long: a delay of 60 s, an exporter of 1,000 configurations
  --rounds <n>       how often each is measured (short 5, default 5, long 15)
  --only <suite>     transfer, rpo, rto, exporter, synth or size; writes no page
  --compare <file>   what changed since that result, beyond the noise
  --output <file>    where the result goes (default docs/bench/results.json; with --short and --only the temporary folder)
  --page             writes the page again from the result, and measures nothing
  --install          installs rclone, mc and the aws CLI, where they are missing
The exit code is 1 where a ratio that was promised is missed beyond the noise.
`;

/** @throws Error with the usage */
export function readOptions(args: readonly string[]): Options {
  const { values } = parsed(args);
  if (values.short && values.long) throw new Error(`--short and --long exclude each other\n${usage}`);
  const form = values.short ? 'short' : values.long ? 'long' : 'default';
  const rounds = values.rounds === undefined ? { short: 5, default: 5, long: 15 }[form] : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 3) {
    throw new Error(`--rounds is ${values.rounds ?? ''}: it must be a whole number of at least 3\n${usage}`);
  }
  const partial = form === 'short' || values.only !== undefined;
  const published = join(picturesFolder, 'results.json');
  return {
    form,
    rounds,
    install: values.install,
    page: values.page,
    write: values.page || !partial,
    results:
      values.output === undefined
        ? partial
          ? join(tmpdir(), 'kong-resilience-bench.json')
          : published
        : resolve(values.output),
    ...(values.only === undefined ? {} : { only: values.only }),
    ...(values.compare === undefined ? {} : { compare: resolve(values.compare) }),
  };
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
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
