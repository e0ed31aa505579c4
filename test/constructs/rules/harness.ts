import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { Aspects, TerraformStack, Testing } from 'cdktf';
import type { IConstruct } from 'constructs';
import { KongResilienceRules } from '../../../constructs/rules';

/** Declares something in a stack named `Stack` with the rules, and gives what they tell: `path level: CODE text`. */
export function told(declare: (stack: TerraformStack) => void): string[] {
  const stack = new TerraformStack(Testing.app(), 'Stack');
  new AwsProvider(stack, 'aws');
  new GoogleProvider(stack, 'google');
  declare(stack);
  Aspects.of(stack).add(new KongResilienceRules());
  Testing.synth(stack, true);
  return annotations(stack);
}

/** The same of one rule alone. */
export function toldBy(code: string, declare: (stack: TerraformStack) => void): string[] {
  return told(declare).filter((line) => line.includes(`: ${code} `));
}

/** What the rules have told below a construct. */
export function annotations(scope: IConstruct): string[] {
  return scope.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type, data }) => type.startsWith('@cdktf/') && String(data).startsWith('KR_RULE_'))
        .map(({ type, data }) => `${node.path} ${type.slice('@cdktf/'.length)}: ${String(data)}`),
    );
}

/** A container definition of ECS. */
export function container(name: string, image: string, variables: Readonly<Record<string, string>>, rest: object = {}) {
  return { name, image, environment: Object.entries(variables).map(([key, value]) => ({ name: key, value })), ...rest };
}

/** Variables of the fallback. */
export function fallback(verb: 'IMPORT' | 'EXPORT', storage: string): Record<string, string> {
  return { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage, [`KONG_CLUSTER_FALLBACK_CONFIG_${verb}`]: 'on' };
}
