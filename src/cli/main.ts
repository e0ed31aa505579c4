import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { causeOf, ResilienceError } from '../errors';
import { execWithoutLauncher } from './errors';
import { exitCodeOf, exitCodes } from './exit-codes';
import { programVersion } from './version';

/*
 * Every command is loaded when it is used: an SDK, a metrics registry or a WebSocket client that is not needed costs a
 * cold start time and memory.
 */
function createProgram(done: (code: number) => void): Command {
  const program = new Command('kong-resilience')
    .description(
      'Keeps a copy of the configuration of Kong Gateway in an object store, and brings a cold data plane up from it.\n' +
        'It reads the same environment as the gateway node beside it; docs/environment.md lists the variables.\n' +
        'docs/ is a folder of the npm package cdktf-kong-resilience, which the image does not hold.',
    )
    .version(programVersion)
    .exitOverride();
  const json = ['--json', 'print data as JSON on stdout', false] as const;

  program
    .command('run')
    .description('do what the environment says this node is: import, export, or first the one and then the other')
    .action(async () => done(await (await import('./run')).runCommand()));

  program
    .command('export')
    .description('export each new configuration, until stopped')
    .option('--once', 'end when the current configuration of each version is stored', false)
    .option('--timeout <seconds>', 'give up after this long (with --once)', positive, 120)
    .option(...json)
    .action(async (options: { once: boolean; timeout: number; json: boolean }, command: Command) => {
      if (!options.once && command.getOptionValueSource('timeout') === 'cli') {
        command.error(
          "error: option '--timeout <seconds>' needs '--once': without it the export runs until it is stopped",
        );
      }
      await (await import('./export')).exportCommand(options);
      done(exitCodes.ok.code);
    });

  program
    .command('import')
    .description('stage the stored configuration for a gateway that is about to start and has no control plane')
    .option('--strict, --require', 'end with the exit code of what failed, instead of 0', false)
    .option('--hold', 'stay afterwards and answer probes until stopped, for a sidecar that must not end', false)
    .option(...json)
    .action(async ({ require: strict, hold, json }: { require: boolean; hold: boolean; json: boolean }) =>
      done(await (await import('./import')).importCommand({ strict, hold, json })),
    );

  program
    .command('exec')
    .description('decide whether the gateway needs the staged configuration, then become the command')
    .argument('<command...>', 'e.g. -- kong start')
    .allowUnknownOption()
    .action(() => {
      throw execWithoutLauncher();
    });

  program
    .command('status')
    .description(
      'show what is stored for this version: size, hash, age, last confirmed, leader; its content is examined by `check`',
    )
    .option(...json)
    .action(async (options: { json: boolean }) => done(await (await import('./status')).statusCommand(options)));

  program
    .command('check')
    .description('check that an importer of each version would find a configuration that is whole, readable and fresh')
    .option(...json)
    .action(async (options: { json: boolean }) => done(await (await import('./check')).checkCommand(options)));

  for (const [name, text] of [
    ['health', 'ask the running agent whether it lives; depends on neither control plane nor store'],
    ['ready', 'ask the running agent whether each version is covered'],
  ] as const) {
    program
      .command(name)
      .description(text)
      .option(...json)
      .action(async (options: { json: boolean }) => done(await (await import('./health')).probeCommand(name, options)));
  }

  program
    .command('demo')
    .description('show it all on this machine: control plane, exporter, outage, cold node, return')
    .option(...json)
    .action(async (options: { json: boolean }) => done(await (await import('./demo')).demoCommand(options)));

  nameWhatIsAllowed(program);
  return program;
}

/** After an error of usage: what would have been right, not the whole help. */
function nameWhatIsAllowed(program: Command): void {
  const names = program.commands.map((command) => command.name());
  program.showHelpAfterError(`Commands are ${names.join(', ')}; \`kong-resilience --help\` tells what each does.`);
  for (const command of program.commands) {
    const options = command.options.map(({ flags }) => flags);
    const allowed = options.length === 0 ? 'It has no options' : `Options are ${options.join(', ')}`;
    command.showHelpAfterError(`${allowed}; \`kong-resilience ${command.name()} --help\` tells more.`);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  }
  return value;
}

async function main(): Promise<number> {
  let exitCode: number = exitCodes.ok.code;
  try {
    await createProgram((code) => (exitCode = code)).parseAsync();
  } catch (error) {
    return failure(error);
  }
  return exitCode;
}

function failure(error: unknown): number {
  if (isCommanderExit(error)) return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
  if (error instanceof ResilienceError) {
    process.stderr.write(`kong-resilience: ${error.code}: ${error.reason}\n${error.fix}\n`);
    return exitCodeOf(error);
  }
  // A bug: its stack is what whoever mends it needs.
  process.stderr.write(
    `kong-resilience: unexpected: ${error instanceof Error ? (error.stack ?? '') : causeOf(error)}\n`,
  );
  return exitCodes.failed.code;
}

function isCommanderExit(error: unknown): error is { exitCode: number } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/*
 * Output that cannot be written, because its reader has gone (`| head`) or a disk is full, changes nothing of what is
 * done: an import must not hold a gateway back for it. Lost data are told in the log; a lost log can be told nowhere.
 */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`kong-resilience: writing to stdout: ${error.message}\n`);
});
process.stderr.on('error', () => undefined);

/**
 * Ends the process, whatever sockets a library keeps open.
 *
 * At its end Node waits for its threads, and a name server that does not answer holds one: ten seconds and more, which
 * an import that has reached its deadline does not have. Where Node can (22.15 and newer), the process becomes a shell
 * then, which ends with the code at once.
 */
function end(code: number): void {
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: object) => void };
  const shell = '/bin/sh';
  if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap') && execve !== undefined && existsSync(shell)) {
    execve.call(process, shell, ['sh', '-c', `exit ${code}`], {});
  }
  process.exit(code);
}

void main().then((code) => {
  process.exitCode = code;
  process.stdout.write('', () => end(code));
});
