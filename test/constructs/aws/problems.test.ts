import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { Fn, TerraformVariable, type TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  CrossAccountRole,
  Ec2InstanceRole,
  EcsTaskRole,
  ExistingRole,
  ExistingUser,
  IamUser,
  IrsaRole,
  OidcProvider,
  PodIdentityRole,
  S3Encryption,
  S3Replication,
  S3Store,
  type IPrincipal,
  type S3StoreProps,
} from '../../../constructs/aws';
import { noteReader } from '../../../constructs/topology/grants';
import { refusalOf, stackOf, synth } from '../support/aws-stack';

const refused = (build: (stack: TerraformStack) => unknown): string =>
  refusalOf(() => stackOf((stack) => build(stack)));
const store = (props: S3StoreProps) => (stack: TerraformStack) => new S3Store(stack, 'X', props);
const existing =
  (bucketName: string, options: Parameters<typeof S3Store.fromBucketName>[3] = {}) =>
  (stack: TerraformStack) =>
    S3Store.fromBucketName(stack, 'X', bucketName, options);
const irsa =
  (oidcProvider: OidcProvider, namespace = 'kong', serviceAccount = 'exporter') =>
  (stack: TerraformStack) =>
    new IrsaRole(stack, 'X', { oidcProvider, namespace, serviceAccount });

const s3Rules =
  'S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.';

