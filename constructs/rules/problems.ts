import { defineProblem } from '../problems';

export const noReason = defineProblem(
  'KR_TF_NO_REASON',
  'A finding of a rule is acknowledged without a reason.',
  (code: string) =>
    `the acknowledgement of ${code} has no reason. Say why it may stay, for whoever reads the stack next.`,
);

export const unknownRule = defineProblem(
  'KR_TF_UNKNOWN_RULE',
  'A rule is acknowledged that does not exist.',
  (code: string, known: string) => `there is no rule "${code}". There are ${known}.`,
);

export const unusedAcknowledgement = defineProblem(
  'KR_RULE_UNUSED_ACKNOWLEDGEMENT',
  'An acknowledgement has nothing left to acknowledge.',
  (code: string, reason: string) =>
    `nothing here, or below, has ${code} any more, which is acknowledged with the reason "${reason}". Remove the acknowledgement.`,
);

export const rulesMissing = defineProblem(
  'KR_RULE_STACK_NOT_CHECKED',
  'A stack was declared after the rules were added to the stacks of its app.',
  (stack: string) =>
    `the stack "${stack}" was declared after KongResilienceRules.addToStacks, and was not checked. Call it when all stacks are declared.`,
);
