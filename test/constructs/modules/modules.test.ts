import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { moduleDefinitions, moduleFiles } from '../../../scripts/modules/generate';
import { isMissing } from '../../support/servers';
import { accessOf, exports, imports } from '../examples/aws-access';
import { isAllowed, mayPut } from '../support/google-iam';
import { appliedGoogleStack } from '../support/google-stack';
import { type AppliedState, TerraformError, terraformIsMissing, valuesOf, withTerraform } from '../support/terraform';
import { folder, replaced, treeWith, type Use } from './trees';

/** What is in `modules/`. */
const filesOnDisk = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();

describe.skipIf(isMissing('terraform'))('modules/', { timeout: 180_000 }, () => {
  it('is what the constructs give today: `npm run modules` would change nothing', async () => {
    const generated = moduleFiles();
    expect(filesOnDisk()).toEqual([...generated.keys()].sort());
    const options = await resolveConfig(join(folder, 'README.md'));
    for (const [path, text] of generated) {
      const expected = path.endsWith('.md') ? await format(text, { ...options, parser: 'markdown' }) : text;
      expect([path, readFileSync(join(folder, path), 'utf8')]).toEqual([path, expected]);
    }
  });

  it("is in Terraform's own form", () => {
    const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-recursive', '-no-color', folder], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '']);
  });
});

