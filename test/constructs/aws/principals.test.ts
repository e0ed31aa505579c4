import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import type { TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  CrossAccountRole,
  Ec2InstanceRole,
  EcsTaskRole,
  EnvValue,
  ExistingRole,
  ExistingUser,
  IamUser,
  IrsaRole,
  OidcProvider,
  PodIdentityRole,
  S3Store,
  type AwsRoleProps,
  type IAwsPrincipal,
} from '../../../constructs/aws';
import { home, only, pathsOf, render, stackOf, synth, type World } from '../support/aws-stack';

const china: World = {
  partition: 'aws-cn',
  dnsSuffix: 'amazonaws.com.cn',
  region: 'cn-north-1',
  account: '111111111111',
};
const issuer = 'oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE';
const oidcArn = `arn:aws:iam::111111111111:oidc-provider/${issuer}`;
const pod = { namespace: 'kong', serviceAccount: 'exporter' };

function declare<T>(build: (stack: TerraformStack) => T): { made: T; stack: TerraformStack } {
  const made: T[] = [];
  const stack = stackOf((scope) => made.push(build(scope)));
  return { made: made[0] as T, stack };
}

function trustOf(build: (stack: TerraformStack) => IAwsPrincipal, world: World = home): unknown {
  const { stack } = declare(build);
  return JSON.parse(only(render(stack, world), 'aws_iam_role')['assume_role_policy'] as string);
}

const trust = (statement: object) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

/** Every kind of principal by its name. */
const kinds: Record<string, (stack: TerraformStack) => IAwsPrincipal> = {
  EcsTaskRole: (stack) => new EcsTaskRole(stack, 'P'),
  Ec2InstanceRole: (stack) => new Ec2InstanceRole(stack, 'P'),
  IrsaRole: (stack) =>
    new IrsaRole(stack, 'P', { oidcProvider: OidcProvider.fromIssuerUrl(`https://${issuer}`), ...pod }),
  PodIdentityRole: (stack) => new PodIdentityRole(stack, 'P', { clusterName: 'main', ...pod }),
  CrossAccountRole: (stack) => new CrossAccountRole(stack, 'P', { roleArn: 'arn:aws:iam::222222222222:role/theirs' }),
  IamUser: (stack) => new IamUser(stack, 'P'),
  'ExistingRole.fromRoleName': (stack) => ExistingRole.fromRoleName(stack, 'P', 'mine'),
  'ExistingRole.fromRoleArn': (stack) =>
    ExistingRole.fromRoleArn(stack, 'P', 'arn:aws:iam::111111111111:role/kong/mine'),
  'ExistingUser.fromUserName': (stack) => ExistingUser.fromUserName(stack, 'P', 'me'),
};

