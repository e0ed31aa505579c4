import { spawnSync } from 'node:child_process';
import { bundle } from '../../test/support/program';
import { isRoot } from '../../test/gateway/tools';

/** Whether a process can be given a volume of its own; in CI it must. */
export const canMount = (process.platform === 'linux' && isRoot) || process.env['CI'] !== undefined;

/** A small volume (tmpfs) over a folder, in a mount namespace of the program's own, and gone with it. */
export class Volume {
  constructor(
    readonly folder: string,
    private readonly sizeKb: number,
  ) {}

  /**
   * The program with that volume.
   *
   * @param seed a folder whose files are there from the start
   * @param readOnly whether it may not be written from the start
   */
  command(seed = '', readOnly = false): readonly [string, ...string[]] {
    const script = `mount -t tmpfs -o "size=$2k" none "$1" || exit 99
      [ -z "$3" ] || cp -a "$3/." "$1"
      [ -z "$4" ] || mount -o remount,ro "$1"
      shift 4
      exec "$@"`;
    const seeded = [this.folder, String(this.sizeKb), seed, readOnly ? 'yes' : ''];
    return ['unshare', '-m', 'sh', '-c', script, 'sh', ...seeded, process.execPath, bundle];
  }

  /** The folder as the process sees it. */
  seenBy(pid: number | undefined): string {
    return `/proc/${pid}/root${this.folder}`;
  }

  /** Changes the volume under the process: `ro`, `rw` or `size=…`. */
  remount(pid: number | undefined, options: string): void {
    const { status, stderr } = spawnSync(
      'nsenter',
      ['-t', String(pid), '-m', 'mount', '-o', `remount,${options}`, this.folder],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`remounting as ${options} failed: ${stderr}`);
  }
}
