import pino from 'pino';
import type { NodeEnvironment } from '../contract';
import type { Log } from '../runtime';

/** What waits for a stderr that cannot be written, in bytes; what comes then is dropped. */
const maxBacklog = 1024 * 1024;

/**
 * What the AWS SDK says at each start on Node 20: its later releases will not run there. Ours is in the bundle and does,
 * and nobody who reads a node's log can act on it.
 */
const aboutNode = /^NodeVersionSupportWarning: /;
/** Node's own deprecations: it is a library in the bundle that uses what is deprecated, and nobody who reads a node's log can act on that either. */
const deprecation = /^DEP\d+$/;

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
    : pino(options, plainDestination());
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message, code }: Error & { code?: string }) => {
    const level = aboutNode.test(message) || deprecation.test(code ?? '') ? 'debug' : 'warn';
    log[level]({ warning: name }, message.replace(/\s+/g, ' ').trim());
  });
  return log;
}

/** A stderr that nobody reads, or on a full disk, must not end the program: the next line is tried again. */
function plainDestination(): pino.DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: maxBacklog });
  destination.on('error', () => undefined);
  return destination;
}
