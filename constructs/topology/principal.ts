import type { IConstruct } from 'constructs';
import type { EnvValues } from '../environment';

/** Who reads or writes the store: a role, a service account, a user. One of a store's own cloud; each cloud has its own kinds. */
export interface IPrincipal extends IConstruct {
  /** Credentials with which a process is this principal; empty where the platform attaches the identity. */
  readonly credentials: EnvValues;
}
