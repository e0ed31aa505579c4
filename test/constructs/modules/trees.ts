import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the modules are. */
export const folder = join(__dirname, '..', '..', '..', 'modules');

export interface Use {
  /** Folder of the module below `modules/`. */
  readonly path: string;
  /** What the root module is, in place of the example. */
  readonly main?: (text: string) => string;
}

/** A copy of `modules/` with another root module in the place of an example. */
export async function treeWith({ path, main = (text) => text }: Use): Promise<{ tree: string; root: string }> {
  const tree = mkdtempSync(join(tmpdir(), 'modules-'));
  await cp(folder, tree, { recursive: true });
  const root = join(path, 'examples', 'basic');
  const file = join(tree, root, 'main.tf');
  writeFileSync(file, main(readFileSync(file, 'utf8')));
  // What the example for Lambda deploys.
  for (const place of [root, path]) writeFileSync(join(tree, place, 'lambda.zip'), 'as if it were the archive');
  writeFileSync(
    join(tree, root, 'terraform.tfvars'),
    path.startsWith('minio') ? 'minio_password = "canary-71ab"\n' : '',
  );
  return { tree, root };
}

/** A text with another in the place of one that must be in it. */
export function replaced(text: string, before: string | RegExp, after: string): string {
  const changed = text.replace(before, after);
  if (changed === text) throw new Error(`${String(before)} is not in:\n${text}`);
  return changed;
}
