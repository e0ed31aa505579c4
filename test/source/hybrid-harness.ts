import { readFile } from 'node:fs/promises';

import { ControlPlane, type ControlPlaneOptions } from '../../src/control-plane';
import { silentLog } from '../../src/runtime/log';
import { hybridSource, type HybridSourceOptions } from '../../src/source';
import { type KeyPair, makeClusterCertificate } from '../support/certificates';
import { Recorder } from '../support/recorder';
import { type Script, ScriptedControlPlane } from '../support/scripted-control-plane';

export const NODE_ID = '11111111-2222-4333-8444-555555555555';

const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../fixtures/${name}`, import.meta.url));

/** The exact text of `config_table` in a message: the braces are counted outside of strings. */
function tableText(message: Buffer): string {
  const text = message.toString('utf8');
  const start = text.indexOf('"config_table":') + '"config_table":'.length;
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{') depth += 1;
    else if (character === '}' && (depth -= 1) === 0) return text.slice(start, at + 1);
  }
  throw new Error('the fixture has no config_table');
}

const captured = await fixture('reconfigure-kong-3.9.3-for-node-3.9.3.json');

/** The captured frame, as it came over the wire. */
export const FRAME = await fixture('reconfigure-kong-3.9.3-for-node-3.9.3.frame.gz');
/** The same message's table and hashes. */
export const TABLE = tableText(captured);
export const SENT = JSON.parse(captured.toString('utf8')) as { config_hash: string; hashes: Record<string, string> };
/** The table that the same control plane sent to a 3.5.0. */
export const TABLE_350 = tableText(await fixture('reconfigure-kong-3.9.3-for-node-3.5.0.json'));
export const PUBLISHED = { table: Buffer.from(TABLE), configHash: SENT.config_hash, hashes: SENT.hashes };

/** The certificate that both sides share in these tests. */
export const shared: KeyPair = await makeClusterCertificate();

/** What a test has opened; `closeAll` after each one. */
export const open: { close(): Promise<void> }[] = [];

export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

export async function controlPlane(
  changes: Partial<ControlPlaneOptions> = {},
): Promise<{ plane: ControlPlane; port: number }> {
  const plane = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog, ...changes });
  const { port } = await plane.listen({ host: '127.0.0.1', port: 0 });
  open.push(plane);
  return { plane, port };
}

export async function scripted(script: Script, pair = shared): Promise<{ plane: ScriptedControlPlane; port: number }> {
  const plane = new ScriptedControlPlane(pair, script);
  open.push(plane);
  return { plane, port: await plane.listen() };
}

export function start(cluster: HybridSourceOptions['cluster'], changes: Partial<HybridSourceOptions> = {}): Recorder {
  const recorder = new Recorder(hybridSource(sourceOptions(cluster, changes)));
  open.push({ close: () => recorder.stop() });
  return recorder;
}

export function sourceOptions(
  cluster: HybridSourceOptions['cluster'],
  { timing, ...others }: Partial<HybridSourceOptions> = {},
): HybridSourceOptions {
  return {
    cluster,
    version: { text: '3.9.3', parts: [3, 9, 3], edition: 'open-source' },
    nodeId: NODE_ID,
    hostname: 'exporter-1',
    plugins: [],
    maxConfigBytes: 1024 * 1024,
    silenceMs: 30_000,
    reconnectMs: 900_000,
    log: silentLog,
    timing: { backOffMs: [10, 20], ...timing },
    ...others,
  };
}
