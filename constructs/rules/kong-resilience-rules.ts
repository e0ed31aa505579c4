import { Annotations, Aspects, TerraformStack, type IAspect } from 'cdktf';
import type { IConstruct } from 'constructs';
import { inform, warn } from '../problems';
import { acknowledgementOf, acknowledgementsBelow } from './acknowledge';
import { allRules } from './all-rules';
import { rulesMissing, unusedAcknowledgement } from './problems';
import { View } from './reading/view';
import type { Finding } from './rule';

const checked = new WeakSet<TerraformStack>();

/**
 * Rules over whole stacks, other people's resources included: what would leave a new node without a configuration in an
 * outage, or let somebody replace or read it. Each has a stable code; docs/constructs/rules.md describes them all.
 *
 * A finding is an annotation at the construct that it is about: an error stops the synthesis, a warning does not. What only
 * Terraform knows is told as information, "could not be checked". `acknowledge` lets a finding stand with a reason.
 *
 * Add it to each stack, `Aspects.of(stack).add(new KongResilienceRules())`, or to all with `addToStacks(app)`: CDKTF 0.21
 * runs no aspect that is added to the app itself. The stacks are read when they are validated, after all aspects, and each
 * rule sees the whole app. An app that skips validation (`skipValidation`) and `Testing.synth(stack)` without `true` as
 * second argument skip the rules as well.
 */
export class KongResilienceRules implements IAspect {
  /**
   * Adds the rules to every stack below a construct. Call it when all stacks are declared; one that comes later is an error
   * of the app's validation.
   *
   * @param scope the app, or whatever else holds stacks
   */
  static addToStacks(scope: IConstruct): void {
    const rules = new KongResilienceRules();
    for (const stack of stacksBelow(scope)) Aspects.of(stack).add(rules);
    scope.node.addValidation({
      validate: () =>
        stacksBelow(scope)
          .filter((stack) => !checked.has(stack))
          .map(({ node }) => rulesMissing(node.path))
          .map(({ code, text }) => `${code} ${text}`),
    });
  }

  /** For CDKTF: notes that the construct's stack is to be checked. */
  visit(construct: IConstruct): void {
    // An app has no stack.
    if (construct.node.scope === undefined && !TerraformStack.isStack(construct)) return;
    const stack = TerraformStack.of(construct);
    if (checked.has(stack)) return;
    checked.add(stack);
    // Other aspects may still change what this one would see now.
    stack.node.addValidation({
      validate: () => {
        check(stack);
        return [];
      },
    });
  }
}

function stacksBelow(scope: IConstruct): readonly TerraformStack[] {
  return scope.node.findAll().filter((construct) => TerraformStack.isStack(construct));
}

/** Annotations reach the manifest with their own stack alone, so each stack tells what is found in it. */
function check(stack: TerraformStack): void {
  const view = new View(stack.node.root);
  const used = new Set<unknown>();
  for (const finding of allRules.flatMap((rule) => rule.check(view))) {
    if (!isWithin(finding.construct, stack)) continue;
    const acknowledgement = acknowledgementOf(finding);
    used.add(acknowledgement);
    if (acknowledgement === undefined) tell(finding);
    else {
      const { code, text } = finding;
      tell({ ...finding, level: 'info', code, text: `acknowledged, "${acknowledgement.reason}": ${text}` });
    }
  }
  for (const acknowledgement of acknowledgementsBelow(stack)) {
    const { construct, code, reason } = acknowledgement;
    if (used.has(acknowledgement)) continue;
    tell({ construct, level: 'warning', ...unusedAcknowledgement(code, reason) });
  }
}

function isWithin(construct: IConstruct, stack: TerraformStack): boolean {
  return construct.node.scopes.includes(stack);
}

/** A second synthesis of the same stack tells nothing twice. */
function tell(finding: Finding): void {
  const { construct, level, code, text } = finding;
  if (construct.node.metadata.some(({ data }) => data === `${code} ${text}`)) return;
  if (level === 'error') Annotations.of(construct).addError(`${code} ${text}`);
  else if (level === 'warning') warn(construct, finding);
  else inform(construct, finding);
}
