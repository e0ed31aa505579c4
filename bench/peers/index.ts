import type { Form } from '../results';
import { awsCli } from './aws';
import { bareSdk } from './bare-sdk';
import { curl } from './curl';
import { mc } from './mc';
import type { Peer } from './peer';
import { rclone } from './rclone';

export interface Peers {
  readonly peers: readonly Peer[];
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/** @param home the folder of their processes */
export async function findPeers(home: string, form: Form): Promise<Peers> {
  const sdk = await bareSdk(home);
  const all = form === 'short' ? [awsCli(home), sdk] : [awsCli(home), rclone(home), mc(home), curl(home), sdk];
  const known = all.map((peer) => ({ peer, version: peer.version() }));
  return {
    peers: known.filter(({ version }) => version !== undefined).map(({ peer }) => peer),
    versions: Object.fromEntries(
      known.flatMap(({ peer, version }) => (version === undefined ? [] : [[peer.by, version]])),
    ),
    missing: known.filter(({ version }) => version === undefined).map(({ peer }) => peer.by),
  };
}
