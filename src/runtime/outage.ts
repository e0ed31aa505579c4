import type { ResilienceError } from '../errors';
import { logEvent, type LogEventName } from './events';
import type { Log } from './log';
import type { Clock } from './time';

/** The same problem is told again, at `error`, after this long. */
const everyMs = 600_000;

/**
 * Tells what fails at each try without filling the log: each different problem once at `error`, then at most every ten
 * minutes; the tries between at `debug`; and the end at `info`. Different is another code or reason, so that two that
 * take turns (two addresses of one name) are two lines, not one a try.
 *
 * Each line counts: `tries`, and `sinceSeconds` from the first of them.
 */
export class Outage {
  private tries = 0;
  private beganAt = 0;
  /** When each problem was last told at `error`, by the monotonic clock. */
  private readonly told = new Map<string, number>();

  constructor(
    private readonly options: {
      readonly log: Log;
      readonly clock: Clock;
      /** Which event a failed try is; none where somebody else tells the end of it as one. */
      readonly event?: LogEventName;
      /** The message of a failed try. */
      readonly failing: string;
      /** The message of the first success after it. */
      readonly over: string;
    },
  ) {}

  /** One more failed try. */
  failed(error: ResilienceError, fields: object = {}): void {
    const { log, clock, failing, event } = this.options;
    const now = clock.monotonicMs();
    if (this.tries++ === 0) this.beganAt = now;
    // A reason that is never the same twice must not be kept for ever.
    for (const [problem, toldAt] of this.told) if (now - toldAt >= everyMs) this.told.delete(problem);
    const problem = `${error.code} ${error.reason}`;
    const level = this.told.has(problem) ? 'debug' : 'error';
    if (level === 'error') this.told.set(problem, now);
    const all = { ...error.toJSON(), ...fields, ...this.count() };
    if (event === undefined) log[level](all, failing);
    else logEvent(log, event, all, failing, level);
  }

  /** A try that succeeded; says something only after failed ones. */
  succeeded(): void {
    if (this.tries === 0) return;
    this.options.log.info(this.count(), this.options.over);
    this.tries = 0;
    this.told.clear();
  }

  private count(): { tries: number; sinceSeconds: number } {
    return { tries: this.tries, sinceSeconds: Math.round((this.options.clock.monotonicMs() - this.beganAt) / 1000) };
  }
}
