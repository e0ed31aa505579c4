/** For the user data alone. */
export let nodeOf: (image: MachineImage) => readonly string[];

/**
 * Where a machine has Node 20.19 or newer from. Debian 12 and Ubuntu 24.04 have Node 18 in their own packages, which is too
 * old: there give an image that brings another, and {@link MachineImage.withNode}.
 */
export class MachineImage {
  readonly #install: readonly string[];

  static {
    nodeOf = (image) => image.#install;
  }

  private constructor(install: readonly string[]) {
    this.#install = install;
  }

  /** Amazon Linux 2023, whose package `nodejs22` is installed. */
  static amazonLinux2023(): MachineImage {
    return new MachineImage(['dnf install -y nodejs22']);
  }

  /** Debian 13, whose package `nodejs` (20.19) is installed. */
  static debian13(): MachineImage {
    return new MachineImage(['apt-get update', 'DEBIAN_FRONTEND=noninteractive apt-get install -y nodejs curl']);
  }

  /** An image with `node`, 20.19 or newer, `curl`, `sha256sum` and systemd: nothing is installed. */
  static withNode(): MachineImage {
    return new MachineImage([]);
  }
}
