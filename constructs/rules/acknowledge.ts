import type { IConstruct } from 'constructs';
import { isKnown, throwProblems } from '../problems';
import { allRules } from './all-rules';
import { noReason, unknownRule } from './problems';
import type { Finding } from './rule';

/** A finding that somebody lets stand, and why. */
export interface Acknowledgement {
  readonly construct: IConstruct;
  readonly code: string;
  readonly reason: string;
}

const acknowledgements = new WeakMap<IConstruct, Acknowledgement[]>();

/**
 * Lets the findings of one rule stand, at a construct and all below it. They are still told, as information with the
 * reason; an acknowledgement that no longer has any is told as a warning.
 *
 * @param construct where the finding is, or what it is part of
 * @param code code of the rule: `KR_RULE_…`
 * @param reason why it may stand, for whoever reads the stack next
 * @throws DeclarationError when there is no such rule, or no reason
 */
export function acknowledge(construct: IConstruct, code: string, reason: string): void {
  const known = allRules.map((rule) => rule.code);
  throwProblems(construct, [
    ...(known.includes(code) ? [] : [unknownRule(code, known.join(', '))]),
    ...(isKnown(reason) && reason.trim() === '' ? [noReason(code)] : []),
  ]);
  const here = acknowledgements.get(construct) ?? [];
  here.push({ construct, code, reason });
  acknowledgements.set(construct, here);
}

/** The acknowledgement of a finding, the nearest one, if there is one. */
export function acknowledgementOf({ construct, code }: Finding): Acknowledgement | undefined {
  return construct.node.scopes
    .toReversed()
    .flatMap((scope) => acknowledgements.get(scope) ?? [])
    .find((acknowledgement) => acknowledgement.code === code);
}

/** All of a construct and those below it. */
export function acknowledgementsBelow(construct: IConstruct): readonly Acknowledgement[] {
  return construct.node.findAll().flatMap((one) => acknowledgements.get(one) ?? []);
}
