/**
 * Works on values one after the other. A value that comes while another is being worked on waits; a still newer one
 * takes its place. So the last value is always worked on, and never more than one at a time.
 */
export class Latest<T> {
  #busy = false;
  #next: { readonly value: T } | undefined;

  /** @param work must not reject */
  constructor(private readonly work: (value: T) => Promise<void>) {}

  /** Whether nothing is being worked on, and nothing waits. */
  get idle(): boolean {
    return !this.#busy;
  }

  push(value: T): void {
    this.#next = { value };
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#next !== undefined) {
      const { value } = this.#next;
      this.#next = undefined;
      await this.work(value);
    }
    this.#busy = false;
  }
}
