import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linksOf, read } from '../docs/markdown';

interface Packed {
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

describe('the npm package', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
  const [packed] = JSON.parse(stdout) as [Packed];
  const paths = packed.files.map(({ path }) => path).sort();

  it('holds the agent, what goes with it, and what an image is built of', () => {
    expect(paths.filter((path) => !/^(lib|docs|examples|modules)\//.test(path))).toEqual([
      '.dockerignore',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'Dockerfile',
      'LICENSE',
      'README.md',
      'bin/kong-resilience',
      'dist/SHA256SUMS',
      'dist/THIRD-PARTY-LICENSES.txt',
      'dist/cache.lua',
      'dist/kong-resilience.cjs',
      'dist/lambda.zip',
      'dist/sbom.cdx.json',
      'dist/start.sh',
      'package.json',
    ]);
  });

  it('holds its programs as programs', () => {
    const programs = packed.files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path);
    expect(programs.sort()).toEqual(['bin/kong-resilience', 'dist/start.sh']);
  });

  it('holds the library, the documents, the examples and the modules, and nothing that only the repository needs', () => {
    for (const path of [
      'lib/src/contract/index.js',
      'docs/artefact.md',
      'examples/aws/main.ts',
      'modules/aws/main.tf',
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => /(^|\/)(test|scripts|node_modules|cdktf\.out)\//.test(path))).toEqual([]);
  });

  it('has no document with a link to a file that it does not hold', () => {
    const held = (target: string) =>
      target === '.' || paths.some((path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`));
    const dead = paths
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        linksOf(read(path))
          .filter((link) => !/^([a-z]+:|#)/.test(link))
          .filter((link) => !held(join(dirname(path), decodeURI(link.split('#')[0] ?? ''))))
          .map((link) => `${path}: ${link}`),
      );
    expect(dead).toEqual([]);
  });
});
