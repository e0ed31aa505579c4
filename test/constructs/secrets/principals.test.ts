import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformStack, Testing } from 'cdktf';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { EnvValue, ExporterNode, SystemdExporter } from '../../../constructs';
import { ExistingUser, IamUser, S3Store, type IConfigurationStore, type IPrincipal } from '../../../constructs/aws';
import { GcsStore, ServiceAccountWithKey } from '../../../constructs/google';
import {
  ExistingKeys,
  MinioIamServiceAccount,
  MinioIamUser,
  MinioProvider,
  MinioServiceAccount,
  MinioStore,
  MinioUser,
  S3CompatibleStore,
} from '../../../constructs/minio';
import { DeclarationError } from '../../../constructs/problems';
import { SomePrincipal, SomeStore } from '../kubernetes/harness';
import { terraformIsMissing } from '../support/terraform';
import { plainSecrets } from './canaries';
import { output, placesOf, secretVariable, seen } from './stacks';

const canary = 'canary-7f3a91';
const id = EnvValue.fromText('AKIAEXAMPLE');

/** Every prop that may hold a secret, and what is declared with a plain text in it. */
const props: Readonly<Record<string, (stack: TerraformStack) => unknown>> = {
  'ClusterProps.clusterCaCert': (stack) => nodeWith(stack, { clusterCaCert: EnvValue.fromText(keyText) }),
  'ClusterProps.clusterCert': (stack) => nodeWith(stack, { clusterCert: EnvValue.fromText(keyText) }),
  'ClusterProps.clusterCertKey': (stack) => nodeWith(stack, { clusterCertKey: EnvValue.fromText(keyText) }),
  'ExistingKeysProps.secretAccessKey': (stack) =>
    new ExistingKeys(stack, 'A', { accessKeyId: id, secretAccessKey: EnvValue.fromText(canary) }),
  'ExistingMinioUserProps.secretAccessKey': (stack) =>
    MinioUser.fromUserName(stack, 'A', 'kong', { secretAccessKey: EnvValue.fromText(canary) }),
  'ExistingUserOptions.credentials': (stack) => {
    const credentials = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: EnvValue.fromText(canary) };
    nodeWith(stack, { principal: ExistingUser.fromUserName(stack, 'A', 'kong', { credentials }) });
  },
  'MinioIamServiceAccountConfig.secretKeyWo': (stack) =>
    new MinioIamServiceAccount(stack, 'A', { targetUser: 'kong', secretKeyWo: canary }),
  'MinioIamUserConfig.secret': (stack) => new MinioIamUser(stack, 'A', { name: 'kong', secret: canary }),
  'MinioIamUserConfig.secretWo': (stack) => new MinioIamUser(stack, 'A', { name: 'kong', secretWo: canary }),
  'MinioProviderAssumeRoleWithWebIdentity.webIdentityToken': (stack) =>
    new MinioProvider(stack, 'A', { assumeRoleWithWebIdentity: { webIdentityToken: canary } }),
  'MinioProviderConfig.minioPassword': (stack) => new MinioProvider(stack, 'A', { minioPassword: canary }),
  'MinioProviderConfig.minioSessionToken': (stack) => new MinioProvider(stack, 'A', { minioSessionToken: canary }),
  'MinioUserProps.secretKey': (stack) => new MinioUser(stack, 'A', { secretKey: canary }),
};

const keyText = plainSecrets['KONG_CLUSTER_CERT_KEY']?.(canary) ?? '';

type NodeProps = ConstructorParameters<typeof ExporterNode>[2];

const nodeWith = (stack: TerraformStack, given: Partial<NodeProps>, name = 'Node'): ExporterNode =>
  new ExporterNode(stack, name, {
    store: given.store ?? new SomeStore(stack, `${name}Store`),
    principal: given.principal ?? new SomePrincipal(stack, `${name}Principal`),
    controlPlane: 'cp.acme.com:8005',
    clusterCert: EnvValue.fromText('/etc/kong/cluster/cert'),
    clusterCertKey: EnvValue.fromText('/etc/kong/cluster/key'),
    gatewayVersions: ['3.9.1'],
    ...given,
  });

const newStack = (): TerraformStack => new TerraformStack(Testing.app(), 'app');

/** `Interface.member` of everything that may be given to a construct and is a secret by its name. */
function secretProps(): string[] {
  const folder = join(__dirname, '..', '..', '..', 'constructs');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const found = files.flatMap((name) => {
    const source = ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.ES2022, true);
    return source.statements.filter(ts.isInterfaceDeclaration).flatMap(({ name: owner, members, modifiers }) =>
      members
        .filter(ts.isPropertySignature)
        .filter(() => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
        .filter(() => /(Props|Options|Config|WebIdentity)$/.test(owner.text))
        .filter((member) => /(secret(key)?(wo)?|key|password|token|credentials|cert)$/i.test(member.name.getText()))
        .filter((member) => /^(string|EnvValue|EnvValues)$/.test(member.type?.getText() ?? ''))
        .map((member) => `${owner.text}.${member.name.getText()}`),
    );
  });
  return [...new Set(found)].sort();
}