describe('a mistake is told whole', () => {
  it.each<[string, (stack: TerraformStack) => unknown, string]>([
    [
      'bucketName and bucketPrefix',
      store({ bucketName: 'kong-config', bucketPrefix: 'kong-' }),
      'KR_TF_S3_BUCKET_NAMES bucketName is "kong-config" and bucketPrefix is "kong-": give one of them, or neither for a name made by Terraform.',
    ],
    [
      'an illegal bucketName',
      store({ bucketName: 'Kong_Config' }),
      `KR_TF_S3_LOCATION bucketName is "Kong_Config": the bucket "Kong_Config" is not a legal name. ${s3Rules}`,
    ],
    [
      'a bucketName with a prefix in it',
      store({ bucketName: 'kong-config/kong' }),
      'KR_TF_S3_LOCATION bucketName is "kong-config/kong": it has a slash. Give the name alone, and prefix beside it.',
    ],
    [
      'a bucketName that is an ARN',
      existing('arn:aws:s3:::kong-config'),
      'KR_TF_S3_LOCATION bucketName is "arn:aws:s3:::kong-config": it is an ARN. Give the name: "kong-config".',
    ],
    [
      'an empty bucketName',
      existing(''),
      'KR_TF_S3_LOCATION bucketName is "": the bucket is missing. Write it as s3://bucket/prefix.',
    ],
    [
      'an illegal bucketPrefix',
      store({ bucketPrefix: 'Kong' }),
      'KR_TF_S3_BUCKET_PREFIX bucketPrefix is "Kong": it must be 1 to 37 lower-case letters, digits, hyphens and single dots, with a letter or digit first. Terraform adds 26 characters.',
    ],
    [
      'a bucketPrefix of 38 characters',
      store({ bucketPrefix: 'k'.repeat(38) }),
      `KR_TF_S3_BUCKET_PREFIX bucketPrefix is "${'k'.repeat(38)}": it must be 1 to 37 lower-case letters, digits, hyphens and single dots, with a letter or digit first. Terraform adds 26 characters.`,
    ],
    [
      'a prefix with a leading slash',
      store({ prefix: '/kong' }),
      'KR_TF_S3_LOCATION prefix is "/kong": the prefix starts with a slash. Leave that out.',
    ],
    [
      'a prefix that holds the key',
      store({ prefix: 'kong/config.json' }),
      'KR_TF_S3_LOCATION prefix is "kong/config.json": the prefix ends in config.json. Leave out the version and the file name: the nodes add <version>/config.json themselves.',
    ],
    [
      'a prefix with a wildcard',
      store({ prefix: 'kong*' }),
      'KR_TF_S3_PREFIX_CHARACTER prefix is "kong*": it has the character "*", which is a wildcard in a policy or means something to Terraform. Leave it out.',
    ],
    [
      'a prefix with an expression of Terraform',
      existing('theirs', { prefix: 'kong/${var.stage}' }),
      'KR_TF_S3_PREFIX_CHARACTER prefix is "kong/${var.stage}": it has the character "$", which is a wildcard in a policy or means something to Terraform. Leave it out.',
    ],
    [
      'the alias of an access point',
      existing('kong-abc123-s3alias'),
      'KR_TF_S3_ACCESS_POINT bucketName is "kong-abc123-s3alias": this is the alias of an access point, and policies on it would name no bucket. Give the name of the bucket itself.',
    ],
    [
      'no days at all',
      store({ electionExpirationDays: 0 }),
      'KR_TF_S3_RANGE electionExpirationDays is 0: it must be a whole number from 1 to 36500.',
    ],
    [
      'half a day',
      existing('theirs', { noncurrentConfigurationDays: 0.5 }),
      'KR_TF_S3_RANGE noncurrentConfigurationDays is 0.5: it must be a whole number from 1 to 36500.',
    ],
    [
      'more versions than S3 counts',
      store({ noncurrentConfigurationVersions: 101 }),
      'KR_TF_S3_RANGE noncurrentConfigurationVersions is 101: it must be a whole number from 1 to 100.',
    ],
    [
      'a series of versions',
      store({ gatewayVersions: ['3.9'] }),
      'KR_TF_GATEWAY_VERSION gatewayVersions[0] is "3.9": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
    ],
    [
      'a list of versions that is a token',
      (stack) => {
        const { listValue } = new TerraformVariable(stack, 'versions', { type: 'list(string)' });
        return new S3Store(stack, 'X', { gatewayVersions: listValue });
      },
      'KR_TF_GATEWAY_VERSION_LIST gatewayVersions is a token: each version gets lifecycle rules of its own, so their number must be known. Give a list; its members may be tokens.',
    ],
    [
      'an alias of a key',
      store({ encryption: S3Encryption.existingKey('arn:aws:kms:us-east-2:111111111111:alias/aws/s3') }),
      'KR_TF_S3_KEY_ARN the key of encryption is "arn:aws:kms:us-east-2:111111111111:alias/aws/s3": it must be the ARN of a key, arn:<partition>:kms:<region>:<account>:key/<id>. Policies do not know keys by an alias, and aws/s3 cannot be granted.',
    ],
    [
      'the bare id of a key',
      existing('theirs', { kmsKeyArn: '1234abcd' }),
      'KR_TF_S3_KEY_ARN kmsKeyArn is "1234abcd": it must be the ARN of a key, arn:<partition>:kms:<region>:<account>:key/<id>. Policies do not know keys by an alias, and aws/s3 cannot be granted.',
    ],
    [
      'a replica in the same region',
      store({ region: 'us-east-2', replication: S3Replication.toRegion('us-east-2') }),
      'KR_TF_S3_REPLICA_REGION region and the region of the replica are both "us-east-2": the replica is for the day when a region fails. Name another one.',
    ],
    [
      'a key for the replica alone',
      store({
        replication: S3Replication.toRegion('us-west-2', { kmsKeyArn: 'arn:aws:kms:us-west-2:111111111111:key/1' }),
      }),
      'KR_TF_S3_REPLICA_KEY the replica has kmsKeyArn, and the store is encrypted with keys of S3: S3 replicates under a key of KMS only what is under one. Set encryption of the store to S3Encryption.ownKey() or existingKey(arn), or leave kmsKeyArn out.',
    ],
    [
      'a version that is no list',
      store({ gatewayVersions: '3.9.1' as unknown as string[] }),
      'KR_TF_LIST gatewayVersions is "3.9.1": it must be a list. Write it in brackets, such as ["3.9.1"].',
    ],
    [
      'name and namePrefix',
      (stack) => new EcsTaskRole(stack, 'X', { name: 'kong', namePrefix: 'kong-' }),
      'KR_TF_AWS_NAMES name is "kong" and namePrefix is "kong-": give one of them, or neither.',
    ],
    [
      'an illegal name',
      (stack) => new EcsTaskRole(stack, 'X', { name: 'kong exporter' }),
      'KR_TF_AWS_NAME name is "kong exporter": it must be 1 to 64 letters, digits and characters of "+=,.@_-".',
    ],
    [
      'a start of a name of 39 characters',
      (stack) => new Ec2InstanceRole(stack, 'X', { namePrefix: 'k'.repeat(39) }),
      `KR_TF_AWS_NAME namePrefix is "${'k'.repeat(39)}": it must be 1 to 38 letters, digits and characters of "+=,.@_-".`,
    ],
    [
      'a path without slashes',
      (stack) => new IamUser(stack, 'X', { path: 'kong' }),
      'KR_TF_AWS_PATH path is "kong": it must start and end with a slash, such as /kong/.',
    ],
    [
      'the name of a boundary',
      (stack) => new EcsTaskRole(stack, 'X', { permissionsBoundary: 'boundary' }),
      'KR_TF_AWS_BOUNDARY permissionsBoundary is "boundary": it must be the ARN of a managed policy, arn:<partition>:iam::<account>:policy/<name>.',
    ],
    [
      'the ARN of a user as a role',
      (stack) => new CrossAccountRole(stack, 'X', { roleArn: 'arn:aws:iam::222222222222:user/me' }),
      'KR_TF_AWS_ROLE_ARN roleArn is "arn:aws:iam::222222222222:user/me": it must be the ARN of a role, arn:<partition>:iam::<account>:role/<name>. A role of the own account is also given by its name: ExistingRole.fromRoleName.',
    ],
    [
      'the name of a role as its ARN',
      (stack) => ExistingRole.fromRoleArn(stack, 'X', 'mine'),
      'KR_TF_AWS_ROLE_ARN roleArn is "mine": it must be the ARN of a role, arn:<partition>:iam::<account>:role/<name>. A role of the own account is also given by its name: ExistingRole.fromRoleName.',
    ],
    [
      'the ARN of a role as its name',
      (stack) => ExistingRole.fromRoleName(stack, 'X', 'arn:aws:iam::111111111111:role/mine'),
      'KR_TF_AWS_NAME roleName is "arn:aws:iam::111111111111:role/mine": it must be 1 to 64 letters, digits and characters of "+=,.@_-". For an ARN, use ExistingRole.fromRoleArn.',
    ],
    [
      'an illegal name of a user',
      (stack) => ExistingUser.fromUserName(stack, 'X', ''),
      'KR_TF_AWS_NAME userName is "": it must be 1 to 64 letters, digits and characters of "+=,.@_-".',
    ],
    [
      'an issuer as the ARN of a provider',
      irsa(OidcProvider.fromArn('https://oidc.eks.us-east-2.amazonaws.com/id/X')),
      'KR_TF_AWS_OIDC_ARN the ARN of the OIDC provider is "https://oidc.eks.us-east-2.amazonaws.com/id/X": it must be arn:<partition>:iam::<account>:oidc-provider/<issuer without https://>.',
    ],
    [
      'an issuer without its scheme',
      irsa(OidcProvider.fromIssuerUrl('oidc.eks.us-east-2.amazonaws.com/id/X')),
      'KR_TF_AWS_ISSUER the issuer is "oidc.eks.us-east-2.amazonaws.com/id/X": it must be a URL such as https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE, as the cluster shows it.',
    ],
    [
      'a wildcard for a service account',
      (stack) => new PodIdentityRole(stack, 'X', { clusterName: 'main', namespace: 'kong', serviceAccount: '*' }),
      'KR_TF_AWS_KUBERNETES_NAME serviceAccount is "*": it must be lower-case letters, digits, hyphens and, in a service account, dots, with a letter or digit at each end. A wildcard would let every pod in.',
    ],
    [
      'a wildcard for a namespace',
      irsa(OidcProvider.fromIssuerUrl('https://oidc.eks.us-east-2.amazonaws.com/id/X'), 'kong-*'),
      'KR_TF_AWS_KUBERNETES_NAME namespace is "kong-*": it must be lower-case letters, digits, hyphens and, in a service account, dots, with a letter or digit at each end. A wildcard would let every pod in.',
    ],
    [
      'a version that a node adds',
      (stack) => new S3Store(stack, 'X').addGatewayVersion('latest'),
      'KR_TF_GATEWAY_VERSION version is "latest": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this is an image tag that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
    ],
    [
      'a version that a node adds to an existing bucket',
      (stack) => existing('theirs')(stack).addGatewayVersion('v3.9.1'),
      'KR_TF_GATEWAY_VERSION version is "v3.9.1": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; did you mean 3.9.1?',
    ],
    [
      'a constructor that only the compiler keeps private, with props',
      (stack) => Reflect.construct(ExistingRole, [stack, 'X', { roleArn: 'mine' }]) as ExistingRole,
      'KR_TF_AWS_NAME roleName is {"roleArn":"mine"}: it must be 1 to 64 letters, digits and characters of "+=,.@_-".',
    ],
    [
      'an ARN that is no text',
      (stack) => ExistingRole.fromRoleArn(stack, 'X', { arn: 'mine' } as never),
      'KR_TF_AWS_ROLE_ARN roleArn is {"arn":"mine"}: it must be the ARN of a role, arn:<partition>:iam::<account>:role/<name>. A role of the own account is also given by its name: ExistingRole.fromRoleName.',
    ],
  ])('%s', (_, build, message) => {
    expect(refused(build)).toBe(`Stack/X: 1 problem\n  ${message}`);
  });

  it('all of one construct together', () => {
    expect(
      refused(
        store({
          bucketName: 'kong-config',
          bucketPrefix: 'kong-',
          prefix: '/kong',
          electionExpirationDays: -1,
          gatewayVersions: ['3.9', '3.10'],
          replication: S3Replication.toRegion('us-west-2', { bucketName: 'Replica', rolePath: 'kong' }),
        }),
      ),
    ).toBe(
      [
        'Stack/X: 7 problems',
        '  KR_TF_S3_BUCKET_NAMES bucketName is "kong-config" and bucketPrefix is "kong-": give one of them, or neither for a name made by Terraform.',
        '  KR_TF_S3_LOCATION prefix is "/kong": the prefix starts with a slash. Leave that out.',
        '  KR_TF_GATEWAY_VERSION gatewayVersions[0] is "3.9": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        '  KR_TF_GATEWAY_VERSION gatewayVersions[1] is "3.10": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        '  KR_TF_S3_RANGE electionExpirationDays is -1: it must be a whole number from 1 to 36500.',
        `  KR_TF_S3_LOCATION bucketName is "Replica": the bucket "Replica" is not a legal name. ${s3Rules} Did you mean replica?`,
        '  KR_TF_AWS_PATH path is "kong": it must start and end with a slash, such as /kong/.',
      ].join('\n'),
    );
  });

  it.each(['grantExport', 'grantImport'] as const)('a principal of another cloud: %s', (verb) => {
    class Elsewhere extends Construct implements IPrincipal {
      readonly credentials = {};
    }
    const message =
      'Stack/X: 1 problem\n  KR_TF_AWS_PRINCIPAL "Stack/Elsewhere" is no principal of AWS. Give an EcsTaskRole, Ec2InstanceRole, LambdaRole, IrsaRole, PodIdentityRole, CrossAccountRole, IamUser, or an existing role or user.';
    expect(refused((stack) => store({})(stack)[verb](new Elsewhere(stack, 'Elsewhere')))).toBe(message);
    expect(refused((stack) => existing('theirs')(stack)[verb](new Elsewhere(stack, 'Elsewhere')))).toBe(message);
    const replicated = store({ replication: S3Replication.toRegion('us-west-2') });
    expect(refused((stack) => replicated(stack)[verb](new Elsewhere(stack, 'Elsewhere')))).toBe(message);
    expect(refused((stack) => replicated(stack).primaryRegion[verb](new Elsewhere(stack, 'Elsewhere')))).toBe(message);
  });

  it('write rights for a principal of a node that imports', () => {
    const grant = (make: (stack: TerraformStack) => { grantExport(principal: IPrincipal): void }) =>
      refused((stack) => {
        const role = new EcsTaskRole(stack, 'Role');
        noteReader(new Construct(stack, 'Node'), role);
        make(stack).grantExport(role);
      });
    const message =
      'Stack/X: 1 problem\n  KR_TF_IMPORTER_WITH_WRITE the principal "Stack/Role" belongs to "Stack/Node", which imports or proxies, and would also be allowed to write: whoever broke into that node could replace the configuration of every other. Give the exporter a principal of its own.';
    expect([grant(store({})), grant(existing('theirs'))]).toEqual([message, message]);
  });

  it.each([
    ['bucketPrefix', { bucketPrefix: 'k'.repeat(37) }],
    ['prefix', { prefix: 'p'.repeat(900) }],
    ['electionExpirationDays', { electionExpirationDays: 36_500 }],
    ['noncurrentConfigurationVersions', { noncurrentConfigurationVersions: 100 }],
    ['replica of a key', { encryption: S3Encryption.existingKey('arn:aws-cn:kms:cn-north-1:111111111111:key/mrk-0a') }],
  ])('the last that is allowed: %s', (_, props) => {
    expect(refused(store(props))).toBe('not refused');
  });
});

