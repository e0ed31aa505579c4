import type { Answer } from './network';
import type { Sandbox } from './sandbox';

/** A rendered specification that its platform runs. */
export interface Workload {
  /** Names of its containers, as the specification has them. */
  readonly containers: readonly string[];
  /** Why the platform does not run it any more, in the platform's words; nothing while it does. */
  readonly stopped: string | undefined;
  /** The present instance of a container; nothing before its first start. */
  sandbox(container: string): Sandbox | undefined;
  /** Starts it. Resolves when the platform has nothing more to start, whatever became of it. */
  start(): Promise<void>;
  /**
   * Ends the process of a container by force, and lets the platform do what its rules say. Resolves when it has.
   *
   * @param ranSeconds how long the container is taken to have run, where a rule counts that; an hour by default
   */
  crash(container: string, ranSeconds?: number): Promise<void>;
  /** Asks a port of a container. */
  ask(container: string, port: number, path: string): Promise<Answer | undefined>;
  /** Lets nothing of it be started any more; what runs ends with its machine. */
  abandon(): void;
}

/** A specification that the platform refuses, or that says what its executor does not do. */
export class Refused extends Error {}

/** Refuses what an executor would leave out: what is rendered is what is run. */
export function onlyKnown(where: string, object: object, known: readonly string[]): void {
  const unknown = Object.entries(object).filter(([name, value]) => !known.includes(name) && isSet(value));
  if (unknown.length > 0) throw new Refused(`${where}: not executed: ${unknown.map(([name]) => name).join(', ')}`);
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
