import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { isKnown, throwProblems, type Problem } from '../problems';
import type { IPrincipal } from '../topology';
import { publicMember, wrongMember } from './problems';

/** Who reads or writes a bucket of Google Cloud Storage. */
export interface IGooglePrincipal extends IPrincipal {
  /** As IAM writes it: `serviceAccount:<address>`, `principal://…`. */
  readonly member: string;
}

/** A principal that is a service account of Google Cloud. */
export interface IGoogleServiceAccount extends IGooglePrincipal {
  /** The account's address: what Compute, Cloud Run and worker pools take as the account of an instance. */
  readonly email: string;
}

/** Whether a principal is one of Google Cloud. Goes by its members, since a stack may have loaded this package twice. */
export function isGooglePrincipal(principal: IPrincipal): principal is IGooglePrincipal {
  return typeof (principal as Partial<IGooglePrincipal>).member === 'string';
}

/** Principals that exist already, of any kind that IAM knows. */
export class GooglePrincipal extends Construct implements IGooglePrincipal {
  /**
   * An existing principal by its IAM member.
   *
   * @param member `serviceAccount:…`, `user:…`, `group:…`, `principal://…` or `principalSet://…`. `allUsers` and
   * `allAuthenticatedUsers` are refused: the stored configuration holds secrets in the clear
   * @throws DeclarationError when it is none of these
   */
  static fromMember(scope: Construct, id: string, member: string): IGooglePrincipal {
    return new GooglePrincipal(scope, id, member);
  }

  /** Empty: how a process becomes this principal is not known here. */
  readonly credentials: EnvValues = {};

  private constructor(
    scope: Construct,
    id: string,
    readonly member: string,
  ) {
    super(scope, id);
    throwProblems(this, memberProblems(member));
  }
}

function memberProblems(member: string): Problem[] {
  if (!isKnown(member)) return [];
  if (['allUsers', 'allAuthenticatedUsers'].includes(member)) return [publicMember(member)];
  const legal =
    /^((serviceAccount|user|group):[^\s:@]+@[^\s:@]+|serviceAccount:[a-z0-9.:-]+\.svc\.id\.goog\[[^\s/[\]]+\/[^\s/[\]]+\]|principal(Set)?:\/\/\S+)$/;
  return legal.test(member) ? [] : [wrongMember(member)];
}
