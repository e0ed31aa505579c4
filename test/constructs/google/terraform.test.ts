import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  AttachedServiceAccount,
  GcsEncryption,
  GcsRoles,
  GcsStore,
  type GcsStoreProps,
  GkeImpersonation,
  GkeWorkloadIdentity,
  GooglePrincipal,
  ServiceAccountWithKey,
} from '../../../constructs/google';
import { isAllowed, mayPut } from '../support/google-iam';
import { actionsOn } from '../support/google-lifecycle';
import { appliedGoogleStack } from '../support/google-stack';
import { terraformIsMissing, terraformLifecycle, valuesOf, withTerraform } from '../support/terraform';

function stackOf(declare: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(Testing.app(), 'app');
  new GoogleProvider(stack, 'Google', { project: 'acme-prod' });
  declare(stack);
  return stack;
}

/** Variables with a default, so that Terraform alone knows them. */
function variables(stack: TerraformStack) {
  return {
    text: (id: string, value: string) =>
      new TerraformVariable(stack, id, { type: 'string', default: value }).stringValue,
    count: (id: string, value: number) =>
      new TerraformVariable(stack, id, { type: 'number', default: value }).numberValue,
    list: (id: string, value: string[]) =>
      new TerraformVariable(stack, id, { type: 'list(string)', default: value }).listValue,
  };
}

