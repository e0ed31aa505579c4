import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the Go source of the stand-in is. */
export const standInSource = dirname(fileURLToPath(import.meta.url));

/** The file name of the built stand-in: it changes with its source, so that an old one is never taken for it. */
export function standInProgram() {
  const hash = createHash('sha256');
  const files = readdirSync(standInSource).filter((name) => /\.go$|^go\.(mod|sum)$|^values\.json$/.test(name));
  for (const name of files.sort()) hash.update(name).update(readFileSync(join(standInSource, name)));
  return `terraform-stand-in-${hash.digest('hex').slice(0, 12)}`;
}
