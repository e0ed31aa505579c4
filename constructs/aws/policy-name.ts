import { createHash } from 'node:crypto';

/** Longest name of an inline policy. */
const longest = 128;

/** The name of a policy by its id among those of a principal: stable, and legal in IAM. */
export function policyName(id: string): string {
  const name = `kong-${id.replace(/[^\w+=,.@-]/g, '-')}`;
  if (name.length <= longest) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${name.slice(0, longest - hash.length - 1)}-${hash}`;
}
