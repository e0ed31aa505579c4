import { randomUUID } from 'node:crypto';
import { TerraformOutput, type TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { EcsTaskRole, type EnvValues, IamUser, S3Store, type S3StoreProps } from '../../../constructs/aws';
import { type Credentials, type Minio, minioRoot } from '../../support/servers';
import { stackOf } from '../support/aws-stack';
import { MinioAdmin } from '../support/minio-admin';
import { type Bucket, clientOf, makeBucket } from '../support/s3-requests';
import { type AppliedState, valuesOf, withTerraform } from '../support/terraform';

/** Principals of the stack, as they are called in the tests. */
export type Who = 'exporter role' | 'importer role' | 'exporter user' | 'importer user' | 'role without a grant';

/** What a principal is in Terraform. */
interface Declared {
  readonly kind: 'role' | 'user';
  readonly id: string;
}

const principals: Readonly<Record<Who, Declared>> = {
  'exporter role': { kind: 'role', id: 'ExporterRole' },
  'importer role': { kind: 'role', id: 'ImporterRole' },
  'exporter user': { kind: 'user', id: 'ExporterUser' },
  'importer user': { kind: 'user', id: 'ImporterUser' },
  'role without a grant': { kind: 'role', id: 'IdleRole' },
};

export const everyone = Object.keys(principals) as readonly Who[];

/** What a store says to its nodes. */
interface Said {
  readonly storageUrl: string;
  readonly importStorageUrl: string;
  readonly exporterEnvironment: Readonly<Record<string, string>>;
  readonly importerEnvironment: Readonly<Record<string, string>>;
}

/** A store as Terraform renders it, in the state of its stack. */
export interface Rendered extends Said {
  readonly id: string;
  readonly state: AppliedState;
  readonly bucket: string;
  readonly prefix: string;
}

/** Applies stores, each with principals of both grants, in one stack on the stand-in for the provider. Ids are as in CDKTF. */
export async function renderStores<Id extends string>(
  stores: Readonly<Record<Id, S3StoreProps>>,
): Promise<Readonly<Record<Id, Rendered>>> {
  const all = Object.entries<S3StoreProps>(stores);
  const stack = stackOf((scope) => all.forEach(([id, props]) => declare(scope, id, props)));
  const state = await withTerraform(stack, async (terraform) => {
    await terraform.init();
    await terraform.apply();
    return terraform.show();
  });
  const rendered = all.map(([id, { prefix = 'kong' }]) => {
    const bucket = String(valuesOf(state, 'aws_s3_bucket', `${id}_Store`)['bucket']);
    return [id, { ...(state.outputs[id] as Said), id, state, prefix, bucket }];
  });
  return Object.fromEntries(rendered) as Record<Id, Rendered>;
}

function declare(stack: TerraformStack, id: string, props: S3StoreProps): void {
  const scope = new Construct(stack, id);
  const store = new S3Store(scope, 'Store', props);
  store.grantExport(new EcsTaskRole(scope, 'ExporterRole'));
  store.grantImport(new EcsTaskRole(scope, 'ImporterRole'));
  store.grantExport(new IamUser(scope, 'ExporterUser'));
  store.grantImport(new IamUser(scope, 'ImporterUser'));
  new EcsTaskRole(scope, 'IdleRole');
  const texts = (values: EnvValues): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));
  const said: Said = {
    storageUrl: store.storageUrl,
    importStorageUrl: store.importStorageUrl,
    exporterEnvironment: texts(store.exporterEnvironment),
    importerEnvironment: texts(store.importerEnvironment),
  };
  new TerraformOutput(scope, 'Said', { value: said }).overrideLogicalId(id);
}

/** A principal as Terraform renders it. */
export interface Identity {
  readonly kind: 'role' | 'user';
  /** Its name in IAM. */
  readonly name: string;
  /** Inline policies, by their names. */
  readonly policies: Readonly<Record<string, string>>;
  /** Who may take it on, of a role. */
  readonly trust: string | undefined;
}

export function identityOf({ id: store, state }: Rendered, who: Who): Identity {
  const { kind, id } = principals[who];
  const values = valuesOf(state, `aws_iam_${kind}`, `${store}_${id}`);
  const name = String(values['name']);
  const policies = state.resources
    .filter((resource) => resource.type === `aws_iam_${kind}_policy` && resource.values[kind] === name)
    .map((resource) => [String(resource.values['name']), String(resource.values['policy'])] as const);
  const trust = kind === 'role' ? String(values['assume_role_policy']) : undefined;
  return { kind, name, policies: Object.fromEntries(policies), trust };
}

/** A store on a MinIO server, with a user for each principal. */
export interface OnMinio extends Bucket {
  readonly keys: Readonly<Record<Who, Credentials>>;
}

/** Makes the bucket, and users that have the policies of the principals, as they were rendered. */
export async function loadIntoMinio(server: Minio, rendered: Rendered): Promise<OnMinio> {
  const root = clientOf(server.endpoint, minioRoot);
  const bucket = { root, bucket: rendered.bucket, prefix: rendered.prefix };
  await makeBucket(bucket);
  const admin = new MinioAdmin(server.endpoint);
  const keys: [string, Credentials][] = [];
  for (const who of everyone) {
    const user = { accessKeyId: `user-${randomUUID().slice(0, 8)}`, secretAccessKey: randomUUID() };
    await admin.addUser(user.accessKeyId, user.secretAccessKey);
    for (const policy of Object.values(identityOf(rendered, who).policies)) {
      const name = `policy-${randomUUID()}`;
      await admin.addPolicy(name, policy);
      await admin.attachPolicy(name, user.accessKeyId);
    }
    keys.push([who, user]);
  }
  return { ...bucket, keys: Object.fromEntries(keys) as OnMinio['keys'] };
}
