import { RunningDigests, type Digests } from './digests';
import type { JsonKind } from './json-kind';
import { JsonScanner, type JsonScannerOptions, type JsonStructure } from './json-scanner';

/** What a scanner found in a whole text. */
export interface Scanned {
  /** Kind of the text's value. */
  readonly rootKind: JsonKind | undefined;
  readonly outer: JsonStructure;
  readonly inner: JsonStructure | undefined;
}

/** What one pass over a text tells. */
export interface Passed extends Scanned {
  readonly digests: Digests;
}

/** What a scanner is told to look for and can be sent to a thread: no listeners. */
export type ScanPlan = Omit<JsonScannerOptions, 'onElement' | 'onMember'>;

/** One pass over a text that comes in chunks: checks that it is JSON, and digests it. */
export class TextPass {
  readonly #scanner: JsonScanner;
  readonly #digests = new RunningDigests();

  constructor(plan: ScanPlan) {
    this.#scanner = new JsonScanner(plan);
  }

  /** Keeps no reference to the bytes. @throws what the scanner throws */
  feed(bytes: Uint8Array): void {
    this.#scanner.feed(bytes);
    this.#digests.update(bytes);
  }

  /** @throws what the scanner throws */
  end(): Passed {
    this.#scanner.end();
    const { rootKind, outer, inner } = this.#scanner;
    return { rootKind, outer, inner, digests: this.#digests.with(new Uint8Array(0)) };
  }
}
