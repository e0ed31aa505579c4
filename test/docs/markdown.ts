import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(__dirname, '..', '..');

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Every file below `folder` whose name ends so, by its path from the root of the project, sorted. */
export function filesBelow(folder: string, end: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** The documents of the project: those at its root and those in `docs`. */
export function documents(): string[] {
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...atRoot.sort(), ...filesBelow('docs', '.md')];
}

/** The anchors of a document: its own, and those that GitHub makes of its headings. */
export function anchorsOf(markdown: string): string[] {
  const own = [...markdown.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id ?? '');
  return [...own, ...headingAnchors(markdown)];
}

function headingAnchors(markdown: string): string[] {
  return withoutBlocks(markdown)
    .split('\n')
    .flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? [])
    .map((heading) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    );
}

/** What a document links to, inline. */
export function linksOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[^]*?^```/gm, '');
}
