import { TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import type { EnvValues, IPrincipal } from '../../../constructs/minio';
import {
  EnvValue,
  ExistingKeys,
  MinioServiceAccount,
  MinioStore,
  MinioUser,
  S3CompatibleStore,
} from '../../../constructs/minio';
import { noteReader } from '../../../constructs/topology/grants';
import { annotations, declarationError, newStack, only, paths, resolved, synth } from './harness';

const endpoint = 'https://minio.example.com:9000';

function withStore(): { stack: ReturnType<typeof newStack>; store: MinioStore } {
  const stack = newStack();
  const store = new MinioStore(stack, 'Store', { endpoint, bucketName: 'kong-fallback', prefix: 'kong' });
  store.addGatewayVersion('3.9.1');
  return { stack, store };
}

const keys = {
  accessKeyId: EnvValue.fromText('key'),
  secretAccessKey: EnvValue.fromKubernetesSecret('store', 'secret'),
};

/** As far as it may be shown. */
const shown = (values: EnvValues): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));

class ForeignPrincipal extends Construct implements IPrincipal {
  readonly credentials: EnvValues = {};
}

describe('MinioUser', () => {
  it('is a user with one policy, which holds what it was granted, each once', () => {
    const { stack, store } = withStore();
    const user = new MinioUser(stack, 'Exporter', { userName: 'kong-exporter' });
    store.grantExport(user);
    store.grantExport(user);
    store.grantImport(user);
    expect(only(stack, 'minio_iam_user')).toEqual({ name: 'kong-exporter' });
    expect(only(stack, 'minio_iam_policy')).toEqual({
      name_prefix: 'kong-resilience-',
      policy: resolved(stack, store.exportPolicy),
    });
    expect(only(stack, 'minio_iam_user_policy_attachment')).toEqual({
      user_name: '${minio_iam_user.Exporter_5EE693A2.name}',
      policy_name: '${minio_iam_policy.Exporter_Policy_0D80B157.name}',
    });
    expect(paths(user)).toMatchInlineSnapshot(`
      [
        "stack/Exporter",
        "stack/Exporter/Resource",
        "stack/Exporter/Policy",
        "stack/Exporter/PolicyAttachment",
      ]
    `);
    expect(JSON.parse(resolved(stack, store.exportPolicy))).toMatchInlineSnapshot(`
      {
        "Statement": [
          {
            "Action": [
              "s3:PutObject",
            ],
            "Effect": "Allow",
            "Resource": [
              "arn:aws:s3:::kong-fallback/kong/*/config.json",
              "arn:aws:s3:::kong-fallback/kong/*/kong-resilience.json",
            ],
          },
          {
            "Action": [
              "s3:GetObject",
            ],
            "Effect": "Allow",
            "Resource": [
              "arn:aws:s3:::kong-fallback/kong/*",
            ],
          },
          {
            "Action": [
              "s3:ListBucket",
            ],
            "Condition": {
              "StringLike": {
                "s3:prefix": [
                  "kong/*",
                ],
              },
            },
            "Effect": "Allow",
            "Resource": [
              "arn:aws:s3:::kong-fallback",
            ],
          },
        ],
        "Version": "2012-10-17",
      }
    `);
  });

  it('has no policy before it is granted anything: MinIO then allows it nothing', () => {
    const stack = newStack();
    new MinioUser(stack, 'User');
    expect(Object.keys(synth(stack).resource)).toEqual(['minio_iam_user']);
  });

  it('gives its name and its secret as credentials', () => {
    const stack = newStack();
    const { credentials } = new MinioUser(stack, 'User', { userName: 'kong' });
    expect(shown(credentials)).toEqual({ AWS_ACCESS_KEY_ID: 'kong', AWS_SECRET_ACCESS_KEY: '[secret]' });
  });

  it('is named after its path, cut short with a hash', () => {
    const stack = newStack();
    new MinioUser(stack, 'Short');
    const inner = new Construct(stack, 'A folder: ü');
    const long = new MinioUser(inner, 'x'.repeat(80));
    const names = Object.values(synth(stack).resource['minio_iam_user'] ?? {})
      .map(({ name }) => name as string)
      .sort()
      .reverse();
    expect(names).toEqual(['stack-Short', expect.stringMatching(/^stack-A-folder----x{37}-[0-9a-f]{8}$/)]);
    expect(names[1]).toHaveLength(64);
    expect(names[1]?.slice(-8)).toBe(long.node.addr.slice(-8));
  });

  it('takes a secret key of its own, which may be a token', () => {
    const stack = newStack();
    const secretKey = new TerraformVariable(stack, 'key', { type: 'string', sensitive: true }).stringValue;
    new MinioUser(stack, 'User', { userName: 'kong', secretKey });
    expect(only(stack, 'minio_iam_user')).toEqual({ name: 'kong', secret: '${var.key}' });
  });

  it('tells everything that is wrong with its props at once, without the secret', () => {
    expect(
      declarationError(() => new MinioUser(newStack(), 'User', { userName: 'kong exporter', secretKey: 'sevenxx' })),
    ).toBe(
      'stack/User: 2 problems\n' +
        '  KR_TF_MINIO_USER_NAME userName is "kong exporter": it must be 3 to 64 letters, digits or any of "=,.@-_+". It is the access key too.\n' +
        '  KR_TF_MINIO_WRITTEN_SECRET secretKey is a plain text, which would stand in the synthesized stack and in plans. Give a token, such as that of a sensitive variable of Terraform, or leave it out.',
    );
    expect(() => new MinioUser(newStack(), 'User', { userName: 'abc' })).not.toThrow();
    expect(declarationError(() => new MinioUser(newStack(), 'User', { userName: 'ab' }))).toContain('userName is "ab"');
  });
});

