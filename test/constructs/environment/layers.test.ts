import { TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EnvironmentBlock, EnvValue } from '../../../constructs/environment';
import { block, refusal, texts } from './blocks';

describe('the layers of a block', () => {
  it('give each name once, sorted, the override before the user before what is derived', () => {
    const made = block({
      derived: texts({ KONG_ROLE: 'data_plane', AWS_REGION: 'us-east-2', TEST_B: 'derived' }),
      user: texts({ TEST_A: 'user', TEST_C: 'user' }),
      override: texts({ TEST_C: 'override', TEST_B: 'override' }),
    });
    expect(made.names).toEqual(['AWS_REGION', 'KONG_ROLE', 'TEST_A', 'TEST_B', 'TEST_C']);
    expect(JSON.parse(JSON.stringify(made.values))).toEqual({
      AWS_REGION: 'us-east-2',
      KONG_ROLE: 'data_plane',
      TEST_A: 'user',
      TEST_B: 'override',
      TEST_C: 'override',
    });
    expect(made.get('TEST_A')?.toString()).toBe('user');
    expect(made.get('TEST_D')).toBeUndefined();
  });

  it('may be empty', () => {
    expect(block({}).names).toEqual([]);
  });

  it('refuse two different values for one name, and name both layers and the way out, secrets unseen', () => {
    const derived = {
      ...texts({ AWS_REGION: 'us-east-2', KONG_ROLE: 'data_plane' }),
      AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText('derived-secret'),
    };
    const user = {
      ...texts({ AWS_REGION: 'eu-west-1', KONG_ROLE: 'data_plane' }),
      AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText('user-secret'),
    };
    expect(refusal(() => block({ derived, user }))).toBe(
      [
        'stack/node: 2 problems',
        '  KR_TF_ENV_CONFLICT AWS_REGION is "us-east-2" in the derived layer, but "eu-west-1" in the user layer ("environment"). Leave it out of the latter, or put it into the override layer ("environmentOverrides"), which wins.',
        '  KR_TF_ENV_CONFLICT AWS_SECRET_ACCESS_KEY is a secret in the derived layer, but a secret in the user layer ("environment"). Leave it out of the latter, or put it into the override layer ("environmentOverrides"), which wins.',
      ].join('\n'),
    );
  });

  it('let the override win without a word, over a conflict too', () => {
    const override = texts({ AWS_REGION: 'ap-south-1' });
    const made = block({
      derived: texts({ AWS_REGION: 'us-east-2' }),
      user: texts({ AWS_REGION: 'eu-west-1' }),
      override,
    });
    expect(made.get('AWS_REGION')?.toString()).toBe('ap-south-1');
  });

  it('take the same secret from two layers, and one in another place for another value', () => {
    const secret = (key: string): EnvValue => EnvValue.fromKubernetesSecret('store', key);
    block({ derived: { AWS_SECRET_ACCESS_KEY: secret('a') }, user: { AWS_SECRET_ACCESS_KEY: secret('a') } });
    expect(
      refusal(() =>
        block({ derived: { AWS_SECRET_ACCESS_KEY: secret('a') }, user: { AWS_SECRET_ACCESS_KEY: secret('b') } }),
      ),
    ).toContain('KR_TF_ENV_CONFLICT AWS_SECRET_ACCESS_KEY is a secret in the derived layer, but a secret in the user');
  });

  it('compare tokens by what they resolve to', () => {
    const stack = new TerraformStack(Testing.app(), 'stack');
    const [one, other] = ['one', 'other'].map((id) => new TerraformVariable(stack, id, {})) as [
      TerraformVariable,
      TerraformVariable,
    ];
    const values = (variable: TerraformVariable) => texts({ AWS_REGION: `${variable.stringValue}-1` });
    new EnvironmentBlock(stack, { derived: values(one), user: values(one) });
    expect(refusal(() => new EnvironmentBlock(stack, { derived: values(one), user: values(other) }))).toBe(
      [
        'stack: 1 problem',
        '  KR_TF_ENV_CONFLICT AWS_REGION is a value that Terraform alone knows in the derived layer, but a value that Terraform alone knows in the user layer ("environment"). Leave it out of the latter, or put it into the override layer ("environmentOverrides"), which wins.',
      ].join('\n'),
    );
  });
});
