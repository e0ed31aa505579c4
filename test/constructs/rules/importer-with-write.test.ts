import { DataAwsIamPolicyDocument } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { StorageBucketIamBinding } from '@cdktf/provider-google/lib/storage-bucket-iam-binding';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { Fn, TerraformVariable, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsTaskRole, S3Store } from '../../../constructs/aws';
import { AttachedServiceAccount, GcsStore } from '../../../constructs/google';
import { container, fallback, toldBy } from './harness';

const code = 'KR_RULE_IMPORTER_WITH_WRITE';
const levelOf = ([line]: readonly string[]): string | undefined => /^\S+ (\w+):/.exec(line ?? '')?.[1];

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly [name: string]: unknown;
}

/** A store, and a role of ours that it lets read; `attach` adds to the role by hand. */
function role(attach: (stack: TerraformStack, role: EcsTaskRole, store: S3Store) => void): string[] {
  return toldBy(code, (stack) => {
    const store = new S3Store(stack, 'Store', { bucketName: 'kong-store' });
    const proxy = new EcsTaskRole(stack, 'Proxy', { name: 'proxy' });
    store.grantImport(proxy);
    attach(stack, proxy, store);
  });
}

function inline(...statements: readonly Statement[]): string[] {
  return role((stack, proxy) => {
    const Statement = statements.map((statement) => ({ Effect: 'Allow', Resource: '*', ...statement }));
    new IamRolePolicy(stack, 'More', { role: proxy.roleName, policy: JSON.stringify({ Statement }) });
  });
}

