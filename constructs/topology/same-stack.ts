import { TerraformResource, TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';
import { expressionOf } from '../problems';

/** The resource of a type in the stack of a construct that has this name: by a reference to it, or as it was given. */
export function resourceNamed<T extends TerraformResource>(
  construct: IConstruct,
  type: string,
  name: string,
  givenName: (resource: T) => string | undefined,
): T | undefined {
  const wanted = expressionOf(construct, name);
  return resourcesOf<T>(construct, type).find((resource) => {
    const given = givenName(resource);
    if (given !== undefined && expressionOf(construct, given) === wanted) return true;
    return isAttributeOf(resource, wanted, ['bucket', 'name', 'id']);
  });
}

/** The resources of a type in the stack of a construct. */
export function resourcesOf<T extends TerraformResource>(construct: IConstruct, type: string): readonly T[] {
  return TerraformStack.of(construct)
    .node.findAll()
    .filter((one): one is T => TerraformResource.isTerraformResource(one) && one.terraformResourceType === type);
}

/** Whether an expression is one of these attributes of a resource. */
export function isAttributeOf(resource: TerraformResource, expression: string, attributes: readonly string[]): boolean {
  const { terraformResourceType: type, friendlyUniqueId: id } = resource;
  return attributes.some((attribute) => expression === `\${${type}.${id}.${attribute}}`);
}