describe.skipIf(terraformIsMissing())('Terraform', { timeout: 180_000 }, () => {
  it('renders grants and rules of which every prop is a token, and they hold', async () => {
    const state = await terraformLifecycle(
      stackOf((stack) => {
        const { text, count, list } = variables(stack);
        const store = new GcsStore(stack, 'Store', {
          bucketName: text('bucket', 'acme-kong'),
          location: text('location', 'EU'),
          prefix: text('prefix', 'kong/prod'),
          storageClass: text('class', 'STANDARD'),
          labels: { team: text('team', 'gateways') },
          gatewayVersions: [text('gateway', '3.10.0.2')],
          softDeleteRetentionDays: count('softDelete', 14),
          noncurrentConfigurationVersions: count('versions', 3),
          noncurrentConfigurationDays: count('days', 5),
          electionExpirationDays: count('election', 2),
          encryption: GcsEncryption.ownKey({ rotationDays: count('rotation', 30) }),
          preventDestroy: false,
        });
        store.grantExport(new AttachedServiceAccount(stack, 'Exporter'));
        const importer = new ServiceAccountWithKey(stack, 'Importer', {
          secretLocations: list('locations', ['europe-west1', 'europe-west4']),
        });
        store.grantImport(importer);
        importer.grantCredentials(GooglePrincipal.fromMember(stack, 'Sync', 'group:sync@acme.com'));
      }),
    );

    const grants = appliedGoogleStack(state);
    const exporter = { member: valuesOf(state, 'google_service_account', 'Exporter')['member'] as string };
    const importer = { member: valuesOf(state, 'google_service_account', 'Importer')['member'] as string };
    const at = { bucket: 'acme-kong', key: 'kong/prod/3.10.0.2/config.json' };
    expect(mayPut(grants, { ...exporter, ...at }, true)).toBe(true);
    expect(mayPut(grants, { ...importer, ...at }, false)).toBe(false);
    expect(isAllowed(grants, { ...importer, ...at, permission: 'storage.objects.get' })).toBe(true);
    expect(isAllowed(grants, { ...exporter, ...at, key: 'kong/x', permission: 'storage.objects.get' })).toBe(false);
    const list = { bucket: 'acme-kong', permission: 'storage.objects.list' };
    expect(isAllowed(grants, { ...importer, ...list, listPrefix: 'kong/prod/' })).toBe(true);
    expect(isAllowed(grants, { ...importer, ...list, listPrefix: 'kong/' })).toBe(false);

    const bucket = valuesOf(state, 'google_storage_bucket');
    expect(bucket).toMatchObject({ soft_delete_policy: [{ retention_duration_seconds: 1_209_600 }] });
    const rules = (bucket['lifecycle_rule'] as AppliedRule[]).map(({ action, condition }) => ({
      action: action[0],
      condition: Object.fromEntries(Object.entries(condition[0]).filter(([, value]) => value !== null)),
    }));
    const replaced = (newerVersions: number, noncurrentDays: number) =>
      actionsOn(rules, { key: at.key, ageDays: 99, noncurrentDays, newerVersions });
    expect([replaced(3, 5), replaced(4, 4), replaced(4, 5)]).toEqual([[], [], ['Delete']]);
    expect(actionsOn(rules, { key: at.key, ageDays: 9_999, noncurrentDays: undefined, newerVersions: 0 })).toEqual([]);

    expect(valuesOf(state, 'google_kms_key_ring')).toMatchObject({ location: 'europe' });
    expect(valuesOf(state, 'google_kms_crypto_key')).toMatchObject({ rotation_period: '2592000s' });
    const users = state.resources.filter(({ type }) => type === 'google_kms_crypto_key_iam_member');
    expect(users.map(({ values }) => values['member'])).toEqual([
      'serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com',
    ]);
    expect(valuesOf(state, 'google_secret_manager_secret')['replication']).toMatchObject([
      { user_managed: [{ replicas: [{ location: 'europe-west1' }, { location: 'europe-west4' }] }] },
    ]);
  });

  it('takes all the way an existing bucket and pods that impersonate or are let in directly', async () => {
    const state = await terraformLifecycle(
      stackOf((stack) => {
        const store = GcsStore.fromBucketName(stack, 'Store', 'acme-shared', { roles: GcsRoles.predefined() });
        store.grantExport(
          new GkeImpersonation(stack, 'Exporter', { namespace: 'kong', serviceAccountName: 'exporter' }),
        );
        store.grantImport(
          new GkeWorkloadIdentity(stack, 'Importer', { namespace: 'kong', serviceAccountName: 'gateway' }),
        );
      }),
    );

    const grants = appliedGoogleStack(state);
    const project = valuesOf(state, 'google_project', 'Importer');
    const number = String(project['number']);
    const id = String(project['id']).replace('projects/', '');
    const member = `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/${id}.svc.id.goog/subject/ns/kong/sa/gateway`;
    const at = { member, bucket: 'acme-shared', key: 'kong/3.9.1/config.json' };
    expect(isAllowed(grants, { ...at, permission: 'storage.objects.get' })).toBe(true);
    expect(mayPut(grants, at, false)).toBe(false);
    expect(valuesOf(state, 'google_service_account_iam_member')['member']).toBe(
      `serviceAccount:${id}.svc.id.goog[kong/exporter]`,
    );
    expect(state.resources.filter(({ type }) => type === 'google_storage_bucket')).toEqual([]);
  });

  it('refuses to destroy the bucket until the protection is taken off', async () => {
    const declared = (props: Partial<GcsStoreProps>) =>
      stackOf(
        (stack) =>
          new GcsStore(stack, 'Store', {
            bucketName: 'acme-kong',
            location: 'europe-west1',
            encryption: GcsEncryption.ownKey(),
            ...props,
          }),
      );
    await withTerraform(declared({}), async (terraform) => {
      await terraform.init();
      await terraform.apply();
      const refused = await terraform.destroy().then(
        () => 'it was destroyed',
        (error: unknown) => (error as Error).message,
      );
      expect(refused).toBe(
        'terraform destroy: resource.google_storage_bucket: Instance cannot be destroyed: Resource google_storage_bucket.Store_1D2A845B has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To avoid this error and continue with the plan, either disable lifecycle.prevent_destroy or reduce the scope of the plan using the -target option.',
      );

      await terraform.change(declared({ preventDestroy: false, forceDestroy: true }));
      await terraform.apply();
      await terraform.destroy();
      expect((await terraform.show()).resources).toEqual([]);
    });
  });
});

interface AppliedRule {
  readonly action: readonly [unknown];
  readonly condition: readonly [Readonly<Record<string, unknown>>];
}