describe('a role that a store lets read, with a policy written by hand', () => {
  const put = { Action: 's3:PutObject' };
  it.each<[string, readonly Statement[], string | undefined]>([
    ['puts anything', [put], 'error'],
    ['deletes', [{ Action: ['s3:DeleteObject'] }], 'error'],
    ['does anything', [{ Action: '*' }], 'error'],
    ['puts, by a wildcard', [{ Action: 's3:Put*' }], 'error'],
    ['puts, in another case', [{ Action: 'S3:putobject' }], 'error'],
    ['puts in the bucket', [{ ...put, Resource: 'arn:aws:s3:::kong-store/*' }], 'error'],
    ['puts under the prefix', [{ ...put, Resource: 'arn:aws-cn:s3:::kong-store/kong/*' }], 'error'],
    ['puts one version', [{ ...put, Resource: 'arn:aws:s3:::kong-store/kong/3.8.0.0/config.json' }], 'error'],
    ['puts, under a condition', [{ ...put, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }], 'error'],
    ['does all but read', [{ NotAction: ['s3:GetObject'] }], 'error'],
    ['does all elsewhere', [{ ...put, NotResource: ['arn:aws:s3:::kong-store/*'], Resource: undefined }], undefined],
    ['reads', [{ Action: ['s3:Get*', 's3:List*'] }], undefined],
    ['puts in another bucket', [{ ...put, Resource: 'arn:aws:s3:::other/*' }], undefined],
    ['puts under another prefix', [{ ...put, Resource: 'arn:aws:s3:::kong-store/logs/*' }], undefined],
    ['is denied it', [{ ...put, Effect: 'Deny' }], undefined],
    ['puts, and is denied it', [put, { ...put, Effect: 'Deny' }], undefined],
    ['puts, denied under a condition', [put, { ...put, Effect: 'Deny', Condition: {} }], 'error'],
  ])('one that %s', (_, statements, level) => {
    expect(levelOf(inline(...statements))).toBe(level);
  });

  it('tells who, what and by which policy', () => {
    expect(inline(put)).toEqual([
      `Stack/More error: ${code} the role "proxy" of "Stack/Proxy", which a store lets read only, is allowed s3:PutObject on "kong/3.9.1/config.json" in the bucket "kong-store" by this policy. Whoever broke into that node could replace the configuration of every other: let only exporters write.`,
    ]);
  });

  it('by whatever way it is attached and written', () => {
    const document = (store: S3Store) => ({
      Statement: [{ Effect: 'Allow', Action: ['s3:*'], Resource: [`${store.bucketArn}/*`] }],
    });
    const attached = (policyOf: (stack: TerraformStack, store: S3Store) => string) =>
      levelOf(
        role((stack, proxy, store) => {
          const policy = new IamPolicy(stack, 'Policy', { policy: policyOf(stack, store) });
          new IamRolePolicyAttachment(stack, 'More', { role: proxy.roleName, policyArn: policy.arn });
        }),
      );
    expect(attached((_, store) => JSON.stringify(document(store)))).toBe('error');
    expect(attached((_, store) => Fn.jsonencode(document(store)))).toBe('error');
    expect(
      attached((stack, store) => {
        const statement = [{ actions: ['s3:PutObject'], resources: [`${store.bucketArn}/kong/*`] }];
        return new DataAwsIamPolicyDocument(stack, 'Document', { statement }).json;
      }),
    ).toBe('error');
    expect(
      attached((stack) => {
        const statement = [{ actions: ['s3:GetObject'], resources: ['*'] }];
        return new DataAwsIamPolicyDocument(stack, 'Document', { statement }).json;
      }),
    ).toBe(undefined);
    expect(attached((stack) => new TerraformVariable(stack, 'policy', {}).stringValue)).toBe('info');
    expect(attached((stack) => Fn.jsonencode(new TerraformVariable(stack, 'policy', {}).value))).toBe('info');
  });

  it.each([
    ['AmazonS3FullAccess', 'error'],
    ['AdministratorAccess', 'error'],
    ['AmazonS3ReadOnlyAccess', undefined],
    ['service-role/AmazonECSTaskExecutionRolePolicy', undefined],
    ['SomethingNew', 'info'],
  ])('AWS policy %s', (name, level) => {
    const found = role((stack, proxy) => {
      const policyArn = `arn:aws:iam::aws:policy/${name}`;
      new IamRolePolicyAttachment(stack, 'More', { role: proxy.roleName, policyArn });
    });
    expect(levelOf(found)).toBe(level);
  });

  it('by the policy of the bucket, too', () => {
    const by = (action: string) =>
      levelOf(
        role((stack, proxy, store) => {
          const Statement = [
            { Effect: 'Allow', Principal: { AWS: proxy.arn }, Action: action, Resource: `${store.bucketArn}/*` },
          ];
          new S3BucketPolicy(stack, 'More', { bucket: store.bucketName, policy: JSON.stringify({ Statement }) });
        }),
      );
    expect(by('s3:PutObject')).toBe('error');
    expect(by('s3:GetObject')).toBe(undefined);
  });

  it('tells the certain reader where a policy may also be that of another', () => {
    const found = toldBy(code, (stack) => {
      const store = new S3Store(stack, 'Store', { bucketName: 'kong-store' });
      const unknown = new EcsTaskRole(stack, 'Unknown', { name: new TerraformVariable(stack, 'name', {}).stringValue });
      const proxy = new EcsTaskRole(stack, 'Proxy', { name: 'proxy' });
      for (const principal of [unknown, proxy]) store.grantImport(principal);
      const policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
      new IamRolePolicy(stack, 'More', { role: 'proxy', policy });
    });
    expect(found.map((line) => line.slice(0, 12))).toEqual(['Stack/More e']);
  });

  it('leaves the role of an exporter, and that of others, alone', () => {
    const found = toldBy(code, (stack) => {
      const store = new S3Store(stack, 'Store');
      const backup = new EcsTaskRole(stack, 'Backup');
      store.grantExport(backup);
      const policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
      new IamRolePolicy(stack, 'More', { role: backup.roleName, policy });
      new IamRolePolicy(stack, 'Others', { role: 'deployer', policy });
    });
    expect(found).toEqual([]);
  });
});