describe('MinioUser.fromUserName', () => {
  it('attaches one more policy to it', () => {
    const { stack, store } = withStore();
    const user = MinioUser.fromUserName(stack, 'User', 'kong', { secretAccessKey: keys.secretAccessKey });
    store.grantImport(user);
    expect(Object.keys(synth(stack).resource)).not.toContain('minio_iam_user');
    expect(only(stack, 'minio_iam_policy')).toEqual({ name_prefix: 'kong-resilience-', policy: store.importPolicy });
    expect(only(stack, 'minio_iam_user_policy_attachment')['user_name']).toBe('kong');
    expect(shown(user.credentials)).toEqual({ AWS_ACCESS_KEY_ID: 'kong', AWS_SECRET_ACCESS_KEY: '[secret]' });
    expect(paths(user)).toMatchInlineSnapshot(`
      [
        "stack/User",
        "stack/User/Policy",
        "stack/User/PolicyAttachment",
      ]
    `);
  });

  it('gives no credentials where it has no secret key', () => {
    expect(MinioUser.fromUserName(newStack(), 'User', 'kong').credentials).toEqual({});
  });

  it('refuses a secret key in plain text, and a name that no user has', () => {
    const secretAccessKey = EnvValue.fromText('in the clear');
    expect(declarationError(() => MinioUser.fromUserName(newStack(), 'User', 'a/b', { secretAccessKey }))).toBe(
      'stack/User: 2 problems\n' +
        '  KR_TF_MINIO_USER_NAME userName is "a/b": it must be 3 to 64 letters, digits or any of "=,.@-_+". It is the access key too.\n' +
        '  KR_TF_PLAIN_SECRET_KEY secretAccessKey is a plain text, which would be shown wherever the environment is. Make it with EnvValue.fromKubernetesSecret, fromAwsSecret, fromGoogleSecret or fromSecretText.',
    );
  });
});

