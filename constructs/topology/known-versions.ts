import type { IConstruct } from 'constructs';
import { expressionOf, throwProblems, warn, whenDeclared, type Problem } from '../problems';
import { mayBeEnterprise, versionProblems } from './versions';

/** @internal The versions under which exporters write to a store, each once. */
export class KnownVersions {
  readonly #store: IConstruct;
  /** By their texts in the stack's JSON. */
  readonly #versions = new Map<string, string>();

  constructor(store: IConstruct) {
    this.#store = store;
  }

  get all(): readonly string[] {
    return [...this.#versions.values()];
  }

  /** Whether an Enterprise gateway may write, which elects a leader. Without a version any may. */
  get mayElect(): boolean {
    return this.#versions.size === 0 || this.all.some(mayBeEnterprise);
  }

  /** @returns whether it is new. @throws DeclarationError when it is known and not a full version */
  add(version: string): boolean {
    throwProblems(this.#store, versionProblems('version', version));
    const text = expressionOf(this.#store, version);
    if (this.#versions.has(text)) return false;
    this.#versions.set(text, version);
    return true;
  }

  /** Tells at synth, when all nodes are declared, that there is none. */
  warnWithout(problem: Problem): void {
    whenDeclared(this.#store, () => {
      if (this.#versions.size === 0) warn(this.#store, problem);
    });
  }
}
