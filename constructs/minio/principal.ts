import type { IPrincipal } from '../topology';
import type { MinioPolicyStatement } from './policy';

/** A principal of MinIO: rights are added to its own policy. */
export interface IMinioPrincipal extends IPrincipal {
  /** The user whose rights bound its own: itself, or the one that a service account belongs to. */
  readonly user: IMinioUser;
  /** Adds to what it is allowed. The statement is read when the stack is synthesized; the same one twice is one. */
  addToMinioPolicy(statement: MinioPolicyStatement): void;
}

/** A user of MinIO, declared here or existing. */
export interface IMinioUser extends IMinioPrincipal {
  /** Its name, which is the access key too. */
  readonly userName: string;
}

/** Whether a principal is one of MinIO. */
export function isMinioPrincipal(principal: IPrincipal): principal is IMinioPrincipal {
  return 'addToMinioPolicy' in principal;
}
