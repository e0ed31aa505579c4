import { createHash } from 'node:crypto';
import { TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';

/** A legal name of at most 64 characters, made of a construct's path; the hash keeps two long paths apart. */
export function nameByPath(construct: IConstruct): string {
  const path = construct.node.path.replace(/[^\w]+/g, '-');
  const hash = createHash('sha256').update(construct.node.path).digest('hex').slice(0, 8);
  return `${path.slice(0, 55)}-${hash}`;
}

/** Where a construct is in its stack, as it may stand in an id. */
export function pathInStack(construct: IConstruct): string {
  const above = TerraformStack.of(construct).node.path;
  const path = construct.node.path;
  return (above === '' ? path : path.slice(above.length + 1)).replaceAll('/', '-');
}
