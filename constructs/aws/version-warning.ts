import { Aspects } from 'cdktf';
import type { IConstruct } from 'constructs';
import { warn } from '../problems';
import { noVersion } from './problems';

/** Says, once everything is declared, that a store knows no version; nodes may still add theirs until then. */
export function warnWithoutVersion(store: IConstruct, versions: readonly string[]): void {
  Aspects.of(store).add({
    visit: (node) => {
      if (node === store && versions.length === 0) warn(store, noVersion());
    },
  });
}
