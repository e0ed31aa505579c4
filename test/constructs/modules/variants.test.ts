import { describe, expect, it } from 'vitest';
import { type AppliedState, terraformIsMissing, valuesOf, withTerraform } from '../support/terraform';
import { replaced, treeWith } from './trees';

/** The example of a module with further arguments, and all of its outputs, applied. */
async function applied(path: string, further = '', more = (text: string): string => text): Promise<AppliedState> {
  const main = (text: string): string =>
    more(replaced(text, 'source = "../.."', `source = "../.."\n${further}`)) +
    'output "all" {\n  value     = module.kong_resilience\n  sensitive = true\n}\n';
  return withTerraform(await treeWith({ path, main }), async (terraform) => {
    await terraform.init();
    await terraform.apply();
    return terraform.show();
  });
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: string;
}

interface Container {
  readonly name: string;
  readonly environment: readonly Variable[];
  readonly secrets: readonly Variable[];
}

const all = ({ outputs }: AppliedState): Readonly<Record<string, unknown>> =>
  outputs['all'] as Readonly<Record<string, unknown>>;

const containersOf = (state: AppliedState, task: string): Container[] =>
  JSON.parse(String(valuesOf(state, 'aws_ecs_task_definition', task)['container_definitions'])) as Container[];

const valueOf = (variables: readonly Variable[], name: string): string | undefined => {
  // A platform refuses a container with a variable twice.
  const found = variables.filter((variable) => variable.name === name);
  expect([name, found.length <= 1]).toEqual([name, true]);
  return found[0]?.value ?? found[0]?.valueFrom;
};

const pki = '  cluster_mtls = "pki"\n  cluster_server_name = "cp.internal"\n';
const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf';