describe('MinioServiceAccount', () => {
  it('has what it is granted in its own policy, and its user has it too', () => {
    const { stack, store } = withStore();
    const user = new MinioUser(stack, 'User', { userName: 'kong' });
    const exporter = new MinioServiceAccount(stack, 'Exporter', { user, accountName: 'exporter', description: 'e' });
    const importer = new MinioServiceAccount(stack, 'Importer', { user });
    store.grantImport(importer);
    store.grantExport(exporter);
    const accounts = synth(stack).resource['minio_iam_service_account'] ?? {};
    expect(Object.values(accounts)).toEqual([
      {
        target_user: '${minio_iam_user.User_00B015A1.name}',
        name: 'exporter',
        description: 'e',
        policy: resolved(stack, store.exportPolicy),
      },
      { target_user: '${minio_iam_user.User_00B015A1.name}', policy: store.importPolicy },
    ]);
    const statements = (text: unknown): unknown[] => (JSON.parse(text as string) as { Statement: unknown[] }).Statement;
    const { policy } = only(stack, 'minio_iam_policy');
    expect(statements(policy)).toHaveLength(3);
    expect(statements(policy)).toEqual(expect.arrayContaining(statements(resolved(stack, store.exportPolicy))));
    expect(paths(exporter)).toEqual(['stack/Exporter', 'stack/Exporter/Resource']);
    expect(shown(exporter.credentials)).toMatchObject({ AWS_SECRET_ACCESS_KEY: '[secret]' });
  });

  it('may do nothing before it is granted anything: an empty policy would be that of its user', () => {
    const stack = newStack();
    new MinioServiceAccount(stack, 'Account', { user: new MinioUser(stack, 'User') });
    expect(only(stack, 'minio_iam_service_account')['policy']).toBe(
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}',
    );
  });

  it('may belong to a user that exists already', () => {
    const { stack, store } = withStore();
    const user = MinioUser.fromUserName(stack, 'User', 'kong');
    store.grantImport(new MinioServiceAccount(stack, 'Account', { user }));
    expect(only(stack, 'minio_iam_service_account')).toEqual({ target_user: 'kong', policy: store.importPolicy });
    expect(only(stack, 'minio_iam_policy')['policy']).toBe(store.importPolicy);
  });

  it('refuses a name or description of another length', () => {
    const user = MinioUser.fromUserName(newStack(), 'User', 'kong');
    const declare = (accountName: string, description: string) => (): unknown =>
      new MinioServiceAccount(newStack(), 'Account', { user, accountName, description });
    expect(declarationError(declare('ü'.repeat(17), ''))).toBe(
      'stack/Account: 2 problems\n' +
        '  KR_TF_MINIO_SERVICE_ACCOUNT accountName is "üüüüüüüüüüüüüüüüü", of 34 bytes: MinIO takes 1 to 32.\n' +
        '  KR_TF_MINIO_SERVICE_ACCOUNT description is "", of 0 bytes: MinIO takes 1 to 256.',
    );
    expect(declare('x'.repeat(32), 'x'.repeat(256))).not.toThrow();
  });
});

describe('ExistingKeys', () => {
  it.each(['MinioStore', 'S3CompatibleStore'])('is granted nothing by %s, which says so', (kind) => {
    const stack = newStack();
    const props = { endpoint, bucketName: 'kong-fallback', prefix: 'kong' };
    const store =
      kind === 'MinioStore' ? new MinioStore(stack, 'Store', props) : new S3CompatibleStore(stack, 'Store', props);
    const exporter = new ExistingKeys(stack, 'Exporter', keys);
    const importer = new ExistingKeys(stack, 'Importer', keys);
    store.grantExport(exporter);
    store.grantImport(importer);
    expect(annotations(store).filter((text) => text.includes('KEYS_NOT_GRANTED'))).toEqual([
      'info KR_TF_KEYS_NOT_GRANTED nothing was granted to the keys of "stack/Exporter": whoever administers the store must give them the policy in the property exportPolicy of this store, and no more.',
      'info KR_TF_KEYS_NOT_GRANTED nothing was granted to the keys of "stack/Importer": whoever administers the store must give them the policy in the property importPolicy of this store, and no more.',
    ]);
    expect(Object.keys(synth(stack).resource)).not.toContain('minio_iam_policy');
    expect(exporter.credentials).toEqual({
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    });
    expect(paths(exporter)).toEqual(['stack/Exporter']);
  });

  it('refuses a secret key in plain text', () => {
    const secretAccessKey = EnvValue.fromText('in the clear');
    expect(declarationError(() => new ExistingKeys(newStack(), 'Keys', { ...keys, secretAccessKey }))).toBe(
      'stack/Keys: 1 problem\n' +
        '  KR_TF_PLAIN_SECRET_KEY secretAccessKey is a plain text, which would be shown wherever the environment is. Make it with EnvValue.fromKubernetesSecret, fromAwsSecret, fromGoogleSecret or fromSecretText.',
    );
  });
});

