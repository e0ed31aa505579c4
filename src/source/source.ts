import type { ResilienceError } from '../errors';
import type { Configuration } from '../snapshot/configuration';

/** What a source tells while it runs. Calls come one after the other, never at the same time. */
export interface SourceListener {
  /** A configuration arrived, whole and valid. Each delivery confirms that it is the current one, also when it is equal to the last. */
  onConfiguration(configuration: Configuration): void;
  /** Something is wrong with the source; it goes on trying by itself. The same problem in a row is told each time it occurs. */
  onProblem(error: ResilienceError): void;
  onState(state: SourceState): void;
}

/** `connecting`: no connection yet or any more. `waiting`: connected, nothing received yet. `live`: connected and received. */
export type SourceState = 'connecting' | 'waiting' | 'live';

/** Where configurations come from, for one gateway version. */
export interface ConfigurationSource {
  /** For messages: `control plane cp.example.com:8005`, never with a credential. */
  readonly name: string;
  /** Runs until `signal` aborts; reconnects by itself; never rejects but for a programming error. */
  run(listener: SourceListener, signal: AbortSignal): Promise<void>;
  /** Asks for the current configuration again, at once (the hybrid protocol has no other way than a new connection). */
  refresh(): void;
}
