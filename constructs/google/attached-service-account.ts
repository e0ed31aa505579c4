import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { throwProblems } from '../problems';
import { emailProblems } from './names';
import type { IGoogleServiceAccount } from './principal';
import { declareServiceAccount, serviceAccountProblems, type ServiceAccountProps } from './service-account';

/** A new service account for Compute, Cloud Run or a worker pool. */
export type AttachedServiceAccountProps = ServiceAccountProps;

/**
 * The service account that Compute Engine, a Cloud Run service or job, or a Cloud Run worker pool runs as. The platform
 * attaches it, so that no key exists: give {@link AttachedServiceAccount.email} to the instance.
 *
 * Compute Engine also limits an instance by its access scopes: give it `cloud-platform`, or `devstorage.read_write` (an
 * importer `devstorage.read_only`).
 */
export class AttachedServiceAccount extends Construct implements IGoogleServiceAccount {
  /**
   * An existing service account by its address. It also serves for one that pods may already impersonate.
   *
   * @throws DeclarationError when it is not the address of a service account
   */
  static fromEmail(scope: Construct, id: string, email: string): IGoogleServiceAccount {
    return new ExistingServiceAccount(scope, id, email);
  }

  readonly email: string;
  readonly member: string;
  /** Empty: the metadata server of the platform gives them. */
  readonly credentials: EnvValues = {};

  /** @throws DeclarationError when accountId is not a legal one */
  constructor(scope: Construct, id: string, props: AttachedServiceAccountProps = {}) {
    super(scope, id);
    throwProblems(this, serviceAccountProblems(props));
    const account = declareServiceAccount(this, props);
    this.email = account.email;
    this.member = account.member;
  }
}

class ExistingServiceAccount extends Construct implements IGoogleServiceAccount {
  readonly member: string;
  readonly credentials: EnvValues = {};

  constructor(
    scope: Construct,
    id: string,
    readonly email: string,
  ) {
    super(scope, id);
    throwProblems(this, emailProblems(email));
    this.member = `serviceAccount:${email}`;
  }
}
