import { createHash } from 'node:crypto';
import type { GatewayVersion } from './gateway-version';
import type { NodeEnvironment } from './node-environment';

/** Namespace of our derived ids (RFC 9562, section 5.5): made once at random, never to be changed. */
const namespace = '6f0d1f6c-6a5e-4d0a-9a37-3f6d7c1c8c52';

/**
 * The id by which the control plane lists this node's connection for one version: the same after each restart.
 *
 * With KONG_RESILIENCE_NODE_ID and one version it is that; with several versions each has its own, made of it.
 * Else it is a UUID v5 of host name, storage and version. It never is the gateway's own id.
 */
export function nodeIdFor(environment: NodeEnvironment, version: GatewayVersion, hostname: string): string {
  const { nodeId, storage, versions } = environment;
  if (nodeId !== undefined) return versions.length === 1 ? nodeId : uuidV5(nodeId, version.text);
  return uuidV5(namespace, `${hostname}\n${storage.scheme}://${storage.bucket}/${storage.prefix}\n${version.text}`);
}

/**
 * The id for an exporter that runs as an AWS Lambda function, whose host name is another one each time.
 *
 * @param arn as the function was called, with a version or alias or without: both are the same node
 */
export function nodeIdOfFunction(arn: string): string {
  return uuidV5(namespace, arn.split(':').slice(0, 7).join(':'));
}

/** UUID version 5: SHA-1 of namespace and name (RFC 9562). */
export function uuidV5(space: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(space.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