describe('the right to put below election/', () => {
  const tokens = 'a version that is a token';
  const cases: [string, readonly string[], boolean][] = [
    ['no version', [], true],
    ['versions of open source', ['3.9.1', '3.10.0'], false],
    ['a version of Enterprise', ['3.10.0.2'], true],
    ['versions of both', ['3.9.1', '3.10.0.2'], true],
    [tokens, [], true],
  ];

  it.each(cases)('follows from the versions, which may come after the grants: %s', (what, versions, elects) => {
    const stack = newStack();
    const props = { endpoint, bucketName: 'kong-fallback', prefix: 'kong' };
    const stores = [new MinioStore(stack, 'Store', props), new S3CompatibleStore(stack, 'Other', props)] as const;
    const user = new MinioUser(stack, 'User');
    const account = new MinioServiceAccount(stack, 'Account', { user });
    const reader = new MinioUser(stack, 'Reader');
    stores[0].grantExport(account);
    stores[0].grantImport(reader);
    const [early, earlyToo] = stores.map((store) => store.exportPolicy);
    for (const store of stores) {
      versions.forEach((version) => store.addGatewayVersion(version));
      if (what === tokens) {
        store.addGatewayVersion('3.9.1');
        store.addGatewayVersion(new TerraformVariable(store, 'version', { type: 'string' }).stringValue);
      }
      // A second grant adds nothing, nor what an earlier state of it allowed.
      if (store === stores[0]) store.grantExport(account);
    }
    const put = (policy: unknown): string[] => {
      const { Statement } = JSON.parse(policy as string) as { Statement: { Action: string[]; Resource: string[] }[] };
      return Statement.filter(({ Action }) => Action.includes('s3:PutObject')).flatMap(({ Resource }) => Resource);
    };
    const written = ['config.json', 'kong-resilience.json', ...(elects ? ['election/*'] : [])].map(
      (name) => `arn:aws:s3:::kong-fallback/kong/*/${name}`,
    );
    const policies = synth(stack).resource['minio_iam_policy'] ?? {};
    const policyOf = (id: string): unknown =>
      Object.entries(policies).find(([key]) => key.startsWith(id))?.[1]['policy'];
    expect(put(only(stack, 'minio_iam_service_account')['policy'])).toEqual(written);
    expect(put(policyOf('User_'))).toEqual(written);
    expect(put(policyOf('Reader_'))).toEqual([]);
    for (const text of [early, earlyToo]) expect(put(resolved(stack, text ?? ''))).toEqual(written);
  });
});

describe('a principal that does not fit', () => {
  it('is refused by MinioStore when it is of another cloud', () => {
    const { stack, store } = withStore();
    const principal = new ForeignPrincipal(stack, 'Role');
    for (const grant of [() => store.grantExport(principal), () => store.grantImport(principal)]) {
      expect(declarationError(grant)).toBe(
        'stack/Store: 1 problem\n' +
          `  KR_TF_MINIO_PRINCIPAL the principal "stack/Role" is none of MinIO's. Use a MinioUser or a MinioServiceAccount, or ExistingKeys whose rights someone else gives.`,
      );
    }
  });

  it('is refused by S3CompatibleStore when it is no ExistingKeys', () => {
    const stack = newStack();
    const store = new S3CompatibleStore(stack, 'Store', { endpoint, bucketName: 'kong-fallback' });
    const user = new MinioUser(stack, 'User');
    for (const grant of [() => store.grantExport(user), () => store.grantImport(user)]) {
      expect(declarationError(grant)).toBe(
        'stack/Store: 1 problem\n' +
          '  KR_TF_S3_COMPATIBLE_PRINCIPAL the principal "stack/User" cannot be granted anything: this store is known by its endpoint alone. Use ExistingKeys, or MinioStore for a MinIO server that Terraform may administer.',
      );
    }
  });

  it('is refused the export when a node that only reads has it, or has its user', () => {
    const { stack, store } = withStore();
    const user = new MinioUser(stack, 'User');
    const account = new MinioServiceAccount(stack, 'Account', { user });
    noteReader(new Construct(stack, 'Importer'), user);
    const text = (principal: string): string =>
      `stack/Store: 1 problem\n  KR_TF_IMPORTER_WITH_WRITE the principal "${principal}" belongs to "stack/Importer", which imports or proxies, and would also be allowed to write: whoever broke into that node could replace the configuration of every other. Give the exporter a principal of its own.`;
    expect(declarationError(() => store.grantExport(user))).toBe(text('stack/User'));
    expect(declarationError(() => store.grantExport(account))).toBe(text('stack/User'));
    expect(only(stack, 'minio_iam_service_account')['policy']).toContain('Deny');
  });

  it('is refused the export by S3CompatibleStore too', () => {
    const stack = newStack();
    const store = new S3CompatibleStore(stack, 'Store', { endpoint, bucketName: 'kong-fallback' });
    const principal = new ExistingKeys(stack, 'Keys', keys);
    noteReader(new Construct(stack, 'Importer'), principal);
    expect(declarationError(() => store.grantExport(principal))).toContain('KR_TF_IMPORTER_WITH_WRITE');
  });
});
