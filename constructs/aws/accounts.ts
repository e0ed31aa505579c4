import type { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformProvider, TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';
import { inform, isKnown } from '../problems';
import type { GrantBook } from './grant-book';
import { otherAccount } from './problems';

/** What a store says of its account. */
export interface StoreAccount {
  readonly provider?: TerraformProvider;
  readonly kmsKeyArn?: string;
}

/** Tells of principals that are given as ones of the store's account, and whose ARN is of another. */
export function informOfAccounts(store: IConstruct, books: readonly GrantBook[], account: StoreAccount): void {
  const accounts = accountsOf(store, account);
  if (accounts.length === 0) return;
  const arns = new Set(books.flatMap((book) => book.ownArns));
  for (const arn of arns) {
    const other = accountIn(arn);
    if (other !== undefined && !accounts.includes(other)) inform(store, otherAccount(arn, other, accounts));
  }
}

/** The accounts of which a store may be, where the stack says so: by its key, or by its provider. */
function accountsOf(store: IConstruct, { provider, kmsKeyArn }: StoreAccount): readonly string[] {
  const ofKey = accountIn(kmsKeyArn);
  if (ofKey !== undefined) return [ofKey];
  const used = (provider ?? defaultProvider(store)) as AwsProvider | undefined;
  const { assumeRoleInput: roles, allowedAccountIdsInput: allowed = [] } = used ?? {};
  // The last of a chain is the one that acts.
  const ofRole = Array.isArray(roles) ? accountIn(roles.at(-1)?.roleArn) : undefined;
  if (ofRole !== undefined) return [ofRole];
  return isKnown(allowed) && allowed.every((id) => isKnown(id)) ? allowed : [];
}

function defaultProvider(construct: IConstruct): TerraformProvider | undefined {
  return TerraformStack.of(construct)
    .node.findAll()
    .filter((one) => TerraformProvider.isTerraformProvider(one))
    .find(({ terraformResourceType, alias }) => terraformResourceType === 'aws' && alias === undefined);
}

/** The account in an ARN that is known, if it has one. */
function accountIn(arn: string | undefined): string | undefined {
  return isKnown(arn) ? /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn)?.[1] : undefined;
}
