import { ExponentialBackoff, type IBackoff } from 'cockatiel';

/** How long to wait before the next try: grows with each failure, with jitter, and starts over after a success. */
export class Backoff {
  private readonly factory: ExponentialBackoff<unknown>;
  private state: IBackoff<unknown> | undefined;

  constructor(limits: { readonly initialMs: number; readonly maxMs: number }) {
    this.factory = new ExponentialBackoff({ initialDelay: limits.initialMs, maxDelay: limits.maxMs });
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    this.state = this.state === undefined ? this.factory.next() : this.state.next(undefined);
    return this.state.duration;
  }

  reset(): void {
    this.state = undefined;
  }
}
