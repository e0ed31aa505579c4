import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { providerVersion, schemaOfBindings } from '../../support/terraform-stand-in/bindings';
import type { ProviderSchema } from '../../support/terraform-stand-in/schema';
import { sensitive } from '../../support/terraform-stand-in/sensitive';

const aws = (...resources: string[]) => schemaOfBindings('aws', { resources, dataSources: [] }).resources;
const google = (...resources: string[]) => schemaOfBindings('google', { resources, dataSources: [] }).resources;

const requiredOf = (attributes: Readonly<Record<string, { readonly required?: boolean }>> = {}): string[] =>
  Object.keys(attributes).filter((name) => attributes[name]?.required === true);

describe('the schemas that are read from the bindings', () => {
  it('have the versions of the providers that the bindings were made from', () => {
    expect([providerVersion('aws'), providerVersion('google')]).toEqual(['6.25.0', '6.50.0']);
  });

  it('know what must be set, what may be, and what the provider sets', () => {
    const { attributes } = aws('aws_iam_role')['aws_iam_role'] ?? {};

    expect(requiredOf(attributes)).toEqual(['assume_role_policy']);
    expect(attributes).toMatchObject({
      assume_role_policy: { type: 'string', required: true },
      arn: { type: 'string', computed: true },
      force_detach_policies: { type: 'bool', optional: true },
      max_session_duration: { type: 'number', optional: true },
      name: { type: 'string', optional: true, computed: true },
      tags: { type: ['map', 'string'], optional: true },
    });
    expect(attributes?.['arn']).not.toHaveProperty('optional');
    expect(attributes?.['max_session_duration']).not.toHaveProperty('computed');
  });

  it('know a block that must be there once', () => {
    expect(aws('aws_s3_bucket_versioning')['aws_s3_bucket_versioning']?.blocks).toEqual({
      versioning_configuration: {
        nesting: 'list',
        min_items: 1,
        max_items: 1,
        attributes: {
          mfa_delete: { type: 'string', optional: true, computed: true },
          status: { type: 'string', required: true },
        },
        blocks: {},
      },
    });
  });

  it('know a block that may be there once', () => {
    const { attributes, blocks } = google('google_storage_bucket_iam_member')['google_storage_bucket_iam_member'] ?? {};

    expect(requiredOf(attributes)).toEqual(['bucket', 'member', 'role']);
    expect(blocks).toEqual({
      condition: {
        nesting: 'list',
        max_items: 1,
        attributes: {
          description: { type: 'string', optional: true },
          expression: { type: 'string', required: true },
          title: { type: 'string', required: true },
        },
        blocks: {},
      },
    });
  });

  it('know lists and sets of blocks, and blocks in blocks', () => {
    const { rule } =
      aws('aws_s3_bucket_lifecycle_configuration')['aws_s3_bucket_lifecycle_configuration']?.blocks ?? {};

    expect(rule).not.toHaveProperty('max_items');
    expect(rule).toMatchObject({
      nesting: 'list',
      blocks: {
        filter: { blocks: { and: { attributes: { tags: { type: ['map', 'string'] } } } } },
        transition: { nesting: 'set', attributes: { storage_class: { required: true } } },
      },
    });
  });

  it('know a value that other tools write as blocks', () => {
    expect(aws('aws_security_group')['aws_security_group']?.attributes?.['ingress']).toMatchObject({
      type: ['set', ['object', { cidr_blocks: ['list', 'string'], from_port: 'number', self: 'bool' }]],
      optional: true,
      computed: true,
    });
  });

  it('know a structure that only the provider sets', () => {
    expect(aws('aws_eks_cluster')['aws_eks_cluster']?.attributes?.['identity']).toEqual({
      type: ['list', ['object', { oidc: ['list', ['object', { issuer: 'string' }]] }]],
      computed: true,
    });
  });

  it('read a resource whose bindings are spread over several files', () => {
    const cluster = google('google_container_cluster')['google_container_cluster'];

    expect(requiredOf(cluster?.attributes)).toEqual(['name']);
    expect(cluster?.blocks?.['workload_identity_config']).toMatchObject({
      max_items: 1,
      attributes: { workload_pool: { type: 'string', optional: true } },
    });
  });

  it('know which secrets are sensitive, and which are only written', () => {
    expect(aws('aws_secretsmanager_secret_version')['aws_secretsmanager_secret_version']?.attributes).toMatchObject({
      secret_string: { sensitive: true },
      secret_string_wo: { sensitive: true, write_only: true },
    });
  });

  it('know data sources and the provider’s own block', () => {
    const { data_sources, provider } = schemaOfBindings('aws', { resources: [], dataSources: ['aws_partition'] });

    expect(data_sources?.['aws_partition']?.attributes).toMatchObject({
      partition: { type: 'string', computed: true },
    });
    expect(provider.attributes).toMatchObject({ region: { type: 'string', optional: true } });
    expect(provider.attributes).not.toHaveProperty('alias');
    expect(provider.blocks?.['assume_role']?.attributes).toMatchObject({
      role_arn: { type: 'string', optional: true },
    });
  });

  it('leave out a type that the bindings do not have', () => {
    expect(aws('aws_s3_buckets')).toEqual({});
    expect(google('google_storage_bucket')['google_storage_bucket']?.attributes?.['location']).toEqual({
      type: 'string',
      required: true,
    });
  });
});

describe('what the stand-in adds to the schemas', () => {
  type Rules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const values = JSON.parse(readFileSync('test/support/terraform-stand-in/values.json', 'utf8')) as Readonly<
    Record<'aws' | 'google' | 'minio', { readonly types: Rules }>
  >;
  const minio = JSON.parse(readFileSync('test/constructs/support/minio-schema.json', 'utf8')) as ProviderSchema;

  /** Those of the named attributes that neither a resource of the type nor a data source has. */
  function unknownIn(type: string, names: readonly string[]): string[] {
    const wanted = { resources: [type], dataSources: [type] };
    const provider = type.split('_')[0];
    const schema = provider === 'minio' ? minio : schemaOfBindings(provider === 'aws' ? 'aws' : 'google', wanted);
    const known = [schema.resources[type], schema.data_sources?.[type]].flatMap((block) =>
      Object.keys(block?.attributes ?? {}),
    );
    return names.filter((name) => !known.includes(name)).map((name) => `${type}.${name}`);
  }

  it('has values only for attributes that there are', () => {
    const rules = Object.values(values).flatMap(({ types }) => Object.entries(types));
    const specific = rules.filter(([type]) => type !== '*');

    expect(specific.flatMap(([type, attributes]) => unknownIn(type, Object.keys(attributes)))).toEqual([]);
  });

  it('calls only attributes sensitive that there are', () => {
    expect(Object.entries(sensitive).flatMap(([type, names]) => unknownIn(type, names))).toEqual([]);
  });
});
