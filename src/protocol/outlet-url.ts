import { OUTLET_PATH } from './constants';

/** Who a node says it is, in the query of its request. */
export interface NodeIntroduction {
  readonly nodeId: string;
  readonly hostname: string;
  /** As written: `3.9.1` or `3.10.0.2`. */
  readonly version: string;
}

/** `host:port`, with brackets around an IPv6 address. */
export function authority(address: { readonly host: string; readonly port: number }): string {
  // Nothing else has a colon. Node compiles the expression of isIPv6 when it is first asked: 4 ms of an import.
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** The URL that a node asks for. */
export function outletUrl(address: { readonly host: string; readonly port: number }, node: NodeIntroduction): string {
  const query = new URLSearchParams({
    node_id: node.nodeId,
    node_hostname: node.hostname,
    node_version: node.version,
  });
  return `wss://${authority(address)}${OUTLET_PATH}?${query.toString()}`;
}

/** What a control plane reads from the request's target; an absent part is empty. */
export function parseOutletTarget(target: string): NodeIntroduction & { readonly path: string } {
  const cut = target.indexOf('?');
  const query = new URLSearchParams(cut === -1 ? '' : target.slice(cut + 1));
  return {
    path: cut === -1 ? target : target.slice(0, cut),
    nodeId: query.get('node_id') ?? '',
    hostname: query.get('node_hostname') ?? '',
    version: query.get('node_version') ?? '',
  };
}
