import pino from 'pino';
import type { NodeEnvironment } from '../contract';
import type { Log } from '../runtime';

/**
 * The program's log: on stderr, JSON lines, or pretty on a terminal.
 *
 * Node's own warnings (the SDKs' among them) become lines of it. Written at once: what is logged before an exit is there.
 */
export async function createLog(settings: NodeEnvironment['log']): Promise<Log> {
  const pretty = settings.format === 'pretty' || (settings.format === 'auto' && process.stderr.isTTY);
  const options: pino.LoggerOptions = {
    level: settings.level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  const log = pretty
    ? pino(
        options,
        (await import('pino-pretty')).default({
          colorize: process.stderr.isTTY,
          destination: 2,
          messageKey: 'message',
          sync: true,
          translateTime: 'SYS:HH:MM:ss.l',
        }),
      )
    : pino(options, pino.destination({ fd: 2, sync: true }));
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ warning: warning.name }, warning.message.replace(/\s+/g, ' ').trim()));
  return log;
}