describe.skipIf(terraformIsMissing())('The variants of the modules', { timeout: 180_000 }, () => {
  it('on ECS: the example is a whole task that imports before its gateway, and a control plane that admits the exporter', async () => {
    const state = await applied('aws/modules/ecs');
    const [imports, gateway] = containersOf(state, 'gateway') as (Container & { dependsOn?: unknown })[];
    expect([imports?.name, gateway?.name]).toEqual(['kong-resilience-import', 'kong']);
    expect(gateway?.dependsOn).toEqual([{ containerName: 'kong-resilience-import', condition: 'COMPLETE' }]);
    const task = valuesOf(state, 'aws_ecs_task_definition', 'gateway');
    expect(task['volume']).toMatchObject([{ name: 'kong-resilience-handover' }]);
    const [own] = all(state)['exporter_security_groups'] as string[];
    expect(valuesOf(state, 'aws_security_group')['id']).toBe(own);
    expect(valuesOf(state, 'aws_vpc_security_group_ingress_rule')['referenced_security_group_id']).toBe(own);
    for (const container of [...containersOf(state, 'exporter_service'), imports, gateway]) {
      const { environment = [], secrets = [] } = container ?? {};
      expect(valueOf(environment, 'KONG_CLUSTER_MTLS')).toBe('shared');
      expect(valueOf(environment, 'KONG_CLUSTER_SERVER_NAME')).toBeUndefined();
      expect(secrets.map(({ name }) => name)).toEqual(['KONG_CLUSTER_CERT', 'KONG_CLUSTER_CERT_KEY']);
    }
  });

  it('on ECS: takes existing security groups, the mode pki, a key of the secret, and a boundary for every role', async () => {
    const boundary = 'arn:aws:iam::123456789012:policy/boundary';
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b';
    const state = await applied(
      'aws/modules/ecs',
      `${pki}  cluster_ca_json_key = "ca"\n  secrets_kms_key_arn = "${key}"\n  security_groups = ["sg-0ddba11"]\n` +
        `  permissions_boundary = "${boundary}"\n  role_path = "/kong/"\n  tags = { team = "edge" }\n` +
        '  environment = { KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS = "30", KONG_LUA_SSL_TRUSTED_CERTIFICATE = "system,/ca.crt" }',
    );
    expect(state.resources.filter(({ type }) => /^aws_(vpc_)?security_group(_egress_rule)?$/.test(type))).toEqual([]);
    expect(state.resources.filter(({ type }) => type === 'aws_subnet')).toEqual([]);
    const service = valuesOf(state, 'aws_ecs_service', 'exporter_service');
    expect(service['network_configuration']).toMatchObject([{ security_groups: ['sg-0ddba11'] }]);
    expect(all(state)['exporter_security_groups']).toEqual(['sg-0ddba11']);

    const [exporter] = containersOf(state, 'exporter_service');
    const [imports, gateway] = containersOf(state, 'gateway');
    for (const { environment = [], secrets = [] } of [exporter, imports, gateway].map(
      (one) => one ?? ({} as Container),
    )) {
      expect(valueOf(environment, 'KONG_CLUSTER_MTLS')).toBe('pki');
      expect(valueOf(environment, 'KONG_CLUSTER_SERVER_NAME')).toBe('cp.internal');
      expect(valueOf(environment, 'KONG_LUA_SSL_TRUSTED_CERTIFICATE')).toBe('system,/ca.crt');
      expect(valueOf(secrets, 'KONG_CLUSTER_CA_CERT')).toBe(`${secret}:ca::`);
    }
    expect(valueOf(imports?.environment ?? [], 'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS')).toBe('30');
    expect(gateway?.environment.filter(({ name }) => name.startsWith('KONG_RESILIENCE_'))).toEqual([]);

    const roles = state.resources.filter(({ type }) => type === 'aws_iam_role').map(({ values }) => values);
    expect(roles.map((role) => [role['permissions_boundary'], role['path'], role['tags']])).toEqual(
      Array.from({ length: 4 }, () => [boundary, '/kong/', { team: 'edge' }]),
    );
    const starts = state.resources.filter(({ name }) => /execution_role_start/.test(name));
    expect(starts.map(({ values }) => String(values['policy']).includes(key))).toEqual([true, true]);
  });

  it('on Lambda: takes the mode pki, and a boundary for every role', async () => {
    const boundary = 'arn:aws:iam::123456789012:policy/boundary';
    const state = await applied(
      'aws/modules/lambda',
      `${pki}  cluster_ca_json_key = "ca"\n  permissions_boundary = "${boundary}"\n`,
    );
    for (const name of ['exporter_function', 'check']) {
      const { environment } = valuesOf(state, 'aws_lambda_function', name) as {
        environment: { variables: Record<string, string> }[];
      };
      expect(environment[0]?.variables).toMatchObject({
        KONG_CLUSTER_MTLS: 'pki',
        KONG_CLUSTER_SERVER_NAME: 'cp.internal',
        KONG_CLUSTER_CA_CERT: `{vault://aws/${secret}/ca}`,
      });
    }
    const roles = state.resources.filter(({ type }) => type === 'aws_iam_role').map(({ values }) => values);
    expect(roles.map((role) => role['permissions_boundary'])).toEqual([boundary, boundary, boundary]);
    expect(valueOf(all(state)['importer_secrets'] as Variable[], 'KONG_CLUSTER_CA_CERT')).toBe(`${secret}:ca::`);
  });

  it.each(['aws', 'google', 'minio'])(
    'modules/%s takes the mode pki, in every form of the environment',
    async (path) => {
      const outputs = all(
        await applied(
          path,
          `${pki}  cluster_ca_cert = "/etc/kong/ca.crt"\n  environment = { KONG_RESILIENCE_SPOOL_DIR = "/var/spool", HTTPS_PROXY = "http://$(proxy)" }`,
        ),
      );
      for (const node of ['exporter', 'importer', 'gateway']) {
        const map = outputs[`${node}_environment_map`] as Record<string, string>;
        expect(map).toMatchObject({
          KONG_CLUSTER_MTLS: 'pki',
          KONG_CLUSTER_SERVER_NAME: 'cp.internal',
          KONG_CLUSTER_CA_CERT: '/etc/kong/ca.crt',
          HTTPS_PROXY: 'http://$(proxy)',
        });
        expect([node, map['KONG_RESILIENCE_SPOOL_DIR']]).toEqual([node, node === 'gateway' ? undefined : '/var/spool']);
        const list = outputs[`${node}_environment`] as Variable[];
        expect(Object.fromEntries(list.map(({ name, value }) => [name, value]))).toEqual(map);
        const chart = outputs[`${node}_helm_values`] as Record<'env' | 'customEnv', Record<string, string>>;
        expect(chart.env).toMatchObject({ cluster_ca_cert: '/etc/kong/ca.crt', cluster_server_name: 'cp.internal' });
        // The kubelet would expand what is in the brackets.
        expect(chart.customEnv['HTTPS_PROXY']).toBe('http://$$(proxy)');
      }
    },
  );

  it('on Cloud Run: the example is a whole service, of which each container has each variable once', async () => {
    const state = await applied(
      'google/modules/cloud-run',
      `${pki}  cluster_ca_secret = "kong-ca"\n  environment = { KONG_LUA_SSL_TRUSTED_CERTIFICATE = "system,/ca.crt" }\n  labels = { team = "edge" }`,
    );
    interface Templates {
      readonly template: {
        readonly containers?: { readonly name: string; readonly env: Variable[] }[];
        readonly template?: Templates['template'];
        readonly service_account?: string;
        readonly vpc_access?: unknown[];
      }[];
    }
    const templates = ['worker_pool', 'job', 'service'].flatMap((kind) => {
      const [outer] = (valuesOf(state, `google_cloud_run_v2_${kind}`) as unknown as Templates).template;
      return outer?.template?.[0] ?? outer ?? [];
    });
    expect(templates.map(({ containers = [] }) => containers.map(({ name }) => name))).toEqual([
      ['kong-resilience'],
      ['kong-resilience'],
      ['kong', 'kong-resilience-import'],
    ]);
    for (const { env } of templates.flatMap(({ containers = [] }) => containers)) {
      expect(valueOf(env, 'KONG_LUA_SSL_TRUSTED_CERTIFICATE')).toBe('system,/ca.crt');
      expect(valueOf(env, 'KONG_CLUSTER_SERVER_NAME')).toBe('cp.internal');
      expect(env.find(({ name }) => name === 'KONG_CLUSTER_CA_CERT')).toMatchObject({
        value_source: [{ secret_key_ref: [{ secret: 'kong-ca' }] }],
      });
      expect(env.map(({ name }) => name).sort()).toEqual([...new Set(env.map(({ name }) => name))].sort());
    }
    // Without a network there is none of its own.
    expect(templates.map(({ vpc_access }) => vpc_access ?? [])).toEqual([[], [], []]);
    const read = state.resources.filter(({ type }) => type === 'google_secret_manager_secret_iam_member');
    expect(read.filter(({ values }) => values['secret_id'] === 'kong-ca')).toHaveLength(2);
  });

  it('on Cloud Run: is there twice in one project, by for_each, and no name of the project is taken twice', async () => {
    const twice = (text: string): string => {
      const [head = ''] = replaced(
        replaced(text, /^ {2}source *= "..\/.."/m, '  for_each = toset(["edge", "core"])\n  source = "../.."'),
        '"example-kong-fallback"',
        '"example-${each.key}"',
      ).split(/^(?=resource ")/m);
      return head;
    };
    const state = await applied(
      'google/modules/cloud-run',
      '  name = each.key\n  exporter_account_id = "${each.key}-exporter"\n  importer_account_id = "${each.key}-gateway"\n  network = "edge"',
      twice,
    );
    const named = (type: string, attribute: string): unknown[] =>
      state.resources.filter((one) => one.type === type).map(({ values }) => values[attribute]);
    for (const [type, attribute, count] of [
      ['google_service_account', 'account_id', 6],
      ['google_logging_metric', 'name', 10],
      ['google_monitoring_alert_policy', 'display_name', 10],
      ['google_cloud_run_v2_worker_pool', 'name', 2],
      ['google_cloud_scheduler_job', 'name', 2],
    ] as const) {
      expect([type, new Set(named(type, attribute)).size]).toEqual([type, count]);
    }
    expect(named('google_service_account', 'account_id')).toContain('edge-check');
    expect(JSON.stringify(named('google_cloud_run_v2_worker_pool', 'template'))).toContain('"network":"edge"');
  });
});
