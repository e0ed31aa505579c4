import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { agentBundle, agentVersion } from '../artefact';
import type { EnvironmentBlock } from '../environment';
import { textAtSynth } from '../environment/text';
import { sourceOf } from '../environment/value';
import { isKnown, throwProblems } from '../problems';
import { MachineImage, nodeOf } from './machine-image';
import { secretOnMachine, userDataTooLong, wrongBundleUrl } from './problems';

/** A file that a machine needs. */
export interface MachineFile {
  /** Absolute path. */
  readonly path: string;
  /** Mode, in octal: `0600`. Owner and group are root. */
  readonly mode: string;
  /** Its text; may be an expression of Terraform. */
  readonly content: string;
}

/** How a new machine gets the agent. */
export interface UserDataOptions {
  /**
   * `https` URL of the file `dist/kong-resilience.cjs` of this package, in a place of yours. Its SHA-256 is checked before
   * it is put in its place.
   */
  readonly bundleUrl: string;
  /** Where Node comes from. @default MachineImage.withNode(): the image has it */
  readonly machineImage?: MachineImage;
}

/** Where the program is, and what it is called by. */
export const PROGRAM = '/usr/local/bin/kong-resilience';
const library = '/usr/local/lib/kong-resilience';

/** Folder of the environments. */
export const ETC = '/etc/kong-resilience';

const longest = 16_384;

/** The command: Node is called by its name, so that an alternative of the distribution counts. */
export const launcher: MachineFile = {
  path: PROGRAM,
  mode: '0755',
  content: `#!/bin/sh\nexec node ${library}/kong-resilience.cjs "$@"\n`,
};

/**
 * A script for the first boot: Node, the program of this package by its digest, the files, the units.
 *
 * It stops at the first failure, so that a machine whose program is not the one that was declared has none; its log is
 * that of cloud-init.
 *
 * @throws DeclarationError for a URL that is none, secrets that would be shown, and a script that is too long
 */
export function userData(
  construct: Construct,
  options: UserDataOptions,
  blocks: readonly EnvironmentBlock[],
  files: readonly MachineFile[],
  commands: readonly string[],
): string {
  const { bundleUrl, machineImage = MachineImage.withNode() } = options;
  const bad = isKnown(bundleUrl) && !/^https:\/\/[^\s'"@]+$/.test(bundleUrl);
  throwProblems(construct, [
    ...(bad ? [wrongBundleUrl(bundleUrl)] : []),
    ...blocks.flatMap(({ values }) =>
      Object.entries(values)
        .filter(([, value]) => sourceOf(value).kind === 'secret-text')
        .map(([name]) => secretOnMachine(name)),
    ),
  ]);
  const digest = createHash('sha256').update(readFileSync(agentBundle())).digest('hex');
  const lines = [
    '#!/bin/bash',
    `# Installs kong-resilience ${agentVersion()}.`,
    'set -euo pipefail',
    'umask 077',
    ...nodeOf(machineImage),
    'node -e \'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error("kong-resilience: Node " + process.version + " is too old: 20.19 or newer is needed"); process.exit(1); }\'',
    `install -d -m 0755 ${library}`,
    `curl --fail --silent --show-error --location --retry 5 --retry-all-errors --proto '=https' --output ${library}/new '${bundleUrl}'`,
    `echo '${digest}  ${library}/new' | sha256sum --check --status || { echo 'kong-resilience: what ${bundleUrl} gave is not the program of ${agentVersion()}: its SHA-256 differs' >&2; exit 1; }`,
    `chmod 0644 ${library}/new && mv ${library}/new ${library}/kong-resilience.cjs`,
    ...files.flatMap(({ path, mode, content }) => [
      `install -D -m ${mode} /dev/null ${path}`,
      // In base64, since a text may hold whatever ends a here-document.
      `echo '${encoded(content)}' | base64 -d > ${path}`,
    ]),
    'systemctl daemon-reload',
    ...commands,
  ];
  const script = `${lines.join('\n')}\n`;
  const bytes = Buffer.byteLength(script);
  throwProblems(construct, isKnown(script) && bytes > longest ? [userDataTooLong(bytes)] : []);
  return script;
}

/** What Terraform alone knows is encoded by it. */
function encoded(content: string): string {
  const text = textAtSynth(content);
  return text === undefined ? Fn.base64encode(content) : Buffer.from(text).toString('base64');
}
