import { Agent } from 'node:http';
import { causeOf } from '../errors';
import { pause } from '../runtime';
import { ask } from './ask';

export interface LoadRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly requests: number;
  /** Without an answer, or with another status than 200. */
  readonly lost: number;
  /** What was wrong with the first ones. */
  readonly failures: readonly string[];
}

/** Constant load on one node: a request, a pause of 5 ms, the next one, until it is stopped. None is repeated. */
export class Load {
  private readonly stopping = new AbortController();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private readonly running: Promise<void>;
  private requests = 0;
  private lost = 0;
  private readonly failures: string[] = [];

  constructor(
    private readonly url: string,
    private readonly mix: readonly LoadRequest[],
  ) {
    this.running = this.run();
  }

  /** Ends after the request in hand. */
  async stop(): Promise<LoadResult> {
    this.stopping.abort();
    await this.running;
    this.agent.destroy();
    return { requests: this.requests, lost: this.lost, failures: this.failures };
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      for (const { path, headers = {} } of this.mix) {
        this.requests += 1;
        try {
          const { status } = await ask(`${this.url}${path}`, { headers, agent: this.agent });
          if (status !== 200) this.failed(`${path}: ${status}`);
        } catch (error) {
          this.failed(`${path}: ${causeOf(error)}`);
        }
        await pause(5, this.stopping.signal);
      }
    }
  }

  private failed(how: string): void {
    this.lost += 1;
    if (this.failures.length < 5) this.failures.push(how);
  }
}
