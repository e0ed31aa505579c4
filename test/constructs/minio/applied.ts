import { randomUUID } from 'node:crypto';
import type { TerraformStack } from 'cdktf';
import type { IMinioStore } from '../../../constructs/minio';
import { MinioServiceAccount, MinioStore, MinioUser } from '../../../constructs/minio';
import { type Credentials, type Minio, minioRoot } from '../../support/servers';
import { MinioAdmin } from '../support/minio-admin';
import { type Bucket, clientOf, makeBucket } from '../support/s3-requests';
import { newStack, type Resources, synth } from './harness';

/** A store and four principals as they would be after an apply, on a MinIO server. */
export interface Applied extends Bucket {
  readonly store: IMinioStore;
  readonly keys: Readonly<Record<Who, Credentials>>;
}

export type Who = 'exporter' | 'importer' | 'exporting account' | 'importing account' | 'account without a grant';

/**
 * Declares a store with every kind of principal, and does with MinIO's own APIs what the provider does: users, policies and
 * service accounts are made of what the stack synthesizes.
 */
export async function apply(server: Minio, prefix: string, gatewayVersions: readonly string[]): Promise<Applied> {
  const bucket = `kong-${randomUUID()}`;
  const suffix = randomUUID().slice(0, 8);
  const stack = newStack();
  const store = new MinioStore(stack, 'Store', { endpoint: server.endpoint.href, bucketName: bucket, prefix });
  const exporter = new MinioUser(stack, 'Exporter', { userName: `exporter-${suffix}` });
  const importer = new MinioUser(stack, 'Importer', { userName: `importer-${suffix}` });
  const user = new MinioUser(stack, 'User', { userName: `user-${suffix}` });
  const account = (id: string): MinioServiceAccount => new MinioServiceAccount(stack, id, { user });
  const [exportingAccount, importingAccount] = [account('ExportingAccount'), account('ImportingAccount')];
  account('IdleAccount');
  store.grantExport(exporter);
  store.grantImport(importer);
  store.grantExport(exportingAccount);
  store.grantImport(importingAccount);
  // As nodes do that are declared later.
  gatewayVersions.forEach((version) => store.addGatewayVersion(version));

  const root = clientOf(server.endpoint, minioRoot);
  await makeBucket({ root, bucket, prefix });
  return { store, bucket, prefix, root, keys: await applyIdentities(stack, new MinioAdmin(server.endpoint)) };
}

async function applyIdentities(stack: TerraformStack, admin: MinioAdmin): Promise<Applied['keys']> {
  const { resource } = synth(stack);
  const all = (type: string): Resources => resource[type] ?? {};
  const nameOf = (reference: unknown): string => String(reference).replace(/^\$\{minio_iam_\w+\.(.+)\.name\}$/, '$1');
  const secret = (): string => randomUUID();

  const users: Record<string, Credentials> = {};
  for (const [id, { name }] of Object.entries(all('minio_iam_user'))) {
    users[id] = { accessKeyId: name as string, secretAccessKey: secret() };
    await admin.addUser(name as string, users[id].secretAccessKey);
  }
  const policies: Record<string, string> = {};
  for (const [id, { name_prefix: start, policy }] of Object.entries(all('minio_iam_policy'))) {
    policies[id] = `${String(start)}${randomUUID()}`;
    await admin.addPolicy(policies[id], policy as string);
  }
  for (const { user_name: user, policy_name: policy } of Object.values(all('minio_iam_user_policy_attachment'))) {
    await admin.attachPolicy(policies[nameOf(policy)] ?? '', users[nameOf(user)]?.accessKeyId ?? '');
  }
  const accounts: Record<string, Credentials> = {};
  for (const [id, { target_user: user, policy }] of Object.entries(all('minio_iam_service_account'))) {
    accounts[id] = { accessKeyId: randomUUID().slice(0, 18), secretAccessKey: secret() };
    await admin.addServiceAccount(users[nameOf(user)]?.accessKeyId ?? '', policy as string, accounts[id]);
  }
  const of = (made: Record<string, Credentials>, id: string): Credentials => {
    const found = Object.entries(made).find(([name]) => name.startsWith(`${id}_`))?.[1];
    if (found === undefined) throw new Error(`${id} was not made`);
    return found;
  };
  return {
    exporter: of(users, 'Exporter'),
    importer: of(users, 'Importer'),
    'exporting account': of(accounts, 'ExportingAccount'),
    'importing account': of(accounts, 'ImportingAccount'),
    'account without a grant': of(accounts, 'IdleAccount'),
  };
}
