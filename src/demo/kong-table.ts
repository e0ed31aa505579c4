/*
 * The part of Kong's configuration table that the simulated data plane reads. References are ids. A control plane sends
 * unset fields as null, and a person leaves them out: here they are absent.
 */

export interface KongService {
  readonly id: string;
  readonly name?: string;
  readonly protocol?: string;
  readonly host: string;
  readonly port?: number;
  readonly path?: string;
  readonly enabled?: boolean;
}

export interface KongRoute {
  readonly id: string;
  readonly name?: string;
  readonly service?: string;
  readonly protocols?: readonly string[];
  readonly hosts?: readonly string[];
  /** Prefixes, or regular expressions that begin with `~`. */
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly strip_path?: boolean;
  readonly preserve_host?: boolean;
  readonly regex_priority?: number;
  readonly https_redirect_status_code?: number;
  readonly created_at?: number;
}

export interface KongPlugin {
  readonly name: string;
  readonly enabled?: boolean;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly route?: string;
  readonly service?: string;
  readonly consumer?: string;
}

interface KongConsumer {
  readonly id: string;
  readonly username?: string;
}

interface KongKey {
  readonly key: string;
  readonly consumer: string;
}

export interface KongUpstream {
  readonly id: string;
  readonly name: string;
  readonly host_header?: string;
}

export interface KongTarget {
  /** `host:port`. */
  readonly target: string;
  readonly upstream: string;
  readonly weight?: number;
}

export interface KongTable {
  readonly services?: readonly KongService[];
  readonly routes?: readonly KongRoute[];
  readonly plugins?: readonly KongPlugin[];
  readonly consumers?: readonly KongConsumer[];
  readonly keyauth_credentials?: readonly KongKey[];
  readonly upstreams?: readonly KongUpstream[];
  readonly targets?: readonly KongTarget[];
}

/** @throws SyntaxError when it is not JSON */
export function parseKongTable(table: Uint8Array): KongTable {
  // A member whose reviver gives undefined is left out.
  return JSON.parse(Buffer.from(table).toString('utf8'), (_, value: unknown) => value ?? undefined) as KongTable;
}