it('holds no token that was lost on the way', () => {
  for (const path of filesOnDisk()) expect(readFileSync(join(folder, path), 'utf8')).not.toMatch(/\[object |TfToken/);
});

describe('each module', () => {
  const filesOf = (path: string): Record<string, string> =>
    Object.fromEntries(
      ['main.tf', 'variables.tf', 'outputs.tf', 'versions.tf', 'README.md'].map((name) => [
        name,
        readFileSync(join(folder, path, name), 'utf8'),
      ]),
    );

  it.each(moduleDefinitions.map(({ path }) => path))(
    'modules/%s has ranges, and neither provider nor backend',
    (path) => {
      const files = filesOf(path);
      expect(files['versions.tf']).toMatch(/required_version = ">= 1\.5"/);
      expect(files['versions.tf']).toMatch(/version = ">= [\d.]+, < [\d.]+"/);
      expect(Object.values(files).join('')).not.toMatch(/^(provider|\s*backend) "/m);
    },
  );

  it.each(moduleDefinitions.map(({ path }) => path))(
    'modules/%s has typed, documented variables that are not null',
    (path) => {
      const { 'variables.tf': text = '', 'README.md': readme = '' } = filesOf(path);
      const blocks = text.split(/^(?=variable ")/m).filter((block) => block.startsWith('variable'));
      expect(blocks.length).toBeGreaterThan(5);
      for (const block of blocks) {
        const name = /^variable "(\w+)"/.exec(block)?.[1] ?? '';
        expect(block).toMatch(/^ {2}description = ".{10,}"$/m);
        expect(block).toMatch(/^ {2}type\s+= \S+/m);
        expect([name, /default\s+= null/.test(block) || /nullable\s+= false/.test(block)]).toEqual([name, true]);
        expect(readme).toContain(`| \`${name}\``);
      }
    },
  );
});

/** Init, validate, plan, apply, a plan without changes, destroy. @returns the state in between */
async function lifeOf(use: Use): Promise<AppliedState> {
  return withTerraform(await treeWith(use), async (terraform) => {
    await terraform.init();
    expect(await terraform.validate()).toEqual([]);
    expect(await terraform.plan()).toBe(true);
    await terraform.apply();
    expect(await terraform.plan()).toBe(false);
    const state = await terraform.show();
    await terraform.destroy();
    expect((await terraform.show()).resources).toEqual([]);
    return state;
  });
}

/** With what a plan of the example is refused, when a line of it is another. */
async function refusalOf(path: string, before: string | RegExp, after: string): Promise<string> {
  const tree = await treeWith({ path, main: (text) => replaced(text, before, after) });
  return withTerraform(tree, async (terraform) => {
    await terraform.init();
    try {
      await terraform.plan();
    } catch (error) {
      if (error instanceof TerraformError) return error.message;
      throw error;
    }
    return 'not refused';
  });
}

describe.skipIf(terraformIsMissing())('Terraform', { timeout: 180_000 }, () => {
  it.each(moduleDefinitions.map(({ path }) => path))('applies and destroys the example of modules/%s', async (path) => {
    const { outputs } = await lifeOf({ path });
    expect(outputs['storage_url']).toMatch(/^(s3|gcs):\/\/[^/]+\/kong$/);
  });

  it.each(moduleDefinitions.map(({ path }) => path))('passes the test of modules/%s', async (path) => {
    const printed = await withTerraform({ tree: (await treeWith({ path })).tree, root: path }, async (terraform) => {
      await terraform.init();
      return terraform.test();
    });
    expect(printed).toContain('3 passed, 0 failed');
  });

  it('uses a module several times, by for_each', async () => {
    const main = (text: string): string =>
      replaced(
        replaced(
          replaced(text, 'source = "../.."', 'for_each = toset(["edge", "core"])\n  source = "../.."'),
          '"example-kong-fallback"',
          '"example-${each.key}"',
        ),
        'module.kong_resilience.storage_url',
        '{ for name, one in module.kong_resilience : name => one.storage_url }',
      );
    const { outputs, resources } = await lifeOf({ path: 'google', main });
    expect(outputs['storage_url']).toEqual({ core: 'gcs://example-core/kong', edge: 'gcs://example-edge/kong' });
    const roles = resources.filter(({ type }) => type === 'google_project_iam_custom_role');
    expect(new Set(roles.map(({ values }) => values['role_id'])).size).toBe(4);
  });

  it('gives each version its own lifecycle rules, and lets no rule reach what is current', async () => {
    const versions = 'gateway_versions = ["3.9.1", "3.10.0.2"]';
    const state = await lifeOf({ path: 'aws', main: (text) => replaced(text, /gateway_versions *= \[.*\]/, versions) });
    const { rule } = valuesOf(state, 'aws_s3_bucket_lifecycle_configuration') as {
      rule: { id: string; filter: { prefix: string }[]; expiration: { days?: number }[] }[];
    };
    expect(rule.map(({ id }) => id).sort()).toEqual(
      [
        'kong-uploads',
        'kong-configurations:kong/',
        ...['3.9.1', '3.10.0.2'].flatMap((version) => [
          `kong-lease:kong/${version}/kong-resilience.json`,
          `kong-election:kong/${version}/election/`,
          `kong-election-markers:kong/${version}/election/`,
        ]),
      ].sort(),
    );
    for (const { filter, expiration } of rule) {
      if ((expiration[0]?.days ?? 0) > 0) expect(filter[0]?.prefix).toMatch(/\/election\/$/);
    }
  });

  it('leaves a bucket and roles that exist to their owner: policies are added, rules come out for each version', async () => {
    const versions = 'gateway_versions = ["3.9.1", "3.10.0.2"]';
    const main = (text: string): string => replaced(text, /gateway_versions *= \[.*\]/, versions);
    const state = await lifeOf({ path: 'aws/modules/existing-bucket', main });
    const added = state.resources.filter(({ mode, address }) => mode === 'managed' && address.startsWith('module.'));
    expect(added.map(({ type, values }) => `${type} of ${String(values['role'])}`).sort()).toEqual([
      'aws_iam_role_policy of kong-exporter',
      'aws_iam_role_policy of kong-gateway',
    ]);
    const [exported, imported] = ['exporter_role', 'importer_role'].map((name) =>
      JSON.stringify(valuesOf(state, 'aws_iam_role_policy', name)['policy']),
    );
    expect([exported?.includes('s3:PutObject'), imported?.includes('s3:PutObject')]).toEqual([true, false]);
    const merged = (type: string): Readonly<Record<string, unknown>> => valuesOf(state, type, 'ours');
    expect(String(merged('aws_s3_bucket_policy')['policy'])).toContain('aws:SecureTransport');
    const { rule } = merged('aws_s3_bucket_lifecycle_configuration') as { rule: { filter: { prefix: string }[] }[] };
    expect(rule).toHaveLength(10);
    for (const { filter } of rule) expect(filter[0]?.prefix).toMatch(/^kong\/(3\.9\.1|3\.10\.0\.2)\//);

    const google = await lifeOf({ path: 'google/modules/existing-bucket', main });
    const made = google.resources.filter(({ mode, address }) => mode === 'managed' && address.startsWith('module.'));
    expect([...new Set(made.map(({ type }) => type))].sort()).toEqual([
      'google_project_iam_custom_role',
      'google_storage_bucket_iam_member',
    ]);
    const { lifecycle_rule: rules } = valuesOf(google, 'google_storage_bucket') as {
      lifecycle_rule: { condition: { matches_prefix: string[]; with_state: string }[] }[];
    };
    const reached = rules.map(({ condition: [condition] }) => [condition?.with_state, condition?.matches_prefix]);
    const of = (name: string): string[] => [`kong/3.9.1/${name}`, `kong/3.10.0.2/${name}`];
    expect(reached).toEqual([
      ['ARCHIVED', of('config.json')],
      ['ARCHIVED', of('kong-resilience.json')],
      ['LIVE', of('election/')],
      ['ARCHIVED', of('election/')],
    ]);
  });

  it('lets the exporter of a module write, and its importer only read', async () => {
    const aws = await lifeOf({ path: 'aws' });
    const bucket = String(aws.outputs['storage_url']).replace(/^s3:\/\/(.*)\/kong$/, '$1');
    expect(await accessOf(aws, 'exporter_role', bucket)).toEqual(exports);
    expect(await accessOf(aws, 'importer_role', bucket)).toEqual(imports);

    const google = await lifeOf({ path: 'google' });
    const resources = google.resources.map((one) => ({
      ...one,
      address: one.address.replace('module.kong_resilience.', ''),
    }));
    const grants = appliedGoogleStack({ ...google, resources });
    const memberOf = (name: string) => String(valuesOf(google, 'google_service_account', name)['member']);
    const config = { bucket: 'example-kong-fallback', key: 'kong/3.9.1/config.json' };
    expect(mayPut(grants, { ...config, member: memberOf('exporter_account') }, true)).toBe(true);
    expect(mayPut(grants, { ...config, member: memberOf('importer_account') }, false)).toBe(false);
    const get = { ...config, member: memberOf('importer_account'), permission: 'storage.objects.get' };
    expect(isAllowed(grants, get)).toBe(true);
  });

  it('gives the environment as list, map and values of the chart, with variables of one’s own over it', async () => {
    const main = (text: string): string =>
      replaced(
        text,
        'source = "../.."',
        'source = "../.."\n  environment = { KONG_LOG_LEVEL = "debug", KONG_DATABASE = "off" }',
      ) +
      ['exporter', 'importer', 'gateway']
        .flatMap((name) => ['environment', 'environment_map', 'helm_values'].map((form) => `${name}_${form}`))
        .map((name) => `output "${name}" {\n  value = module.kong_resilience.${name}\n}\n`)
        .join('');
    const { outputs } = await lifeOf({ path: 'google', main });
    const map = outputs['exporter_environment_map'] as Record<string, string>;
    expect(map).toMatchObject({
      KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
      KONG_LOG_LEVEL: 'debug',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
    });
    const list = outputs['exporter_environment'] as { name: string; value: string }[];
    expect(Object.fromEntries(list.map(({ name, value }) => [name, value]))).toEqual(map);
    expect(list).toHaveLength(Object.keys(map).length);
    const chart = outputs['exporter_helm_values'] as { env: Record<string, string> };
    expect(chart.env).toMatchObject({ log_level: 'debug', cluster_fallback_config_export: 'on' });
    const gateway = outputs['gateway_environment_map'] as Record<string, string>;
    expect(Object.keys(gateway).filter((name) => /RESILIENCE|FALLBACK/.test(name))).toEqual([]);
    expect(outputs['importer_environment_map']).toMatchObject({
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
    });
  });

  it.each([
    [
      'aws',
      /gateway_versions *= \[.*\]/,
      'gateway_versions = ["3.9"]',
      'gateway_versions must be full versions of three parts',
    ],
    ['aws', /gateway_versions *= \[.*\]/, 'gateway_versions = []', 'gateway_versions must name each version'],
    ['aws', '"cp.example.com:8005"', '"https://cp.example.com"', 'control_plane must be host:port'],
    ['aws', 'source = "../.."', 'source = "../.."\n  prefix = "kong/"', 'prefix must not be empty, and have no slash'],
    [
      'aws',
      'source = "../.."',
      'source = "../.."\n  gateway_version = "3.8.0"',
      'gateway_version must be one of gateway_versions',
    ],
    [
      'aws',
      'source = "../.."',
      'source = "../.."\n  environment = { AWS_SECRET_ACCESS_KEY = "x" }',
      'environment takes names of variables in capitals, and no secrets',
    ],
    [
      'aws',
      'source = "../.."',
      'source = "../.."\n  cluster_cert = "-----BEGIN"',
      'cluster_cert must be an absolute path',
    ],
    ['google', '"example-kong-fallback"', '"gs://Example"', 'bucket_name must have 3 to 63'],
    ['google/modules/cloud-run', ':0.1.0"', ':latest"', 'image must end with a full tag'],
    ['aws/modules/ecs', /subnets *= \[.*\]/, 'subnets = []', 'subnets must have the id of one subnet at least'],
    [
      'aws/modules/ecs',
      'source = "../.."',
      'source = "../.."\n  environment = { KONG_RESILIENCE_HANDOVER_GROUP = "1337" }',
      'what this module declares is made for their defaults',
    ],
    [
      'google',
      'source = "../.."',
      'source = "../.."\n  environment = { KONG_CLUSTER_CA_CERT = "/ca.crt" }',
      'KONG_CLUSTER_CERT and KONG_CLUSTER_CA_CERT have variables of their own',
    ],
    ['google', /gateway_versions *= \[.*\]/, 'gateway_versions = ["3.9.1", "3.9.1"]', 'must name each version once'],
    ['minio', '"https://minio.example.com:9000"', '"minio:9000"', 'endpoint must be an http:// or https:// URL'],
  ])('modules/%s refuses %s as %s', async (path, before, after, message) => {
    expect(await refusalOf(path, before, after)).toContain(message);
  });

  it('hides the keys of MinIO', async () => {
    const open = 'value = module.kong_resilience.exporter_environment';
    const refusal = await refusalOf('minio', 'value = module.kong_resilience.storage_url', open);
    expect(refusal).toContain('Output refers to sensitive values');
  });
});
