import { Aspects, DefaultTokenResolver, StringConcat, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import { isKnown, warn } from '../problems';
import { mayBeEnterprise } from './lifecycle';
import { noVersion } from './problems';

/** The versions under which exporters write to a store, each once. */
export class KnownVersions {
  readonly #store: IConstruct;
  /** By their texts in the stack's JSON: each access of an attribute makes a token of its own. */
  readonly #versions = new Map<string, string>();

  /** Says at synth, when all nodes are declared, that there is none. */
  constructor(store: IConstruct) {
    this.#store = store;
    Aspects.of(store).add({
      visit: (node) => {
        if (node === store && this.#versions.size === 0) warn(store, noVersion());
      },
    });
  }

  get all(): readonly string[] {
    return [...this.#versions.values()];
  }

  /** Whether an Enterprise gateway may write, which elects a leader. Without a version any may. */
  get mayElect(): boolean {
    return this.#versions.size === 0 || this.all.some(mayBeEnterprise);
  }

  has(version: string): boolean {
    return this.#versions.has(this.#textOf(version));
  }

  add(version: string): void {
    this.#versions.set(this.#textOf(version), version);
  }

  #textOf(version: string): string {
    if (isKnown(version)) return version;
    const resolver = new DefaultTokenResolver(new StringConcat());
    return Tokenization.resolve(version, { scope: this.#store, resolver, preparing: false }) as string;
  }
}
