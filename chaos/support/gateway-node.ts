import { chmodSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataPlane } from '../../src/demo/data-plane';
import { parseGatewayVersion } from '../../src/contract';
import { Box, captured, md5, type Started } from '../../test/gateway/box';
import { makeCache } from '../../test/gateway/lmdb-file';
import { unprivileged } from '../../test/gateway/tools';

const fromControlPlane = Buffer.from(
  '{"_format_version":"3.0","_transform":false,"services":[{"name":"from-a-control-plane"}]}',
);
const own = Buffer.from('{"_format_version":"3.0","_transform":false,"services":[{"name":"of-the-user"}]}');
const before = Buffer.from('{"_format_version":"3.0","_transform":false,"services":[{"name":"handed-over-earlier"}]}');
const controlPlaneHash = 'c'.repeat(32);

/**
 * A gateway's prefix and environment with the real start script and cache reader, a `kong` that answers as it is told,
 * and the simulated data plane in the place of the gateway, which keeps the table of what a gateway serves.
 */
export class GatewayNode {
  readonly box = new Box();
  readonly #environment: Record<string, string> = {};

  constructor() {
    chmodSync(this.box.prefix, 0o777);
  }

  get handover(): string {
    return this.box.handover;
  }

  nameOwn(): void {
    this.#environment['KONG_DECLARATIVE_CONFIG'] = this.box.own(own);
    chmodSync(this.box.own(own), 0o644);
  }

  nameStaged(): void {
    this.#environment['KONG_DECLARATIVE_CONFIG'] = this.box.config;
  }

  refuses(problem: string): void {
    this.box.parse(1, `Error: Failed parsing:\n  ${problem}`);
  }

  cutStaged(): void {
    truncateSync(this.box.config, 100);
  }

  touchStaged(): void {
    const ahead = new Date(Date.now() + 3_600_000);
    utimesSync(this.box.config, ahead, ahead);
  }

  /** Whose the cache is, in Kong's form and in that of the simulated data plane. */
  cacheOf(whose: 'a control plane' | 'a file handed over earlier' | 'a cut one' | 'nothing', tag = '3.9'): void {
    if (whose === 'nothing') return this.box.cache(captured.empty);
    if (whose === 'a cut one') return this.box.cache(captured.populated.subarray(0, 20_000));
    const table = whose === 'a control plane' ? fromControlPlane : before;
    const hash = whose === 'a control plane' ? controlPlaneHash : md5(before);
    if (whose !== 'a control plane') this.box.stage(before);
    this.box.cache(makeCache({ tag, hash }));
    writeFileSync(join(this.box.prefix, 'cache.json'), `${JSON.stringify({ tag, hash })}\n${table.toString('utf8')}`);
  }

  /** What the start script decides, and what a gateway that is started so serves. */
  async start(
    asOther: boolean,
    staged: Uint8Array,
  ): Promise<{ readonly started: Started; readonly file: string; readonly serves: string }> {
    const shell: readonly [string, ...string[]] = asOther ? ['setpriv', ...unprivileged.slice(1), 'sh'] : ['sh'];
    const started = await this.box.start(shell, this.#environment);
    const file = started.config === 'unset' ? '' : started.config;
    const version = parseGatewayVersion('3.9.3');
    if (version === undefined) throw new Error('no version');
    const node = await DataPlane.start({
      prefix: this.box.prefix,
      version,
      ...(file === '' ? {} : { declarativeConfig: file }),
    });
    try {
      const ready = (await fetch(`${node.statusUrl}/status/ready`)).status;
      const hashes = new Map([
        [controlPlaneHash, 'its cache'],
        [md5(Buffer.from(staged)), 'what was handed over'],
        [md5(own), "the user's own file"],
        ['0'.repeat(32), 'nothing'],
      ]);
      const serves = hashes.get(node.configurationHash) ?? `something else: ${node.configurationHash}`;
      if ((ready === 200) !== (serves !== 'nothing'))
        throw new Error(`it serves ${serves}, and its readiness is ${ready}`);
      const files = new Map([
        [this.box.config, 'the staged file'],
        ['', 'none'],
      ]);
      return { started, file: files.get(file) ?? "the user's own", serves };
    } finally {
      await node.stop();
    }
  }

  remove(): void {
    this.box.remove();
  }
}
