import { isKnown, type Problem } from '../problems';
import type { IPrincipal } from '../topology';
import { otherAccount } from './problems';

/** The service account as which pods are declared. */
interface DeclaredAccount {
  readonly namespace: string;
  readonly serviceAccountName: string;
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
}

/** Whether the pods are those that the principal of their node trusts; what Terraform alone knows is not looked at. */
export function podAccountProblems({ podAccount, node }: IPrincipal, declared: DeclaredAccount): Problem[] {
  if (podAccount === undefined) return [];
  const pairs = [
    ['namespace', declared.namespace, podAccount.namespace],
    ['serviceAccountName', declared.serviceAccountName, podAccount.name],
  ] as const;
  return pairs.flatMap(([prop, value, trusted]) =>
    isKnown(value) && isKnown(trusted) && value !== trusted ? [otherAccount(prop, value, node.path, trusted)] : [],
  );
}

/** What the service account is annotated with: what its principal needs, and what is given. */
export function accountAnnotations(
  { podAccount }: IPrincipal,
  { serviceAccountAnnotations: given }: DeclaredAccount,
): Readonly<Record<string, string>> | undefined {
  const needed = podAccount?.annotations;
  return needed === undefined ? given : { ...needed, ...given };
}