describe('who may take a role on', () => {
  it('tasks of ECS in this account', () => {
    expect(trustOf((stack) => new EcsTaskRole(stack, 'Role'))).toEqual(
      trust({
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Action: ['sts:AssumeRole'],
        Condition: {
          StringEquals: { 'aws:SourceAccount': ['111111111111'] },
          ArnLike: { 'aws:SourceArn': ['arn:aws:ecs:*:111111111111:*'] },
        },
      }),
    );
  });

  it('instances of EC2, by the service name of the partition', () => {
    const build = (stack: TerraformStack) => new Ec2InstanceRole(stack, 'Role');
    const of = (service: string) => trust({ Principal: { Service: service }, Action: ['sts:AssumeRole'] });
    expect([trustOf(build), trustOf(build, china)]).toEqual([of('ec2.amazonaws.com'), of('ec2.amazonaws.com.cn')]);
  });

  const irsa = (arn: string) =>
    trust({
      Principal: { Federated: arn },
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: {
        StringEquals: {
          [`${issuer}:aud`]: ['sts.amazonaws.com'],
          [`${issuer}:sub`]: ['system:serviceaccount:kong:exporter'],
        },
      },
    });

  it.each([
    ['the ARN of the provider', OidcProvider.fromArn(oidcArn)],
    ["the cluster's issuer", OidcProvider.fromIssuerUrl(`https://${issuer}`)],
    ["the cluster's issuer with a slash", OidcProvider.fromIssuerUrl(`https://${issuer}/`)],
  ])('pods of one service account, by %s', (_, oidcProvider) => {
    expect(trustOf((stack) => new IrsaRole(stack, 'Role', { oidcProvider, ...pod }))).toEqual(irsa(oidcArn));
  });

  it('pods of one service account in another partition', () => {
    const build = (stack: TerraformStack) =>
      new IrsaRole(stack, 'Role', { oidcProvider: OidcProvider.fromIssuerUrl(`https://${issuer}`), ...pod });
    expect(trustOf(build, china)).toEqual(irsa(oidcArn.replace('arn:aws:', 'arn:aws-cn:')));
  });

  it('pods by EKS Pod Identity, which tags the session', () => {
    expect(trustOf((stack) => new PodIdentityRole(stack, 'Role', { clusterName: 'main', ...pod }))).toEqual(
      trust({ Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'] }),
    );
  });
});

describe('what comes with a principal', () => {
  it('a service account is told its role by an annotation', () => {
    const { made } = declare(
      (stack) => new IrsaRole(stack, 'Role', { oidcProvider: OidcProvider.fromArn(oidcArn), ...pod }),
    );
    expect(made.serviceAccountAnnotations).toEqual({ 'eks.amazonaws.com/role-arn': made.arn });
  });

  it('Pod Identity has its association', () => {
    const { stack } = declare(
      (scope) => new PodIdentityRole(scope, 'Role', { clusterName: 'main', region: 'eu-west-1', name: 'kong', ...pod }),
    );
    expect(only(render(stack), 'aws_eks_pod_identity_association')).toEqual({
      cluster_name: 'main',
      namespace: 'kong',
      region: 'eu-west-1',
      role_arn: 'arn:aws:iam::111111111111:role/kong',
      service_account: 'exporter',
    });
  });

  it('EC2 has an instance profile with the name and path of the role', () => {
    const { stack } = declare((scope) => new Ec2InstanceRole(scope, 'Role', { name: 'kong', path: '/kong/' }));
    expect(only(render(stack), 'aws_iam_instance_profile')).toEqual({ name: 'kong', path: '/kong/', role: 'kong' });
    const { stack: unnamed } = declare((scope) => new Ec2InstanceRole(scope, 'Role', { namePrefix: 'dp-' }));
    expect(only(synth(unnamed), 'aws_iam_instance_profile')).toMatchObject({ name_prefix: 'dp-' });
  });

  it('a user has its access key in a secret, and hands over references to it', () => {
    const { made, stack } = declare((scope) => new IamUser(scope, 'User', { name: 'kong', secretName: 'kong/key' }));
    const rendered = render(stack);
    expect(JSON.parse(only(rendered, 'aws_secretsmanager_secret_version')['secret_string'] as string)).toEqual({
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'access-key',
    });
    expect(only(rendered, 'aws_iam_access_key')).toEqual({ user: 'kong' });
    expect(only(rendered, 'aws_secretsmanager_secret')).toMatchObject({ name: 'kong/key' });
    expect(Object.keys(made.credentials)).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    for (const [name, value] of Object.entries(made.credentials)) {
      expect(value.equals(EnvValue.fromAwsSecret(made.secretArn, name))).toBe(true);
    }
  });

  it("a user's secret is in the region that is given", () => {
    const { stack } = declare((scope) => new IamUser(scope, 'User', { region: 'eu-west-1' }));
    const synthesized = synth(stack);
    for (const kind of ['aws_secretsmanager_secret', 'aws_secretsmanager_secret_version']) {
      expect([kind, only(synthesized, kind)['region']]).toEqual([kind, 'eu-west-1']);
    }
  });

  it('a user without a name has a legal one, by its path', () => {
    const { stack } = declare(
      (scope) => new IamUser(scope, 'A-user-with-a-very-long-id-that-does-not-fit-into-a-name-of-iam'),
    );
    expect(only(synth(stack), 'aws_iam_user')['name']).toMatch(
      /^Stack-A-user-with-a-very-long-id-that-does-not-fit-into-[0-9a-f]{8}$/,
    );
  });

  it('an existing user hands over the credentials that it is given', () => {
    const credentials = { AWS_ACCESS_KEY_ID: EnvValue.fromAwsSecret('arn', 'id') };
    const { made } = declare((scope) => ExistingUser.fromUserName(scope, 'User', 'me', { credentials }));
    expect(made.credentials).toBe(credentials);
  });

  it.each(Object.entries(kinds).filter(([name]) => name !== 'IamUser'))('%s needs no credentials', (_, build) => {
    expect(declare(build).made.credentials).toEqual({});
  });

  it('an existing role by its ARN is asked nothing about, and by its name gets its ARN from IAM', () => {
    const { made: byArn, stack } = declare((scope) =>
      ExistingRole.fromRoleArn(scope, 'Role', 'arn:aws:iam::111111111111:role/kong/mine'),
    );
    expect([byArn.arn, byArn.roleName, synth(stack).data]).toEqual([
      'arn:aws:iam::111111111111:role/kong/mine',
      'mine',
      {},
    ]);
    const { stack: named } = declare((scope) => ExistingRole.fromRoleName(scope, 'Role', 'mine'));
    expect(Object.values(synth(named).data['aws_iam_role'] ?? {})).toEqual([{ name: 'mine' }]);
  });

  it('a role in another account knows its account, and what that account has to add', () => {
    const { made, stack } = declare((scope) => {
      const role = new CrossAccountRole(scope, 'Theirs', { roleArn: 'arn:aws:iam::222222222222:role/kong/theirs' });
      new S3Store(scope, 'Store', { bucketName: 'kong-config', gatewayVersions: ['3.9.1'] }).grantImport(role);
      S3Store.fromBucketName(scope, 'Other', 'other', { gatewayVersions: ['3.9.1'] }).grantImport(role);
      return role;
    });
    expect(made.principalAccount).toBe('222222222222');
    const rendered = render(stack);
    expect(rendered.resource['aws_iam_role_policy']).toBeUndefined();
    const [output] = Object.values(rendered.output);
    expect(output?.['description']).toBe(
      'Attach this policy to arn:aws:iam::222222222222:role/kong/theirs in its own account',
    );
    const read = (bucket: string) => [
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/kong/*`] },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [`arn:aws:s3:::${bucket}`],
        Condition: { StringLike: { 's3:prefix': ['kong/*'] } },
      },
    ];
    expect(JSON.parse(output?.['value'] as string)).toEqual({
      Version: '2012-10-17',
      Statement: [...read('kong-config'), ...read('other')],
    });
    expect(made.requiredStatements).toHaveLength(4);
  });
});

describe('every kind of principal', () => {
  it('has ids that do not change', () => {
    const ids = Object.entries(kinds).map(([name, build]) => {
      const { made } = declare((scope) => {
        const principal = build(scope);
        new S3Store(scope, 'Store', { gatewayVersions: ['3.9.1'] }).grantImport(principal);
        return principal;
      });
      return [name, pathsOf(made)];
    });
    expect(Object.fromEntries(ids)).toMatchInlineSnapshot(`
      {
        "CrossAccountRole": [
          "Stack/P",
          "Stack/P/RequiredPolicy",
        ],
        "Ec2InstanceRole": [
          "Stack/P",
          "Stack/P/Partition",
          "Stack/P/Resource",
          "Stack/P/InstanceProfile",
          "Stack/P/Import-Store",
        ],
        "EcsTaskRole": [
          "Stack/P",
          "Stack/P/Partition",
          "Stack/P/Account",
          "Stack/P/Resource",
          "Stack/P/Import-Store",
        ],
        "ExistingRole.fromRoleArn": [
          "Stack/P",
          "Stack/P/Import-Store",
        ],
        "ExistingRole.fromRoleName": [
          "Stack/P",
          "Stack/P/Role",
          "Stack/P/Import-Store",
        ],
        "ExistingUser.fromUserName": [
          "Stack/P",
          "Stack/P/User",
          "Stack/P/Import-Store",
        ],
        "IamUser": [
          "Stack/P",
          "Stack/P/Resource",
          "Stack/P/AccessKey",
          "Stack/P/Secret",
          "Stack/P/SecretVersion",
          "Stack/P/Import-Store",
        ],
        "IrsaRole": [
          "Stack/P",
          "Stack/P/Partition",
          "Stack/P/Account",
          "Stack/P/Resource",
          "Stack/P/Import-Store",
        ],
        "PodIdentityRole": [
          "Stack/P",
          "Stack/P/Resource",
          "Stack/P/Association",
          "Stack/P/Import-Store",
        ],
      }
    `);
  });

  it('has one policy for each store and verb, by a name that does not change', () => {
    const { stack } = declare((scope) => {
      const first = new S3Store(scope, 'First', { gatewayVersions: ['3.9.1'] });
      const second = new S3Store(scope, 'Second', { gatewayVersions: ['3.9.1'] });
      const role = new EcsTaskRole(scope, 'Role', { name: 'kong' });
      const user = new IamUser(scope, 'User', { name: 'kong' });
      for (const principal of [role, user]) {
        first.grantExport(principal);
        second.grantExport(principal);
        second.grantImport(principal);
      }
    });
    const { resource } = synth(stack);
    for (const kind of ['aws_iam_role_policy', 'aws_iam_user_policy']) {
      expect(Object.values(resource[kind] ?? {}).map(({ name }) => name)).toEqual([
        'kong-Export-First',
        'kong-Export-Second',
        'kong-Import-Second',
      ]);
    }
  });

  it('names the policies of one existing principal apart, whatever stands for it', () => {
    const { stack } = declare((scope) => {
      const store = new S3Store(scope, 'First', { gatewayVersions: ['3.9.1'] });
      for (const id of ['Blue', 'Green']) {
        store.grantImport(ExistingRole.fromRoleName(scope, `${id}Role`, 'kong'));
        store.grantImport(ExistingUser.fromUserName(scope, `${id}User`, 'kong'));
      }
    });
    const { resource } = synth(stack);
    for (const kind of ['aws_iam_role_policy', 'aws_iam_user_policy']) {
      const names = Object.values(resource[kind] ?? {}).map(({ name }) => name as string);
      expect(new Set(names).size).toBe(2);
      for (const name of names) expect(name).toMatch(/^kong-Import-First-[0-9a-f]{8}$/);
    }
  });

  it('keeps the names of policies within what IAM allows', () => {
    const { stack } = declare((scope) => {
      const role = new EcsTaskRole(scope, 'Role');
      for (const last of ['a', 'b']) {
        new S3Store(scope, `${'x'.repeat(200)} ${last}`, { gatewayVersions: ['3.9.1'] }).grantExport(role);
      }
    });
    const names = Object.values(synth(stack).resource['aws_iam_role_policy'] ?? {}).map(({ name }) => name as string);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^kong-Export-x{100,}-[0-9a-f]{8}$/);
    for (const name of names) expect(name.length).toBe(128);
  });

  const props: AwsRoleProps = {
    name: 'kong',
    path: '/kong/',
    permissionsBoundary: 'arn:aws:iam::111111111111:policy/boundary',
    tags: { team: 'gateway' },
  };

  it.each<[string, (stack: TerraformStack, all: AwsRoleProps) => IAwsPrincipal]>([
    ['EcsTaskRole', (stack, all) => new EcsTaskRole(stack, 'P', all)],
    ['Ec2InstanceRole', (stack, all) => new Ec2InstanceRole(stack, 'P', all)],
    [
      'IrsaRole',
      (stack, all) => new IrsaRole(stack, 'P', { oidcProvider: OidcProvider.fromArn(oidcArn), ...pod, ...all }),
    ],
    ['PodIdentityRole', (stack, all) => new PodIdentityRole(stack, 'P', { clusterName: 'main', ...pod, ...all })],
    ['IamUser', (stack, all) => new IamUser(stack, 'P', all)],
  ])('%s takes name, path, boundary, tags and provider', (kind, build) => {
    const { stack } = declare((scope) => {
      const provider = new AwsProvider(scope, 'second', { alias: 'second' });
      const principal = build(scope, { ...props, provider });
      S3Store.fromBucketName(scope, 'Store', 'theirs', { provider, gatewayVersions: ['3.9.1'] }).grantImport(principal);
      return principal;
    });
    const { resource, data } = synth(stack);
    expect(only(synth(stack), kind === 'IamUser' ? 'aws_iam_user' : 'aws_iam_role')).toMatchObject({
      name: 'kong',
      path: '/kong/',
      permissions_boundary: 'arn:aws:iam::111111111111:policy/boundary',
      tags: { team: 'gateway' },
    });
    const all = [resource, data].flatMap((part) => Object.values(part)).flatMap((named) => Object.values(named));
    expect(all.map(({ provider }) => provider)).toEqual(all.map(() => 'aws.second'));
  });

  it('has a name that Terraform makes, with a start of ours, when it is given none', () => {
    const { stack } = declare((scope) => new EcsTaskRole(scope, 'Role'));
    const role = only(synth(stack), 'aws_iam_role');
    expect(role).toMatchObject({ name_prefix: 'kong-' });
    expect(role).not.toHaveProperty('name');
  });
});
