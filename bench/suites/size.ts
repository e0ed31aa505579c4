import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from '../bench';
import { bundle, launcher, root } from '../paths';
import { cleanEnvironment } from '../peers/peer';
import type { Figure } from '../results';
import { interleaved, usageFigures } from '../rounds';

/** What is downloaded, and what a start costs that does nothing. */
export const size: Suite = {
  name: 'size',
  title: 'Size of bundle and package, start of --help',
  forms: ['short', 'default', 'long'],
  run: async ({ folder, rounds, processes }) => {
    const env = cleanEnvironment(folder);
    const used = await interleaved(
      [
        { by: 'kong-resilience --help', run: { command: [launcher, '--help'], env } },
        { by: 'node kong-resilience.cjs --help', run: { command: [process.execPath, bundle, '--help'], env } },
        { by: 'node -e 0', run: { command: [process.execPath, '-e', '0'], env } },
      ],
      rounds,
      processes,
    );
    return [...usageFigures({ suite: 'start', of: ['--help'] }, used), ...sizes()];
  },
};

function sizes(): readonly Figure[] {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' })) as [
    { readonly size: number; readonly unpackedSize: number },
  ];
  const sized = {
    'dist/kong-resilience.cjs': statSync(bundle).size,
    'dist/lambda.zip': statSync(join(root, 'dist', 'lambda.zip')).size,
    'the npm package, as it is downloaded': packed.size,
    'the npm package, unpacked': packed.unpackedSize,
  };
  return Object.entries(sized).map(([by, bytes]) => ({
    ...{ suite: 'size', of: ['published'], by, quantity: 'size', samples: [bytes / 1000] },
  }));
}
