/** Ids made of a construct's path, where a user gives none. */
import { createHash } from 'node:crypto';
import { Op, Token } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { isKnown, type Problem } from '../problems';
import { wrongAccountId, wrongEmail, wrongLabel } from './problems';

/** The same path always gives the same id; two paths hardly ever the same. */
function hashOf(construct: Construct): string {
  return createHash('sha256').update(construct.node.path).digest('hex').slice(0, 8);
}

function slugOf(construct: Construct, longest: number, separator: string): string {
  const words = construct.node.id.toLowerCase().replaceAll(/[^a-z0-9]+/g, separator);
  const ends = new RegExp(`^${separator}+|${separator}+$`, 'g');
  return words.replaceAll(ends, '').slice(0, longest).replaceAll(ends, '');
}

function joined(parts: readonly string[], separator: string): string {
  return parts.filter((part) => part !== '').join(separator);
}

/** 6 to 30 characters: the construct's id, cut, and a hash of its path. */
export function generatedAccountId(construct: Construct): string {
  return joined(['kr', slugOf(construct, 18, '-'), hashOf(construct)], '-');
}

/** At most 64 characters, without hyphens. */
export function generatedRoleId(construct: Construct, verb: string): string {
  return joined(['kongResilience', verb, slugOf(construct, 24, '_'), hashOf(construct)], '_');
}

/** At most 63 characters. */
export function generatedKeyRingName(construct: Construct): string {
  return joined(['kong-resilience', slugOf(construct, 24, '-'), hashOf(construct)], '-');
}

/** At most 49 characters, as Cloud Run's services allow: lower-case letters, digits and hyphens. */
export function generatedRunName(construct: Construct): string {
  return joined(['kong', slugOf(construct, 32, '-'), hashOf(construct)], '-');
}

/** At most 100 characters, without hyphens: PromQL writes a metric's name with underscores. */
export function generatedMetricName(construct: Construct, what: string): string {
  return joined(['kong_resilience', what, slugOf(construct, 24, '_'), hashOf(construct)], '_');
}

/** Names a principal among the children of another construct: its path, without the stack that both are in. */
export function childIdFor(parent: IConstruct, verb: string, principal: IConstruct): string {
  const [parentStack] = parent.node.path.split('/');
  const [stack, ...rest] = principal.node.path.split('/');
  return `${verb}-${(stack === parentStack && rest.length > 0 ? rest : [stack, ...rest]).join('--')}`;
}

/** Seconds of a number of days, which may be a token. */
export function secondsOf(days: number): number {
  return isKnown(days) ? days * 86_400 : Token.asNumber(Op.mul(days, 86_400));
}

/** Rules of Google for service accounts. */
export function accountIdProblems(accountId: string | undefined): Problem[] {
  if (!isKnown(accountId) || /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/.test(accountId)) return [];
  return [wrongAccountId(accountId)];
}

export function emailProblems(email: string): Problem[] {
  if (!isKnown(email) || /^[a-z0-9][a-z0-9.-]*@([a-z0-9-]+\.)*gserviceaccount\.com$/.test(email)) return [];
  return [wrongEmail(email)];
}

/** Rules of Google for labels that are the same for every resource. */
export function labelProblems(labels: Readonly<Record<string, string>> | undefined): Problem[] {
  if (!isKnown(labels)) return [];
  return Object.entries(labels)
    .filter(([key, value]) => {
      const keyIsLegal = !isKnown(key) || /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key);
      const valueIsLegal = !isKnown(value) || /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value);
      return !keyIsLegal || !valueIsLegal;
    })
    .map(([key, value]) => wrongLabel(key, value));
}
