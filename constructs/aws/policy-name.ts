import { createHash } from 'node:crypto';
import type { IConstruct } from 'constructs';

/** Longest name of an inline policy. */
const longest = 128;

/** The name of a policy by its id among those of a principal that is declared here: stable, and legal in IAM. */
export function policyName(id: string): string {
  const name = legal(id);
  return name.length <= longest ? name : distinguished(name, id);
}

/** The same for a principal that exists: other constructs and stacks may stand for it too, and none is to replace the other's. */
export function policyNameOf(principal: IConstruct, id: string): string {
  return distinguished(legal(id), `${principal.node.path}/${id}`);
}

const legal = (id: string): string => `kong-${id.replace(/[^\w+=,.@-]/g, '-')}`;

function distinguished(name: string, by: string): string {
  const hash = createHash('sha256').update(by).digest('hex').slice(0, 8);
  return `${name.slice(0, longest - hash.length - 1)}-${hash}`;
}
