import { isKnown, type Problem } from '../problems';
import { wrongName } from './problems';

/** A name without dots, as namespaces have it, and all that becomes a label. */
export function labelProblems(prop: string, value: string | undefined, longest = 63): Problem[] {
  if (!isKnown(value) || (value.length <= longest && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(value))) return [];
  return [wrongName(prop, value, longest, 'lower-case letters, digits and "-"')];
}

/** A name that may have dots, as secrets and service accounts have it. */
export function subdomainProblems(prop: string, value: string | undefined): Problem[] {
  if (!isKnown(value) || (value.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value))) return [];
  return [wrongName(prop, value, 253, 'lower-case letters, digits, "-" and "."')];
}
