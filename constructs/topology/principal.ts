import type { IConstruct } from 'constructs';
import type { EnvValues } from '../environment';

/** A service account of Kubernetes, as which pods are a principal. */
export interface PodAccount {
  readonly namespace: string;
  readonly name: string;
  /** Annotations without which it is not the principal. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Who reads or writes the store: a role, a service account, a user. One of a store's own cloud; each cloud has its own kinds. */
export interface IPrincipal extends IConstruct {
  /** Credentials with which a process is this principal; empty where the platform attaches the identity. */
  readonly credentials: EnvValues;
  /** The one service account of Kubernetes that the principal trusts. @default any, or none */
  readonly podAccount?: PodAccount;
}