type Resources = ReturnType<typeof synth>['resource'];

const named = (resources: Resources, kind: string, start: string) =>
  Object.entries(resources[kind] ?? {}).find(([name]) => name.startsWith(start))?.[1];
const lifecycleOf = (resources: Resources, start: string) =>
  named(resources, 'aws_s3_bucket_lifecycle_configuration', start)?.['rule'];
const policyOf = (resources: Resources, start: string) => named(resources, 'aws_s3_bucket_policy', start)?.['policy'];

describe('tokens', () => {
  it('are taken in every prop of a store', () => {
    const stack = stackOf((scope) => {
      const text = (name: string): string => new TerraformVariable(scope, name, { type: 'string' }).stringValue;
      const number = (name: string): number => new TerraformVariable(scope, name, { type: 'number' }).numberValue;
      const retention = {
        electionExpirationDays: number('days'),
        noncurrentConfigurationDays: number('config_days'),
        noncurrentConfigurationVersions: number('config_versions'),
      };
      const own = new S3Store(scope, 'Own', {
        ...retention,
        bucketName: text('bucket'),
        prefix: text('prefix'),
        gatewayVersions: [text('gateway_version'), '3.9.1'],
        encryption: S3Encryption.existingKey(text('key')),
        region: text('region'),
        accessLogBucketName: text('logs'),
        accessLogPrefix: text('log_prefix'),
        tags: { team: text('team') },
        replication: S3Replication.toRegion(text('second_region'), {
          bucketPrefix: text('replica'),
          kmsKeyArn: text('replica_key'),
          accessLogBucketName: text('replica_logs'),
          accessLogPrefix: text('replica_log_prefix'),
          rolePath: text('path'),
          rolePermissionsBoundary: text('boundary'),
        }),
      });
      const theirs = S3Store.fromBucketName(scope, 'Theirs', text('their_bucket'), {
        ...retention,
        prefix: text('their_prefix'),
        gatewayVersions: [text('their_version')],
        region: text('their_region'),
        kmsKeyArn: text('their_key'),
      });
      const role = {
        name: text('role'),
        path: text('role_path'),
        permissionsBoundary: text('role_boundary'),
        tags: { team: text('role_team') },
      };
      const pod = { namespace: text('namespace'), serviceAccount: text('account') };
      const principals = [
        new EcsTaskRole(scope, 'Ecs', role),
        new Ec2InstanceRole(scope, 'Ec2', { namePrefix: text('role_prefix') }),
        new IrsaRole(scope, 'Irsa', { ...role, ...pod, oidcProvider: OidcProvider.fromArn(text('oidc')) }),
        new IrsaRole(scope, 'Irsa2', { ...pod, oidcProvider: OidcProvider.fromIssuerUrl(text('issuer')) }),
        new PodIdentityRole(scope, 'Pod', { ...pod, clusterName: text('cluster'), region: text('cluster_region') }),
        new CrossAccountRole(scope, 'Cross', { roleArn: text('cross') }),
        new IamUser(scope, 'User', { name: text('user'), secretName: text('secret'), region: text('secret_region') }),
        ExistingRole.fromRoleName(scope, 'ByName', text('role_name')),
        ExistingRole.fromRoleArn(scope, 'ByArn', text('role_arn')),
        ExistingUser.fromUserName(scope, 'ByUser', text('user_name')),
      ];
      for (const principal of principals) {
        own.grantExport(principal);
        own.grantImport(principal);
        theirs.grantExport(principal);
      }
      new S3BucketLifecycleConfiguration(scope, 'Merged', { bucket: 'theirs', rule: [...theirs.lifecycleRules] });
      new S3BucketPolicy(scope, 'MergedPolicy', {
        bucket: 'theirs',
        policy: Fn.jsonencode({ Version: '2012-10-17', Statement: theirs.bucketPolicyStatements }),
      });
    });
    const { resource, output, ...rest } = synth(stack);
    const whole = JSON.stringify({ resource, output });
    // Every variable arrives where it belongs, and no placeholder is left over.
    const variables = Object.keys((rest as unknown as { variable: object }).variable);
    expect(variables.filter((name) => !whole.includes(`var.${name}`))).toEqual([]);
    expect(whole).not.toMatch(/TfToken|#\{Token|e\+298/);
    expect(lifecycleOf(resource, 'Own_Lifecycle')).toMatchInlineSnapshot(`
      [
        {
          "abort_incomplete_multipart_upload": [
            {
              "days_after_initiation": 1,
            },
          ],
          "filter": [
            {
              "prefix": "",
            },
          ],
          "id": "kong-uploads",
          "status": "Enabled",
        },
        {
          "filter": [
            {
              "prefix": "\${var.prefix}/",
            },
          ],
          "id": "kong-configurations:\${var.prefix}/",
          "noncurrent_version_expiration": [
            {
              "newer_noncurrent_versions": "\${var.config_versions}",
              "noncurrent_days": "\${var.config_days}",
            },
          ],
          "status": "Enabled",
        },
        {
          "filter": [
            {
              "prefix": "\${var.prefix}/\${var.gateway_version}/kong-resilience.json",
            },
          ],
          "id": "kong-lease:\${var.prefix}/\${var.gateway_version}/kong-resilience.json",
          "noncurrent_version_expiration": [
            {
              "noncurrent_days": 1,
            },
          ],
          "status": "Enabled",
        },
        {
          "expiration": [
            {
              "days": "\${var.days}",
            },
          ],
          "filter": [
            {
              "prefix": "\${var.prefix}/\${var.gateway_version}/election/",
            },
          ],
          "id": "kong-election:\${var.prefix}/\${var.gateway_version}/election/",
          "noncurrent_version_expiration": [
            {
              "noncurrent_days": 1,
            },
          ],
          "status": "Enabled",
        },
        {
          "expiration": [
            {
              "expired_object_delete_marker": true,
            },
          ],
          "filter": [
            {
              "prefix": "\${var.prefix}/\${var.gateway_version}/election/",
            },
          ],
          "id": "kong-election-markers:\${var.prefix}/\${var.gateway_version}/election/",
          "status": "Enabled",
        },
        {
          "filter": [
            {
              "prefix": "\${var.prefix}/3.9.1/kong-resilience.json",
            },
          ],
          "id": "kong-lease:\${var.prefix}/3.9.1/kong-resilience.json",
          "noncurrent_version_expiration": [
            {
              "noncurrent_days": 1,
            },
          ],
          "status": "Enabled",
        },
      ]
    `);
    expect(policyOf(resource, 'MergedPolicy')).toMatchInlineSnapshot(
      `"\${jsonencode({"Version" = "2012-10-17", "Statement" = [{"Sid" = "KongTlsOnly", "Effect" = "Deny", "Principal" = {"AWS" = "*"}, "Action" = ["s3:*"], "Resource" = ["arn:\${data.aws_partition.Theirs_Partition_480A7AB7.partition}:s3:::\${var.their_bucket}/\${var.their_prefix}/*"], "Condition" = {"Bool" = {"aws:SecureTransport" = ["false"]}}}, {"Effect" = "Allow", "Principal" = {"AWS" = var.cross}, "Action" = ["s3:PutObject"], "Resource" = ["arn:\${data.aws_partition.Theirs_Partition_480A7AB7.partition}:s3:::\${var.their_bucket}/\${var.their_prefix}/*/config.json", "arn:\${data.aws_partition.Theirs_Partition_480A7AB7.partition}:s3:::\${var.their_bucket}/\${var.their_prefix}/*/kong-resilience.json", "arn:\${data.aws_partition.Theirs_Partition_480A7AB7.partition}:s3:::\${var.their_bucket}/\${var.their_prefix}/*/election/*"]}, {"Effect" = "Allow", "Principal" = {"AWS" = var.cross}, "Action" = ["s3:GetObject"], "Resource" = ["arn:\${data.aws_partition.Theirs_Partition_480A7AB7.partition}:s3:::\${var.their_bucket}/\${var.their_prefix}/*"]}, {"Effect" = "Allow", "Principal" = {"AWS" = var.cross}, "Action" = ["s3:ListBucket"], "Resource" = ["arn:\${data.aws_partition.Theirs_Partition_480A7AB7.partition}:s3:::\${var.their_bucket}"], "Condition" = {"StringLike" = {"s3:prefix" = ["\${var.their_prefix}/*"]}}}]})}"`,
    );
  });

  it('of an issuer or an ARN reach the trust policy in the form that it needs', () => {
    const stack = stackOf((scope) => {
      const text = (name: string): string => new TerraformVariable(scope, name, { type: 'string' }).stringValue;
      const pod = { namespace: 'kong', serviceAccount: 'exporter' };
      new IrsaRole(scope, 'ByArn', { ...pod, oidcProvider: OidcProvider.fromArn(text('oidc')) });
      new IrsaRole(scope, 'ByUrl', { ...pod, oidcProvider: OidcProvider.fromIssuerUrl(text('issuer')) });
      ExistingRole.fromRoleArn(scope, 'Role', text('role_arn')).addPolicyStatements('Test', () => []);
    });
    const { resource } = synth(stack);
    const policies = Object.values(resource['aws_iam_role'] ?? {}).map((role) => role['assume_role_policy']);
    expect(policies).toMatchInlineSnapshot(`
      [
        "{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"\${var.oidc}"},"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"\${element(split(":oidc-provider/", var.oidc), 1)}:aud":["sts.amazonaws.com"],"\${element(split(":oidc-provider/", var.oidc), 1)}:sub":["system:serviceaccount:kong:exporter"]}}}]}",
        "{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:\${data.aws_partition.ByUrl_Partition_199F1DF5.partition}:iam::\${data.aws_caller_identity.ByUrl_Account_7D319D55.account_id}:oidc-provider/\${replace(var.issuer, "https://", "")}"},"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"\${replace(var.issuer, "https://", "")}:aud":["sts.amazonaws.com"],"\${replace(var.issuer, "https://", "")}:sub":["system:serviceaccount:kong:exporter"]}}}]}",
      ]
    `);
    expect(Object.values(resource['aws_iam_role_policy'] ?? {})).toMatchInlineSnapshot(`
      [
        {
          "name": "kong-Test-24c495a8",
          "policy": "{"Version":"2012-10-17","Statement":[]}",
          "role": "\${element(reverse(split("/", var.role_arn)), 0)}",
        },
      ]
    `);
  });

  it('in the names of versions make rules that may be of Enterprise', () => {
    const stack = stackOf((scope) => {
      const version = new TerraformVariable(scope, 'gateway_version', { type: 'string' });
      const own = new S3Store(scope, 'Own', { gatewayVersions: [version.stringValue] });
      // Another token of the same text.
      own.addGatewayVersion(version.stringValue);
      own.addGatewayVersion(Fn.trimspace(version.stringValue));
    });
    const [rules] = Object.values(synth(stack).resource['aws_s3_bucket_lifecycle_configuration'] ?? {});
    expect((rules?.['rule'] as { id: string }[]).map(({ id }) => id)).toEqual([
      'kong-uploads',
      'kong-configurations:kong/',
      'kong-lease:kong/${var.gateway_version}/kong-resilience.json',
      'kong-election:kong/${var.gateway_version}/election/',
      'kong-election-markers:kong/${var.gateway_version}/election/',
      'kong-lease:kong/${trimspace(var.gateway_version)}/kong-resilience.json',
      'kong-election:kong/${trimspace(var.gateway_version)}/election/',
      'kong-election-markers:kong/${trimspace(var.gateway_version)}/election/',
    ]);
  });
});
