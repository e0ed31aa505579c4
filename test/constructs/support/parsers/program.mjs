import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the parsers' sources are. */
export const parsersSource = dirname(fileURLToPath(import.meta.url));

/** The file name of the built parsers: it changes with their source, so that old ones are never taken for them. */
export function parsersProgram() {
  const hash = createHash('sha256');
  const files = readdirSync(parsersSource).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name));
  for (const name of files.sort()) hash.update(name).update(readFileSync(join(parsersSource, name)));
  return `environment-parsers-${hash.digest('hex').slice(0, 12)}`;
}
