/** The files of the agent that come with this package, for constructs that deploy them. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package's folder: the nearest above, since this file is in `constructs/` and, compiled, in `lib/constructs/`. */
function packageFolder(): { readonly folder: string; readonly version: string } {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const read = packageJson(join(folder, 'package.json'));
    if (read !== undefined) return { folder, version: read.version };
    if (dirname(folder) === folder) throw new Error(`cdktf-kong-resilience: no package.json is above ${__dirname}`);
  }
}

function packageJson(file: string): { readonly version: string } | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { name, version } = JSON.parse(text) as { name?: string; version: string };
  return name === 'cdktf-kong-resilience' ? { version } : undefined;
}

/** Version of the agent: that of this package. */
export const agentVersion = (): string => packageFolder().version;

/** Absolute path of the agent, one file for Node: `dist/kong-resilience.cjs`. */
export const agentBundle = (): string => join(packageFolder().folder, 'dist', 'kong-resilience.cjs');

/** Absolute path of the agent packed for AWS Lambda: `dist/lambda.zip`. */
export const agentLambda = (): string => join(packageFolder().folder, 'dist', 'lambda.zip');
