import { isKnown, type Problem } from '../problems';
import { boundaryArn, iamName, iamPath, nameAndPrefix, roleArn } from './problems';

/** What IAM checks of a role's or user's own settings. */
export interface CheckedRoleProps {
  readonly name?: string;
  readonly namePrefix?: string;
  readonly path?: string;
  readonly permissionsBoundary?: string;
}

/** Everything wrong with them; tokens are not checked. */
export function checkRoleProps({ name, namePrefix, path, permissionsBoundary }: CheckedRoleProps): Problem[] {
  return [
    ...(name === undefined || namePrefix === undefined ? [] : [nameAndPrefix(name, namePrefix)]),
    ...checkIamName('name', name, 64),
    ...checkIamName('namePrefix', namePrefix, 38),
    ...(isKnown(path) && !/^\/([!-~]{1,510}\/)?$/.test(path) ? [iamPath(path)] : []),
    ...(isKnown(permissionsBoundary) && !/^arn:[a-z0-9-]+:iam::(\d{12}|aws):policy\/\S+$/.test(permissionsBoundary)
      ? [boundaryArn(permissionsBoundary)]
      : []),
  ];
}

/** A name that IAM allows. */
export function checkIamName(prop: string, name: string | undefined, longest: number): Problem[] {
  if (!isKnown(name) || (/^[\w+=,.@-]+$/.test(name) && name.length <= longest)) return [];
  return [iamName(prop, name, longest)];
}

/** The ARN of a role. */
export function checkRoleArn(prop: string, arn: string): Problem[] {
  return !isKnown(arn) || /^arn:[a-z0-9-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn) ? [] : [roleArn(prop, arn)];
}
