import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { Fn, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EnvironmentBlock, EnvValue } from '../../../constructs/environment';
import { terraformIsMissing, valuesOf, withTerraform, type AppliedState } from '../support/terraform';
import { texts, trickyTexts } from './blocks';

const arn = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf';
const known = Object.fromEntries(trickyTexts.map((text, at) => [`KONG_TEST_${at}`, text]));
const token = '"$(x)" ${y}\n';

async function applied(define: (stack: TerraformStack, token: string) => void): Promise<AppliedState> {
  const stack = new TerraformStack(Testing.app(), 'stack');
  define(stack, new TerraformVariable(stack, 'text', { type: 'string', default: token }).stringValue);
  return withTerraform(stack, async (terraform) => {
    await terraform.init();
    await terraform.apply();
    return terraform.show();
  });
}

describe.skipIf(terraformIsMissing())('a resource takes the form', { timeout: 120_000 }, () => {
  const values = Object.entries({ ...known, KONG_TEXT: token })
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

  it.each([
    ['JSON.stringify', JSON.stringify],
    ['Fn.jsonencode', (value: unknown): string => Fn.jsonencode(value)],
  ])('aws_ecs_task_definition, by %s', async (_, encode) => {
    const state = await applied((stack, text) => {
      new AwsProvider(stack, 'aws', { region: 'us-east-2' });
      const { environment, secrets } = new EnvironmentBlock(stack, {
        user: { ...texts({ ...known, KONG_TEXT: text }), KONG_ADMIN_TOKEN: EnvValue.fromAwsSecret(arn, 'token') },
      }).toEcs();
      new EcsTaskDefinition(stack, 'task', {
        family: 'kong',
        containerDefinitions: encode([{ name: 'kong', image: 'kong:3.9.1', environment, secrets }]),
      });
    });
    const definitions = valuesOf(state, 'aws_ecs_task_definition')['container_definitions'] as string;
    expect(JSON.parse(definitions)).toEqual([
      {
        name: 'kong',
        image: 'kong:3.9.1',
        environment: values,
        secrets: [{ name: 'KONG_ADMIN_TOKEN', valueFrom: `${arn}:token::` }],
      },
    ]);
  });

  it('google_cloud_run_v2_service', async () => {
    const state = await applied((stack, text) => {
      new GoogleProvider(stack, 'google', { project: 'test-project' });
      const env = new EnvironmentBlock(stack, {
        user: { ...texts({ ...known, KONG_TEXT: text }), KONG_ADMIN_TOKEN: EnvValue.fromGoogleSecret('token', '7') },
      }).toCloudRun();
      new CloudRunV2Service(stack, 'service', {
        name: 'kong',
        location: 'europe-west1',
        template: { containers: [{ image: 'kong:3.9.1', env }] },
      });
    });
    const [template] = valuesOf(state, 'google_cloud_run_v2_service')['template'] as {
      containers: { env: { name: string; value: string; value_source: unknown[] }[] }[];
    }[];
    const env = [...(template?.containers[0]?.env ?? [])];
    expect(
      env.filter(({ value_source: source }) => source.length === 0).map(({ name, value }) => ({ name, value })),
    ).toEqual(values);
    expect(env.filter(({ value_source: source }) => source.length > 0)).toMatchObject([
      { name: 'KONG_ADMIN_TOKEN', value_source: [{ secret_key_ref: [{ secret: 'token', version: '7' }] }] },
    ]);
  });
});
