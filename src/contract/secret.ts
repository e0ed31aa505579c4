import { inspect } from 'node:util';

/** A value that cannot be printed by accident: every way to text says `[secret]`; only `reveal()` gives it. */
export class Secret<T = string> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  /** The value itself. Never put what this returns into a log, an error or a metric. */
  reveal(): T {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}
