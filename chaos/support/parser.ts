import type { Hostile } from './hostile';

/** A parser under fire. */
export interface Parser {
  readonly name: string;
  /** How the number of cases came about, where that is not said by it. */
  readonly note?: string;
  /** Programs that it needs; without them it is skipped, visibly, and in CI that is a failure. */
  readonly programs?: readonly string[];
  /** Share of the usual number of cases, where one of them costs far more than the others. */
  readonly share?: number;
  /** How many cases are fed at once; 1 by default. */
  readonly batch?: number;
  /**
   * Feeds it one case, or a batch.
   *
   * @returns whether it was taken for valid; how many of a batch were
   * @throws an error with a code of ours where it refused; any other one is a defect
   */
  readonly feed: (hostile: Hostile) => boolean | Promise<boolean | number>;
  /** Makes ready, and clears up. */
  readonly start?: () => Promise<void> | void;
  readonly stop?: () => Promise<void> | void;
}

/** A promise that a case broke. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

let held = new Set<string>();

/** What has been held against answers since this was asked last. */
export function promisesHeld(): readonly string[] {
  const promises = [...held].sort();
  held = new Set();
  return promises;
}

/**
 * Holds a promise against an answer.
 *
 * @param promise as the table of faults has it
 * @param shown what the case was
 */
export function must(holds: boolean, promise: string, shown: () => unknown): void {
  held.add(promise);
  if (holds) return;
  const text = shown();
  throw new Broken(`${promise}: ${text instanceof Uint8Array ? show(text) : JSON.stringify(text)}`);
}

/** Bytes so that they can be fed again: in base64 as well. */
export function show(bytes: Uint8Array): string {
  return `${JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 400))} base64 ${Buffer.from(bytes).toString('base64').slice(0, 4000)}`;
}
