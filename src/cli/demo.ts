import { realpathSync } from 'node:fs';
import { exitCodes } from './exit-codes';
import { printJson, printLine } from './print';

/** Runs the whole story on this machine, with real processes of this program. @returns the exit code */
export async function demoCommand(options: { json: boolean }): Promise<number> {
  const { runDemo } = await import('../demo');
  const self = realpathSync(process.argv[1] ?? '');
  const report = await runDemo({
    program: { command: process.execPath, args: [self] },
    json: options.json,
    print: options.json ? () => undefined : printLine,
  });
  if (options.json) printJson(report);
  return report.ok ? exitCodes.ok.code : exitCodes.failed.code;
}
