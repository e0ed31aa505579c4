import type { IConstruct } from 'constructs';
import { inform, throwProblems } from '../problems';
import type { IPrincipal } from '../topology';
import { pathInStack } from './name-by-path';
import { forPrincipal, type PolicyStatement } from './policy';
import { isAwsPrincipal, type IAwsPrincipal } from './principal';
import { keyPolicyForeign, keyPolicyUnchecked, notAwsPrincipal, readTooEarly } from './problems';
import { declaresAccountKey } from './same-stack';
import type { Rights } from './statements';

interface Entry {
  readonly id: string;
  readonly principal: IAwsPrincipal;
  readonly rights: () => Rights;
}

/** Who was granted what on one bucket and its key. */
export class GrantBook {
  readonly #store: IConstruct;
  readonly #entries: Entry[] = [];
  #bucketRead = false;
  #keyRead = false;

  constructor(store: IConstruct) {
    this.#store = store;
  }

  /** Attaches a policy to a principal and notes it for the policies of the bucket and the key. A second time does nothing. */
  grant(verb: string, principal: IAwsPrincipal, rights: () => Rights): void {
    const id = `${verb}-${pathInStack(this.#store)}`;
    if (this.#entries.some((entry) => entry.id === id && entry.principal === principal)) return;
    if (this.#bucketRead && isForeign(principal)) this.#tooEarly('bucketPolicyStatements');
    if (this.#keyRead) this.#tooEarly('keyPolicyStatements');
    this.#entries.push({ id, principal, rights });
    principal.addPolicyStatements(id, () => [...rights().s3, ...rights().kms]);
  }

  /** What the bucket's policy has to allow: principals of other accounts. */
  bucketStatements(): PolicyStatement[] {
    return this.#entries
      .filter(({ principal }) => isForeign(principal))
      .flatMap(({ principal, rights }) => rights().s3.map((statement) => forPrincipal(principal.arn, statement)));
  }

  /** What the key's policy has to allow, where IAM policies of the key's account decide already: principals of other accounts. */
  foreignKeyStatements(): PolicyStatement[] {
    return this.#keyStatements(this.#entries.filter(({ principal }) => isForeign(principal)));
  }

  /** What the policy of a key has to allow, where nothing is known of it: everyone. */
  allKeyStatements(): PolicyStatement[] {
    return this.#keyStatements(this.#entries);
  }

  /** Paths of the principals of other accounts whom nothing lets in by the key's policy, as far as is known. */
  get foreignWithoutKey(): readonly string[] {
    if (this.#keyRead) return [];
    const foreign = this.#entries.map(({ principal }) => principal).filter(isForeign);
    return [...new Set(foreign.map(({ node }) => node.path))];
  }

  /** ARNs of the principals that are given as ones of the store's own account. */
  get ownArns(): readonly string[] {
    return this.#entries.filter(({ principal }) => !isForeign(principal)).map(({ principal }) => principal.arn);
  }

  /** From now on, what would change the bucket's statements is an error. */
  noteBucketRead(): void {
    this.#bucketRead = true;
  }

  /** From now on, what would change the key's statements is an error. */
  noteKeyRead(): void {
    this.#keyRead = true;
  }

  /** A version may bring rights to `election/`. */
  noteVersion(): void {
    if (this.#bucketRead && this.#entries.some(({ principal }) => isForeign(principal))) {
      this.#tooEarly('bucketPolicyStatements');
    }
  }

  #keyStatements(entries: readonly Entry[]): PolicyStatement[] {
    return entries.flatMap(({ principal, rights }) =>
      rights().kms.map((statement) => ({ ...forPrincipal(principal.arn, statement), Resource: ['*'] })),
    );
  }

  #tooEarly(what: string): void {
    throwProblems(this.#store, [readTooEarly(what)]);
  }
}

/** The principal as one of AWS. @throws DeclarationError when it is of another cloud */
export function awsPrincipal(store: IConstruct, principal: IPrincipal): IAwsPrincipal {
  if (!isAwsPrincipal(principal)) throwProblems(store, [notAwsPrincipal(principal.node.path)]);
  return principal as IAwsPrincipal;
}

function isForeign(principal: IAwsPrincipal): boolean {
  return principal.principalAccount !== undefined;
}

/** What has to be in the policy of a key that is not the store's own; when everything is declared. */
export function informOfKey(store: IConstruct, keyArn: string, grants: GrantBook): void {
  const foreign = grants.foreignWithoutKey;
  if (foreign.length > 0) inform(store, keyPolicyForeign(foreign));
  else if (!declaresAccountKey(store, keyArn)) inform(store, keyPolicyUnchecked());
}