describe('a role written by hand, by the task that has it', () => {
  const task = (...containers: readonly object[]) =>
    toldBy(code, (stack) => {
      const taskRole = new IamRole(stack, 'Role', {
        name: 'task',
        assumeRolePolicy: '{}',
        inlinePolicy: [
          { name: 'all', policy: JSON.stringify({ Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } }) },
        ],
      });
      S3Store.fromBucketName(stack, 'Store', 'company');
      new EcsTaskDefinition(stack, 'Task', {
        family: 'kong',
        taskRoleArn: taskRole.arn,
        containerDefinitions: JSON.stringify(containers),
      });
    });
  const enterprise = 'kong/kong-gateway:3.10.0.2';
  const both = { ...fallback('IMPORT', 's3://company/kong'), ...fallback('EXPORT', 's3://company/kong') };

  it.each<[string, object, string | undefined]>([
    ['imports', container('kong', enterprise, fallback('IMPORT', 's3://company/kong')), 'error'],
    ['proxies', container('kong', enterprise, { KONG_ROLE: 'data_plane' }), 'error'],
    ['exports and proxies', container('kong', enterprise, fallback('EXPORT', 's3://company/kong')), 'error'],
    [
      'exports and does not proxy',
      container('kong', enterprise, { ...fallback('EXPORT', 's3://company/kong'), KONG_PROXY_LISTEN: 'off' }),
      undefined,
    ],
    ['does both and does not proxy', container('kong', enterprise, { ...both, KONG_PROXY_LISTEN: 'off' }), undefined],
    ['is a control plane', container('kong', enterprise, { KONG_ROLE: 'control_plane' }), undefined],
    ['is something else', container('web', 'nginx:1', {}), undefined],
  ])('one that %s', (_, definition, level) => {
    expect(levelOf(task(definition))).toBe(level);
  });

  it('also when it is the exporter role of this library', () => {
    const found = toldBy(code, (stack) => {
      const store = new S3Store(stack, 'Store', { bucketName: 'kong-store' });
      const backup = new EcsTaskRole(stack, 'Backup', { name: 'backup' });
      store.grantExport(backup);
      new EcsTaskDefinition(stack, 'Task', {
        family: 'kong',
        taskRoleArn: backup.arn,
        containerDefinitions: JSON.stringify([container('kong', enterprise, fallback('IMPORT', store.storageUrl))]),
      });
    });
    expect(found).toEqual([
      `Stack/Backup/Export-Store error: ${code} the role "backup" of "Stack/Task", which proxies, is allowed s3:PutObject on "kong/3.10.0.2/config.json" in the bucket "kong-store" by this policy. Whoever broke into that node could replace the configuration of every other: let only exporters write.`,
    ]);
  });
});

describe('members of Google', () => {
  const member = 'serviceAccount:proxy@p.iam.gserviceaccount.com';
  const account = (bind: (stack: TerraformStack, proxy: AttachedServiceAccount, store: GcsStore) => void) =>
    toldBy(code, (stack) => {
      const store = new GcsStore(stack, 'Store', { bucketName: 'kong-store', location: 'EU' });
      const proxy = new AttachedServiceAccount(stack, 'Proxy', { accountId: 'proxy-account' });
      store.grantImport(proxy);
      bind(stack, proxy, store);
    });

  it.each([
    ['roles/storage.objectAdmin', 'error'],
    ['roles/storage.objectCreator', 'error'],
    ['roles/storage.objectUser', 'error'],
    ['roles/storage.admin', 'error'],
    ['roles/storage.objectViewer', undefined],
    ['roles/storage.brandNew', 'info'],
  ])('with %s on the bucket', (given, level) => {
    const found = account((stack, proxy, store) => {
      new StorageBucketIamMember(stack, 'More', { bucket: store.bucketName, role: given, member: proxy.member });
    });
    expect(levelOf(found)).toBe(level);
  });

  it('tells who, what and where', () => {
    const found = toldBy(code, (stack) => {
      GcsStore.fromBucketName(stack, 'Store', 'company');
      new CloudRunV2Service(stack, 'Service', {
        name: 'kong',
        location: 'europe-west1',
        template: {
          serviceAccount: 'proxy@p.iam.gserviceaccount.com',
          containers: [
            {
              image: 'kong/kong-gateway:3.10.0.2',
              env: [{ name: 'KONG_CLUSTER_FALLBACK_CONFIG_IMPORT', value: 'on' }],
            },
          ],
        },
      });
      new StorageBucketIamBinding(stack, 'More', {
        bucket: 'company',
        role: 'roles/storage.objectAdmin',
        members: [member],
      });
      new StorageBucketIamBinding(stack, 'Others', {
        bucket: 'other',
        role: 'roles/storage.objectAdmin',
        members: [member],
      });
    });
    expect(found).toEqual([
      `Stack/More error: ${code} the member "${member}" of "Stack/Service", which proxies, is allowed to write by the role "roles/storage.objectAdmin" on the bucket "company". Whoever broke into that node could replace the configuration of every other: let only exporters write.`,
    ]);
  });

  it('on the whole project, and not where a condition may narrow it', () => {
    const project = (given: string, condition?: { title: string; expression: string }) =>
      levelOf(
        account((stack, proxy) => {
          new ProjectIamMember(stack, 'More', { project: 'p', role: given, member: proxy.member, condition });
        }),
      );
    expect(project('roles/editor')).toBe('error');
    expect(project('roles/logging.logWriter')).toBe(undefined);
    expect(project('roles/editor', { title: 'some', expression: 'true' })).toBe('info');
  });
});
