import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture, run, source, type Outcome } from './tools';

export const md5 = (text: string | Buffer): string => createHash('md5').update(text).digest('hex');

/** Hash in the captured cache that a control plane filled. */
export const FROM_CONTROL_PLANE = '4ef240811715e985ac911a0ec0fc88e4';
/** Hash in the captured cache of a start from a file: the MD5 of that file. */
export const FROM_FILE = 'ce689647e4c72a8f42d75f54a77a0c49';

export const captured = {
  populated: readFileSync(fixture('dbless-lmdb-kong-3.9.3-populated.data.mdb')),
  empty: readFileSync(fixture('dbless-lmdb-kong-3.9.3-empty.data.mdb')),
  fromFile: readFileSync(fixture('dbless-lmdb-kong-3.9.3-started-from-file.data.mdb')),
  file: readFileSync(fixture('declarative-started-from-file.json')),
};

/** A copy of a captured cache in which a text stands in place of another of the same length. */
export function rewritten(cache: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(cache);
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) copy.write(to, at);
  return copy;
}

/** A gateway's container, as far as the start script sees it: a prefix, the hand-over folder, and a `kong` that records. */
export class Box {
  readonly root: string;
  readonly prefix: string;
  readonly handover: string;
  readonly config: string;
  readonly bin: string;
  readonly env: Record<string, string | undefined>;

  constructor(handover = "hand over's") {
    this.root = mkdtempSync(join(tmpdir(), 'kong box '));
    this.prefix = join(this.root, 'prefix');
    this.handover = join(this.root, handover);
    this.config = join(this.handover, 'config.json');
    this.bin = join(this.root, 'bin');
    for (const dir of [this.prefix, this.handover, this.bin]) mkdirSync(dir);
    for (const dir of [this.root, this.handover]) chmodSync(dir, 0o755);
    // `kong` records there as whatever user it runs.
    chmodSync(this.bin, 0o777);
    for (const name of ['start.sh', 'cache.lua']) copyFileSync(source(name), join(this.handover, name));
    this.program(
      'kong',
      `here=\${0%/*}
      printf '%s config=%s\\n' "$1\${2:+ $2}" "\${KONG_DECLARATIVE_CONFIG-}\${KONG_DECLARATIVE_CONFIG_FILE-}" >>"$here/calls"
      case $1 in config)
        printf '%s|%s\\n' "$KONG_PREFIX" "$(ls -A "$KONG_PREFIX")" >"$here/parse-prefix"
        # As Kong's command line, which hands its arguments to a shell.
        case $3 in *\\'*) echo 'sh: 16: Syntax error: Unterminated quoted string'; exit 2 ;; esac
        cat "$3" >"$here/parsed" || exit 1 ;;
      esac
      printf '%s\\n' "\${KONG_CLUSTER_CERT-}" >"$here/cluster-cert"
      case "$1 $2" in
        'version ') cat "$here/version" ;;
        'config parse') cat "$here/answer"; exit "$(cat "$here/code")" ;;
      esac`,
    );
    this.program(
      'gateway',
      `printf '%s|' "\${KONG_DECLARATIVE_CONFIG-unset}" "\${KONG_DECLARATIVE_CONFIG_FILE-unset}" "$$" "$@"; exit 7`,
    );
    this.version('3.9.3');
    this.parse(0, 'parse successful');
    this.env = {
      PATH: `${this.bin}:${process.env['PATH'] ?? ''}`,
      KONG_PREFIX: this.prefix,
      KONG_RESILIENCE_HANDOVER_DIR: this.handover,
    };
  }

  program(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  version(text: string): void {
    writeFileSync(join(this.bin, 'version'), `${text}\n`);
  }

  parse(code: number, answer: string): void {
    writeFileSync(join(this.bin, 'code'), `${code}`);
    writeFileSync(join(this.bin, 'answer'), `${answer}\n`);
  }

  cache(bytes: Buffer): void {
    mkdirSync(join(this.prefix, 'dbless.lmdb'), { recursive: true });
    writeFileSync(join(this.prefix, 'dbless.lmdb', 'data.mdb'), bytes);
  }

  /** What kong.conf holds; without it there is none. */
  kongConf(content: string): void {
    const path = join(this.root, 'kong.conf');
    writeFileSync(path, content);
    const script = join(this.handover, 'start.sh');
    writeFileSync(script, readFileSync(script, 'utf8').replaceAll('/etc/kong/kong.conf', `"${path}"`));
  }

  /** As the importer does: the list, then the file. */
  stage(content: string | Buffer): string {
    const list = join(this.handover, 'handed-over');
    writeFileSync(list, `${existsSync(list) ? readFileSync(list, 'utf8') : ''}${md5(content)}\n`);
    writeFileSync(this.config, content);
    return md5(content);
  }

  own(content: string | Buffer, name = 'own.json'): string {
    const path = join(this.root, name);
    writeFileSync(path, content);
    return path;
  }

  /** The MD5s that the script has noted in the prefix, with whose they are. */
  get noted(): readonly string[] {
    const path = join(this.prefix, 'kong-resilience.started-from');
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  }

  /** How often `kong config parse` was asked. */
  get parses(): number {
    return this.calls.filter((line) => line.startsWith('config parse')).length;
  }

  get calls(): readonly string[] {
    const path = join(this.bin, 'calls');
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  }

  /** Runs the script with a command that tells what it was started with. */
  async start(shell: readonly [string, ...string[]], env: Record<string, string> = {}): Promise<Started> {
    const outcome = await run([...shell, join(this.handover, 'start.sh'), 'gateway'], { env: { ...this.env, ...env } });
    return started(outcome);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export interface Started extends Outcome {
  /** KONG_DECLARATIVE_CONFIG as the gateway got it, or `unset`. */
  readonly config: string;
  readonly configFile: string;
  readonly gatewayPid: number;
  readonly args: readonly string[];
  /** What was said, without the prefix that every line must have. */
  readonly said: readonly string[];
}

export function started(outcome: Outcome): Started {
  const [config = '', configFile = '', gatewayPid = '', ...args] = outcome.stdout.split('|').slice(0, -1);
  const lines = outcome.stderr.split('\n').slice(0, -1);
  const foreign = lines.filter((line) => !line.startsWith('kong-resilience: '));
  if (foreign.length > 0) throw new Error(`not said by the start script: ${foreign.join('\n')}`);
  const said = lines.map((line) => line.slice('kong-resilience: '.length));
  return { ...outcome, config, configFile, gatewayPid: Number(gatewayPid), args, said };
}