describe('a prop that may hold a secret', () => {
  it('is known here', () => {
    expect(secretProps()).toEqual(Object.keys(props).sort());
  });

  it.each(Object.entries(props))('%s refuses a plain text, without showing it', (name, declare) => {
    let refusal = 'not refused';
    try {
      declare(newStack());
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error;
      refusal = error.message;
    }
    expect([name, refusal]).toEqual([name, expect.stringMatching(/is a plain text|as plain text it would be shown/)]);
    expect(refusal).not.toContain(canary);
  });

  it('ServiceAccountWithKey.fromKey refuses a plain text, without showing it', () => {
    const declare = () =>
      ServiceAccountWithKey.fromKey(newStack(), 'A', 'kong@acme.iam.gserviceaccount.com', EnvValue.fromText(canary));
    expect(declare).toThrow('key is a plain text');
    expect(declare).not.toThrow(canary);
  });
});

/** A store with somebody who has keys to it. */
interface Keyed {
  readonly store: IConfigurationStore;
  readonly principal: IPrincipal;
}

const endpoint = 'https://minio.example.com:9000';
const minioStore = (stack: TerraformStack, name: string): MinioStore =>
  new MinioStore(stack, name, { bucketName: name.toLowerCase(), endpoint, preventDestroy: false });

/** Every principal with keys, but ExistingUser: it hands on what it is given, and is looked up in IAM, which the stand-in cannot. */
const principals: Readonly<Record<string, (stack: TerraformStack, secret: EnvValue, token: string) => Keyed>> = {
  IamUser: (stack) => ({
    store: new S3Store(stack, 'S3', { preventDestroy: false }),
    principal: new IamUser(stack, 'IamUser'),
  }),
  ServiceAccountWithKey: (stack) => ({
    store: new GcsStore(stack, 'Gcs', { bucketName: 'acme-kong', location: 'EU', preventDestroy: false }),
    principal: new ServiceAccountWithKey(stack, 'ServiceAccountWithKey'),
  }),
  'ServiceAccountWithKey.fromKey': (stack, secret) => ({
    store: GcsStore.fromBucketName(stack, 'ExistingGcs', 'acme-other'),
    principal: ServiceAccountWithKey.fromKey(stack, 'FromKey', 'kong@acme.iam.gserviceaccount.com', secret),
  }),
  MinioUser: (stack) => ({ store: minioStore(stack, 'Made'), principal: new MinioUser(stack, 'MinioUser') }),
  'MinioUser with a key': (stack, _, secretKey) => ({
    store: minioStore(stack, 'Given'),
    principal: new MinioUser(stack, 'GivenUser', { secretKey }),
  }),
  'MinioUser.fromUserName': (stack, secretAccessKey) => ({
    store: minioStore(stack, 'Existing'),
    principal: MinioUser.fromUserName(stack, 'ExistingMinioUser', 'kong-there', { secretAccessKey }),
  }),
  MinioServiceAccount: (stack) => {
    const user = new MinioUser(stack, 'Owner');
    return {
      store: minioStore(stack, 'Account'),
      principal: new MinioServiceAccount(stack, 'ServiceAccount', { user }),
    };
  },
  ExistingKeys: (stack, secretAccessKey) => ({
    store: new S3CompatibleStore(stack, 'Anywhere', { bucketName: 'kong', endpoint }),
    principal: new ExistingKeys(stack, 'ExistingKeys', { accessKeyId: id, secretAccessKey }),
  }),
};

describe.skipIf(terraformIsMissing())('Terraform, given every principal with keys', () => {
  it('shows none of them, in no plan, state, log or file, and lets nobody in', { timeout: 180_000 }, async () => {
    const stack = newStack();
    new AwsProvider(stack, 'Aws', { region: 'us-east-1' });
    new GoogleProvider(stack, 'Google', { project: 'acme' });
    const minioPassword = secretVariable(stack, 'provider');
    new MinioProvider(stack, 'Minio', { minioServer: 'minio:9000', minioUser: 'admin', minioPassword });
    const secrets: Record<string, string> = { provider: `${canary}-provider` };
    for (const [index, [name, declare]] of Object.entries(principals).entries()) {
      secrets[`given${index}`] = `${canary}-given-${index}-${name}`;
      const token = secretVariable(stack, `given${index}`);
      const keyed = declare(stack, EnvValue.fromSecretText(token), token);
      const exporter = nodeWith(stack, keyed, `Node${index}`);
      const { files } = new SystemdExporter(stack, `Unit${index}`, { exporter });
      const contents = files.map(({ path, content }) => [path, content] as const);
      const references = exporter.agentEnvironment.toSystemdEnvironmentFile();
      // A cloud's own secret is named in the file, so that anybody may read it: these two say that it holds none.
      const isOpen = name === 'IamUser' || name === 'ServiceAccountWithKey';
      output(stack, `Files${index}`, isOpen ? { open: { references } } : { secret: Object.fromEntries(contents) });
    }
    const { open, hidden, hiddenIn, exposed } = await seen(stack, secrets);
    expect(exposed).toEqual([]);
    expect(hiddenIn).toEqual([
      // What makes a key, and the service that keeps it.
      'aws_iam_access_key.secret',
      'aws_iam_access_key.ses_smtp_password_v4',
      'aws_secretsmanager_secret_version.secret_string',
      'google_secret_manager_secret_version.secret_data',
      'google_service_account_key.private_key',
      'minio_iam_service_account.secret_key',
      'minio_iam_user.secret',
    ]);
    const made = hidden.filter((text) => text.length >= 8 && !text.includes('\n'));
    expect(made.length).toBeGreaterThan(Object.keys(principals).length);
    for (const secret of [...Object.values(secrets), ...made])
      expect([secret, placesOf(secret, open)]).toEqual([secret, []]);
  });
});
