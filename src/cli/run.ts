import { contextOrFailure, WithoutSecrets } from './context';
import { exitCodes } from './exit-codes';
import { runExporter } from './export';
import { runImport } from './import';
import { untilSignalled } from './signals';

/** Does what the environment says this node is: imports and ends, exports until signalled, or first the one and then the other. @returns the exit code */
export async function runCommand(): Promise<number> {
  const context = await contextOrFailure('run');
  const stop = untilSignalled(context.log);
  const { role } = context.environment;
  let exitCode: number = exitCodes.ok.code;
  if (role.import) ({ exitCode } = await runImport(context, stop, { strict: false, json: false }));
  if (!role.export || stop.aborted) return exitCode;
  // Whoever exports as well can do nothing without its secrets: its supervisor starts it again.
  if (context instanceof WithoutSecrets) throw context;
  await runExporter(context, stop, { once: false, timeout: 0, json: false });
  return exitCode;
}
