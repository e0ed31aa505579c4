import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, temporaryFolder } from '../../test/support/program';

/** The program on a machine whose clock is ahead, or behind where it is negative. */
export function nodeAhead(seconds: number): readonly [string, ...string[]] {
  const path = join(temporaryFolder(), 'clock.cjs');
  writeFileSync(
    path,
    `const { Date: Real } = globalThis;
    globalThis.Date = class Date extends Real {
      constructor(...parts) {
        if (parts.length === 0) super(Date.now());
        else super(...parts);
      }
      static now() {
        return Real.now() + ${seconds * 1000};
      }
    };`,
  );
  return [process.execPath, '--require', path, bundle];
}
