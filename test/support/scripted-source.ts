import type { ResilienceError } from '../../src/errors';
import { canonicalHashes, type Configuration } from '../../src/snapshot';
import type { ConfigurationSource, SourceListener } from '../../src/source/source';

/** A control plane in the hands of a test: it sends what it is told to, and its current configuration when asked again. */
export class ScriptedSource implements ConfigurationSource {
  readonly name = 'scripted';
  refreshes = 0;
  connected = true;
  private listener: SourceListener | undefined;
  private problem: ResilienceError | undefined;
  private current: Configuration | undefined;

  async run(listener: SourceListener, signal: AbortSignal): Promise<void> {
    this.listener = listener;
    if (this.problem !== undefined) listener.onProblem(this.problem);
    if (this.current !== undefined && this.connected) this.push(this.current);
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    this.listener = undefined;
  }

  refresh(): void {
    this.refreshes++;
    setImmediate(() => {
      if (this.current !== undefined && this.connected) this.push(this.current);
    });
  }

  /** The configuration changes; it arrives when connected. */
  push(configuration: Configuration): void {
    this.current = configuration;
    if (!this.connected) return;
    this.listener?.onState('live');
    this.listener?.onConfiguration(configuration);
  }

  disconnect(error?: ResilienceError): void {
    this.connected = false;
    this.problem = error;
    this.listener?.onState('connecting');
    if (error !== undefined) this.listener?.onProblem(error);
  }
}

/** A small valid configuration that differs by `name`, with the hash that a control plane sends for it. */
export function configurationNamed(name: string, changes: Partial<Configuration> = {}): Configuration {
  const table = Buffer.from(
    JSON.stringify({ _format_version: '3.0', _transform: false, services: [{ id: name, name, host: 'localhost' }] }),
  );
  const { configHash, hashes } = canonicalHashes(table);
  return { table, configHash, hashes, receivedAt: new Date(), ...changes };
}
