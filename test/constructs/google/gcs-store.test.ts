import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { AttachedServiceAccount, GcsEncryption, GcsRoles, GcsStore, GooglePrincipal } from '../../../constructs/google';
import { googleStack, ofType, only } from '../support/google-stack';

const named = { bucketName: 'acme-kong', location: 'europe-west1', gatewayVersions: ['3.9.1'] };
const wholeKey = 'projects/p/locations/europe/keyRings/r/cryptoKeys/k';

function messageOf(declare: (stack: TerraformStack) => void): string {
  try {
    declare(new TerraformStack(Testing.app(), 'app'));
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

describe('a new bucket', () => {
  it('has uniform access, no public access, versions, soft delete, and two protections against destroy', () => {
    const stack = googleStack((scope) => new GcsStore(scope, 'Store', named));
    expect(only(stack, 'google_storage_bucket')).toEqual({
      name: 'acme-kong',
      location: 'europe-west1',
      storage_class: 'STANDARD',
      uniform_bucket_level_access: true,
      public_access_prevention: 'enforced',
      versioning: { enabled: true },
      soft_delete_policy: { retention_duration_seconds: 604_800 },
      force_destroy: false,
      lifecycle: { prevent_destroy: true },
      lifecycle_rule: [{}, {}].map(() => expect.anything() as unknown),
    });
    expect(stack.annotations).toEqual([]);
  });

  it('takes project, storage class, labels, soft delete and the way off of the protection', () => {
    const stack = googleStack(
      (scope) =>
        new GcsStore(scope, 'Store', {
          ...named,
          project: 'acme-prod',
          storageClass: 'NEARLINE',
          labels: { team: 'gateways' },
          softDeleteRetentionDays: 0,
          preventDestroy: false,
          forceDestroy: true,
        }),
    );
    expect(only(stack, 'google_storage_bucket')).toMatchObject({
      project: 'acme-prod',
      storage_class: 'NEARLINE',
      labels: { team: 'gateways' },
      soft_delete_policy: { retention_duration_seconds: 0 },
      lifecycle: { prevent_destroy: false },
      force_destroy: true,
    });
    expect(stack.annotations).toEqual([
      "app/Store warn: KR_TF_GCS_COLD_STORAGE_CLASS storageClass is NEARLINE: Google bills each object for at least 30 days, also those replaced within a minute, which the exporters' leases are, and bills each read. STANDARD is cheaper here.",
    ]);
  });

  it('has the same URL for exporters and importers, and no environment beside it', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    const plain = new GcsStore(stack, 'Plain', { ...named, prefix: '' });
    expect(new GcsStore(stack, 'Store', named).storageUrl).toBe('gcs://acme-kong/kong');
    const prefixed = new GcsStore(stack, 'Prefixed', { ...named, prefix: 'kong/prod/' });
    expect(plain.storageUrl).toBe('gcs://acme-kong/');
    expect(prefixed).toMatchObject({
      storageUrl: 'gcs://acme-kong/kong/prod',
      importStorageUrl: 'gcs://acme-kong/kong/prod',
      bucketName: 'acme-kong',
      prefix: 'kong/prod',
      exporterEnvironment: {},
      importerEnvironment: {},
    });
  });

  it('keeps its construct ids', () => {
    const stack = googleStack((scope) => {
      const store = new GcsStore(scope, 'Store', { ...named, encryption: GcsEncryption.ownKey() });
      store.grantExport(new AttachedServiceAccount(scope, 'Exporter'));
      store.grantImport(new AttachedServiceAccount(scope, 'Importer'));
    });
    expect(stack.paths).toMatchInlineSnapshot(`
      [
        "app/Store",
        "app/Store/KeyRing",
        "app/Store/Key",
        "app/Store/StorageServiceAgent",
        "app/Store/KeyGrant",
        "app/Store/Resource",
        "app/Store/ReaderRole",
        "app/Store/Read-Exporter",
        "app/Store/WriterRole",
        "app/Store/Write-Exporter",
        "app/Store/Read-Importer",
        "app/Exporter",
        "app/Exporter/Resource",
        "app/Importer",
        "app/Importer/Resource",
      ]
    `);
  });
});

describe('encryption', () => {
  it('with an own key lets the storage service agent alone use it, before the bucket is made', () => {
    const stack = googleStack(
      (scope) =>
        new GcsStore(scope, 'Store', { ...named, location: 'EU', project: 'acme', encryption: GcsEncryption.ownKey() }),
    );
    expect(only(stack, 'google_kms_key_ring')).toEqual({
      name: 'kong-resilience-store-e7830235',
      location: 'europe',
      project: 'acme',
    });
    expect(only(stack, 'google_kms_crypto_key')).toEqual({
      name: 'configurations',
      key_ring: '${google_kms_key_ring.Store_KeyRing_6DFE17C5.id}',
      rotation_period: '7776000s',
      lifecycle: { prevent_destroy: true },
    });
    expect(ofType(stack, 'google_kms_crypto_key_iam_member')).toEqual([
      {
        crypto_key_id: '${google_kms_crypto_key.Store_Key_81AFBC5C.id}',
        role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
        member: '${data.google_storage_project_service_account.Store_StorageServiceAgent_F8CE092B.member}',
      },
    ]);
    expect(Object.values(stack.data)).toEqual([{ project: 'acme' }]);
    expect(only(stack, 'google_storage_bucket')).toMatchObject({
      encryption: { default_kms_key_name: '${google_kms_crypto_key.Store_Key_81AFBC5C.id}' },
      depends_on: ['google_kms_crypto_key_iam_member.Store_KeyGrant_4D7AA404'],
    });
  });

  it('takes the protection off the own key with that of the bucket, and its ring and rotation from the props', () => {
    const stack = googleStack(
      (scope) =>
        new GcsStore(scope, 'Store', {
          ...named,
          preventDestroy: false,
          encryption: GcsEncryption.ownKey({ keyRingName: 'ring', rotationDays: 30 }),
          labels: { team: 'gateways' },
        }),
    );
    expect(only(stack, 'google_kms_key_ring')).toMatchObject({ name: 'ring', location: 'europe-west1' });
    expect(only(stack, 'google_kms_crypto_key')).toMatchObject({
      rotation_period: '2592000s',
      labels: { team: 'gateways' },
      lifecycle: { prevent_destroy: false },
    });
  });

  it('with an existing key adds the storage service agent to its users and no other', () => {
    const stack = googleStack(
      (scope) =>
        new GcsStore(scope, 'Store', { ...named, location: 'eu', encryption: GcsEncryption.existingKey(wholeKey) }),
    );
    expect(only(stack, 'google_kms_crypto_key_iam_member')).toMatchObject({ crypto_key_id: wholeKey });
    expect(ofType(stack, 'google_kms_crypto_key')).toEqual([]);
    expect(only(stack, 'google_storage_bucket')).toMatchObject({ encryption: { default_kms_key_name: wholeKey } });
  });

  it('with a key that its owner has granted leaves the key alone', () => {
    const stack = googleStack(
      (scope) =>
        new GcsStore(scope, 'Store', { ...named, location: 'EU', encryption: GcsEncryption.grantedKey(wholeKey) }),
    );
    expect(Object.keys(stack.resources).map((address) => address.split('.')[0])).toEqual(['google_storage_bucket']);
    expect(only(stack, 'google_storage_bucket')).toMatchObject({ encryption: { default_kms_key_name: wholeKey } });
  });

  it('gives no exporter and no importer a right to the key', () => {
    const stack = googleStack((scope) => {
      const store = new GcsStore(scope, 'Store', { ...named, encryption: GcsEncryption.ownKey() });
      store.grantExport(GooglePrincipal.fromMember(scope, 'Exporter', 'user:exporter@acme.com'));
      store.grantImport(GooglePrincipal.fromMember(scope, 'Importer', 'user:importer@acme.com'));
    });
    expect(JSON.stringify(ofType(stack, 'google_kms_crypto_key_iam_member'))).not.toContain('acme.com');
    expect(ofType(stack, 'google_kms_crypto_key_iam_member')).toHaveLength(1);
  });
});

describe('an existing bucket', () => {
  it('gets IAM members and roles, and no resource of the bucket', () => {
    const stack = googleStack((scope) => {
      const store = GcsStore.fromBucketName(scope, 'Store', 'acme-shared', { prefix: 'kong', project: 'acme' });
      store.addGatewayVersion('3.9.1');
      store.grantExport(new AttachedServiceAccount(scope, 'Exporter'));
    });
    expect([...new Set(Object.keys(stack.resources).map((address) => address.split('.')[0]))].sort()).toEqual([
      'google_project_iam_custom_role',
      'google_service_account',
      'google_storage_bucket_iam_member',
    ]);
    expect(ofType(stack, 'google_project_iam_custom_role').map(({ project }) => project)).toEqual(['acme', 'acme']);
    expect(ofType(stack, 'google_storage_bucket_iam_member').map(({ bucket }) => bucket)).toEqual([
      'acme-shared',
      'acme-shared',
    ]);
  });

  it('says what could not be checked', () => {
    const stack = googleStack((scope) =>
      GcsStore.fromBucketName(scope, 'Store', 'acme-shared', { gatewayVersions: ['3.9.1'] }),
    );
    expect(stack.annotations).toEqual([
      'app/Store info: KR_TF_GCS_EXISTING_BUCKET the bucket "acme-shared" is not made by this store; see that it has uniform bucket-level access (or Google refuses the conditions of the grants), public access prevention, versioning and soft delete, and that no lifecycle rule or retention lock of its own can reach a current config.json or kong-resilience.json. Merge lifecycleRules into its own rules.',
    ]);
  });

  const unmerged =
    'app/Store info: KR_TF_GCS_NOT_MERGED the bucket "acme-shared" is declared in this stack, and nothing merges lifecycleRules into its lifecycle. Add them there.';
  const notUniform =
    'app/Store warn: KR_TF_GCS_NOT_UNIFORM the bucket "acme-shared" is declared in this stack without uniform bucket-level access, and Google refuses grants with conditions there. Set uniformBucketLevelAccess: true.';

  it.each([
    ['nothing else of one that the stack declares, whose rules are merged', true, true, []],
    ['that nothing merges its lifecycle rules', true, false, [unmerged]],
    ['that it has no uniform access', false, true, [notUniform]],
    ['that it has none by default', undefined, false, [notUniform, unmerged]],
  ])('says %s', (_, uniformBucketLevelAccess, merges, told) => {
    const stack = googleStack((scope) => {
      const [name, location] = ['acme-shared', 'EU'];
      const bucket = new StorageBucket(scope, 'Bucket', { name, location, uniformBucketLevelAccess });
      const store = GcsStore.fromBucketName(scope, 'Store', name, { gatewayVersions: ['3.9.1'] });
      if (merges) bucket.putLifecycleRule([...store.lifecycleRules]);
    });
    expect(stack.annotations).toEqual(told);
  });

  it('knows one of the stack by a reference to it', () => {
    const stack = googleStack((scope) => {
      const bucket = new StorageBucket(scope, 'Bucket', { name: 'b', location: 'EU', uniformBucketLevelAccess: true });
      const store = GcsStore.fromBucketName(scope, 'Store', bucket.name, { gatewayVersions: ['3.9.1'] });
      bucket.putLifecycleRule([...store.lifecycleRules]);
    });
    expect(stack.annotations).toEqual([]);
  });

  it('has the URLs and environments of a new one', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    expect(GcsStore.fromBucketName(stack, 'Store', 'acme-shared', { prefix: 'kong' })).toMatchObject({
      storageUrl: 'gcs://acme-shared/kong',
      importStorageUrl: 'gcs://acme-shared/kong',
      bucketName: 'acme-shared',
      prefix: 'kong',
      exporterEnvironment: {},
      importerEnvironment: {},
    });
  });

  it('keeps its construct ids', () => {
    const stack = googleStack((scope) => {
      const store = GcsStore.fromBucketName(scope, 'Store', 'acme-shared', { roles: GcsRoles.predefined() });
      store.grantExport(GooglePrincipal.fromMember(scope, 'Exporter', 'user:exporter@acme.com'));
    });
    expect(stack.paths).toMatchInlineSnapshot(`
      [
        "app/Store",
        "app/Store/Read-Exporter",
        "app/Store/Write-Exporter",
        "app/Exporter",
      ]
    `);
  });
});

describe('a store without a gateway version', () => {
  const told =
    'app/Store warn: KR_TF_GCS_NO_VERSION no gateway version is known, and lifecycle rules have no wildcards: what Enterprise leaves under election/ would never go, nor, in an existing bucket, replaced leases. Give gatewayVersions, or an exporter node this store.';

  it('says so, once everything is declared', () => {
    const own = googleStack((scope) => new GcsStore(scope, 'Store', { ...named, gatewayVersions: [] }));
    expect(own.annotations).toEqual([told]);
    const existing = googleStack((scope) => GcsStore.fromBucketName(scope, 'Store', 'acme-kong'));
    expect(existing.annotations).toContain(told);
  });

  it('says nothing when a node has told one', () => {
    const own = googleStack((scope) =>
      new GcsStore(scope, 'Store', { ...named, gatewayVersions: [] }).addGatewayVersion('3.9.1'),
    );
    expect(own.annotations).toEqual([]);
  });
});

describe('errors of a store', () => {
  it('come all together', () => {
    expect(
      messageOf(
        (stack) =>
          new GcsStore(stack, 'Store', {
            bucketName: 'Acme',
            location: 'europe-west1-b',
            prefix: "it's",
            storageClass: 'COLD',
            softDeleteRetentionDays: 6,
            labels: { Team: 'a' },
            noncurrentConfigurationVersions: 0,
            noncurrentConfigurationDays: 1.5,
            electionExpirationDays: -1,
            encryption: GcsEncryption.ownKey({ keyRingName: 'a ring', rotationDays: 0 }),
            roles: GcsRoles.custom({ readerRoleId: 'kong-reader', writerRoleId: 'ab' }),
          }),
      ),
    ).toBe(
      [
        'app/Store: 13 problems',
        `  KR_TF_GCS_STORAGE bucketName is "Acme": the bucket "Acme" is not a legal name. Google allows 3 to 63 lower-case letters, digits, hyphens, underscores and single dots (222 with dots, 63 between them), with a letter or digit at each end. Did you mean acme?`,
        `  KR_TF_GCS_PREFIX_CHARACTER prefix is "it's": quotes, backslashes and braces are not allowed, since the prefix stands in IAM conditions. Use letters, digits, "-", "_", "." and "/".`,
        `  KR_TF_GCS_LOCATION location is "europe-west1-b": it must be a region ("europe-west1"), a predefined dual-region ("EUR4") or a multi-region ("EU"), never a zone ("europe-west1-b").`,
        `  KR_TF_GCS_STORAGE_CLASS storageClass is "COLD": it must be STANDARD, NEARLINE, COLDLINE or ARCHIVE.`,
        `  KR_TF_GCS_RANGE softDeleteRetentionDays is 6: it must be a whole number from 7 to 90, or 0 for no soft delete.`,
        `  KR_TF_GOOGLE_LABEL labels has "Team" = "a": keys have 1 to 63 lower-case letters, digits, hyphens and underscores and begin with a letter; values have up to 63 of the same.`,
        `  KR_TF_GCS_RANGE noncurrentConfigurationVersions is 0: it must be a whole number from 1.`,
        `  KR_TF_GCS_RANGE noncurrentConfigurationDays is 1.5: it must be a whole number from 1.`,
        `  KR_TF_GCS_RANGE electionExpirationDays is -1: it must be a whole number from 1.`,
        `  KR_TF_GCS_KEY_RING encryption has the keyRingName "a ring": it must have 1 to 63 letters, digits, hyphens and underscores.`,
        `  KR_TF_GCS_RANGE rotationDays is 0: it must be a whole number from 1.`,
        `  KR_TF_GOOGLE_ROLE_ID roles has the readerRoleId "kong-reader" (11 characters): it must have 3 to 64 letters, digits, underscores and dots; hyphens are not allowed.`,
        `  KR_TF_GOOGLE_ROLE_ID roles has the writerRoleId "ab" (2 characters): it must have 3 to 64 letters, digits, underscores and dots; hyphens are not allowed.`,
      ].join('\n'),
    );
  });

  it('tell the bucket and prefix by the rules of the agent', () => {
    expect(messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', 'gcs://acme-kong/kong'))).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_BUCKET_NAME bucketName is "gcs://acme-kong/kong": it must be the name of the bucket alone, without gcs:// and without a path; what follows the bucket belongs into prefix. Names: https://cloud.google.com/storage/docs/buckets#naming.',
    );
    expect(messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', 'acme?kong'))).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_STORAGE bucketName is "acme?kong": it has a query or a fragment ("?" or "#"), which a storage URL has not. Write it as gcs://bucket/prefix.',
    );
    expect(messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', ''))).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_STORAGE bucketName is "": the bucket is missing. Write it as gcs://bucket/prefix.',
    );
    for (const prefix of ['a"b', 'a`b', 'a\\b', 'a{b', 'a}b']) {
      expect(messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', 'acme-kong', { prefix }))).toBe(
        `app/Store: 1 problem\n  KR_TF_GCS_PREFIX_CHARACTER prefix is "${prefix}": quotes, backslashes and braces are not allowed, since the prefix stands in IAM conditions. Use letters, digits, "-", "_", "." and "/".`,
      );
    }
    expect(messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', 'acme-kong', { prefix: 'a//b' }))).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_STORAGE prefix is "a//b": the prefix has an empty part ("//"). Write single slashes.',
    );
    expect(messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', 'acme-kong', { prefix: 'a?b' }))).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_STORAGE prefix is "a?b": it has a query or a fragment ("?" or "#"), which a storage URL has not. Write it as gcs://bucket/prefix.',
    );
  });

  it('tell a key that is not whole, or elsewhere', () => {
    const store = (location: string, encryption: GcsEncryption) =>
      messageOf((stack) => new GcsStore(stack, 'Store', { bucketName: 'acme-kong', location, encryption }));
    expect(store('EU', GcsEncryption.existingKey(`${wholeKey}/cryptoKeyVersions/1`))).toBe(
      `app/Store: 1 problem\n  KR_TF_GCS_KEY encryption has the key "${wholeKey}/cryptoKeyVersions/1": it must be projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>, without a version.`,
    );
    expect(store('europe-west1', GcsEncryption.grantedKey(wholeKey))).toBe(
      `app/Store: 1 problem\n  KR_TF_GCS_KEY_LOCATION encryption has the key "${wholeKey}" in location "europe", and location is "europe-west1": Google accepts keys of "europe-west1" only. Use a key there.`,
    );
  });

  it('tell roles that are not whole, and one for both', () => {
    const store = (roles: GcsRoles) =>
      messageOf((stack) => GcsStore.fromBucketName(stack, 'Store', 'acme-kong', { roles }));
    expect(store(GcsRoles.fromRoleNames('storage.objectViewer', 'roles/storage.objectUser'))).toBe(
      'app/Store: 1 problem\n  KR_TF_GOOGLE_ROLE roles has the reader role "storage.objectViewer": it must be roles/<name>, projects/<project>/roles/<id> or organizations/<number>/roles/<id>.',
    );
    expect(store(GcsRoles.custom({ readerRoleId: 'kong', writerRoleId: 'kong' }))).toBe(
      'app/Store: 1 problem\n  KR_TF_GOOGLE_SAME_ROLE roles has "kong" for reading and for writing: an importer would get what an exporter has. Name two roles.',
    );
  });

  it('have bounds that hold on both sides', () => {
    const ranges = (props: object) => messageOf((stack) => new GcsStore(stack, 'Store', { ...named, ...props }));
    for (const days of [0, 7, 90]) expect(ranges({ softDeleteRetentionDays: days })).toBe('nothing was thrown');
    for (const days of [1, 6, 91, 7.5]) expect(ranges({ softDeleteRetentionDays: days })).toContain('KR_TF_GCS_RANGE');
    expect(
      ranges({ noncurrentConfigurationVersions: 1, noncurrentConfigurationDays: 1, electionExpirationDays: 1 }),
    ).toBe('nothing was thrown');
    for (const location of ['EU', 'us', 'EUR4', 'nam4', 'europe-west1', 'northamerica-northeast1', 'US-CENTRAL1']) {
      expect(ranges({ location })).toBe('nothing was thrown');
    }
    expect(ranges({ storageClass: 'constructor' })).toContain('KR_TF_GCS_STORAGE_CLASS');
    for (const location of ['', 'eu west', 'europe-west1-b'])
      expect(ranges({ location })).toContain('KR_TF_GCS_LOCATION');
    const roleId = (id: string) => ranges({ roles: GcsRoles.custom({ readerRoleId: id }) });
    expect(roleId('abc')).toBe('nothing was thrown');
    expect(roleId('a'.repeat(64))).toBe('nothing was thrown');
    expect(roleId('a'.repeat(65))).toContain('KR_TF_GOOGLE_ROLE_ID');
    const label = (labels: Record<string, string>) => ranges({ labels });
    expect(label({ a: '', [`a${'b'.repeat(62)}`]: '1'.repeat(63) })).toBe('nothing was thrown');
    expect(label({ [`a${'b'.repeat(63)}`]: '' })).toContain('KR_TF_GOOGLE_LABEL');
    expect(label({ a: '1'.repeat(64) })).toContain('KR_TF_GOOGLE_LABEL');
  });

  it('tell a principal of another cloud', () => {
    expect(
      messageOf((stack) => {
        const store = new GcsStore(stack, 'Store', named);
        const role = Object.assign(new TerraformVariable(stack, 'Role', {}), { credentials: {} });
        store.grantImport(role);
      }),
    ).toBe(
      'app/Store: 1 problem\n  KR_TF_GOOGLE_OTHER_CLOUD the principal "app/Role" is none of Google Cloud, which this bucket belongs to. Use AttachedServiceAccount, GkeWorkloadIdentity, GkeImpersonation, ServiceAccountWithKey or GooglePrincipal.fromMember.',
    );
  });

  it('tell a gateway version that moves on, and a list that is a token', () => {
    const expected = (prop: string): string =>
      `app/Store: 1 problem\n  KR_TF_GATEWAY_VERSION ${prop} is "3.9": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.`;
    const existing = (stack: TerraformStack, gatewayVersions: readonly string[]) =>
      GcsStore.fromBucketName(stack, 'Store', 'acme-kong', { gatewayVersions });
    expect(messageOf((stack) => new GcsStore(stack, 'Store', named).addGatewayVersion('3.9'))).toBe(
      expected('version'),
    );
    expect(messageOf((stack) => new GcsStore(stack, 'Store', { ...named, gatewayVersions: ['3.9'] }))).toBe(
      expected('gatewayVersions[0]'),
    );
    expect(messageOf((stack) => existing(stack, []).addGatewayVersion('3.9'))).toBe(expected('version'));
    expect(messageOf((stack) => existing(stack, ['3.9']))).toBe(expected('gatewayVersions[0]'));
    expect(
      messageOf((stack) =>
        existing(stack, new TerraformVariable(stack, 'versions', { type: 'list(string)' }).listValue),
      ),
    ).toBe(
      'app/Store: 1 problem\n  KR_TF_GATEWAY_VERSION_LIST gatewayVersions is a token: each version gets lifecycle rules of its own, so their number must be known. Give a list; its members may be tokens.',
    );
  });
});

describe('tokens', () => {
  it('are one version however often the same is read', () => {
    const stack = googleStack((scope) => {
      const version = new TerraformVariable(scope, 'version', { type: 'string' });
      const store = new GcsStore(scope, 'Store', { ...named, gatewayVersions: [version.stringValue] });
      store.addGatewayVersion(version.stringValue);
      const existing = GcsStore.fromBucketName(scope, 'Existing', 'acme-shared', { gatewayVersions: [] });
      existing.addGatewayVersion(version.stringValue);
      existing.addGatewayVersion(version.stringValue);
      expect(existing.lifecycleRules[1]?.condition.matchesPrefix).toHaveLength(1);
    });
    const election = ['kong/${var.version}/election/'];
    expect(only(stack, 'google_storage_bucket')['lifecycle_rule']).toMatchObject([
      {},
      {},
      { condition: { matches_prefix: election } },
      { condition: { matches_prefix: election } },
    ]);
  });

  it('pass through every prop of a new bucket unchecked', () => {
    const stack = googleStack((scope) => {
      const text = (id: string) => new TerraformVariable(scope, id, { type: 'string' }).stringValue;
      const count = (id: string) => new TerraformVariable(scope, id, { type: 'number' }).numberValue;
      const store = new GcsStore(scope, 'Store', {
        bucketName: text('bucket'),
        location: text('location'),
        prefix: text('prefix'),
        gatewayVersions: [text('listed')],
        project: text('project'),
        storageClass: text('class'),
        labels: { [text('label')]: text('labelValue') },
        softDeleteRetentionDays: count('softDelete'),
        noncurrentConfigurationVersions: count('versions'),
        noncurrentConfigurationDays: count('days'),
        electionExpirationDays: count('election'),
        encryption: GcsEncryption.ownKey({ keyRingName: text('ring'), rotationDays: count('rotation') }),
        roles: GcsRoles.custom({ readerRoleId: text('reader'), writerRoleId: text('writer') }),
      });
      store.addGatewayVersion(text('version'));
      store.grantExport(AttachedServiceAccount.fromEmail(scope, 'Exporter', text('email')));
    });
    expect(only(stack, 'google_storage_bucket')).toMatchObject({
      name: '${var.bucket}',
      location: '${var.location}',
      project: '${var.project}',
      storage_class: '${var.class}',
      labels: { '${var.label}': '${var.labelValue}' },
      soft_delete_policy: { retention_duration_seconds: '${(var.softDelete * 86400)}' },
      lifecycle_rule: [
        {
          condition: {
            matches_prefix: ['${var.prefix}/'],
            num_newer_versions: '${(var.versions + 1)}',
            days_since_noncurrent_time: '${var.days}',
          },
        },
        { condition: { matches_prefix: ['${var.prefix}/'] } },
        {
          condition: {
            matches_prefix: ['${var.prefix}/${var.listed}/election/', '${var.prefix}/${var.version}/election/'],
            age: '${var.election}',
          },
        },
        {
          condition: {
            matches_prefix: ['${var.prefix}/${var.listed}/election/', '${var.prefix}/${var.version}/election/'],
          },
        },
      ],
    });
    expect(only(stack, 'google_kms_key_ring')).toMatchObject({
      name: '${var.ring}',
      location: '${lookup({"eu" = "europe"}, lower(var.location), lower(var.location))}',
    });
    expect(only(stack, 'google_kms_crypto_key')).toMatchObject({ rotation_period: '${(var.rotation * 86400)}s' });
    expect(ofType(stack, 'google_project_iam_custom_role').map((role) => role['role_id'])).toEqual([
      '${var.reader}',
      '${var.writer}',
    ]);
    expect(ofType(stack, 'google_storage_bucket_iam_member')).toMatchObject([
      {
        member: 'serviceAccount:${var.email}',
        condition: {
          expression:
            "resource.name.startsWith('projects/_/buckets/${var.bucket}/objects/${var.prefix}/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('${var.prefix}/')",
        },
      },
      {
        condition: {
          expression:
            "resource.name.startsWith('projects/_/buckets/${var.bucket}/objects/${var.prefix}/') && resource.name.extract('projects/_/buckets/${var.bucket}/objects/${var.prefix}/{version}/') != '' && (resource.name.endsWith('/config.json') || resource.name.endsWith('/kong-resilience.json') || resource.name.extract('projects/_/buckets/${var.bucket}/objects/${var.prefix}/{version}/election/') != '')",
        },
      },
    ]);
  });

  it('pass through what names an existing bucket, key and roles', () => {
    const stack = googleStack((scope) => {
      const text = (id: string) => new TerraformVariable(scope, id, { type: 'string' }).stringValue;
      new GcsStore(scope, 'Own', { ...named, encryption: GcsEncryption.grantedKey(text('key')) });
      const store = GcsStore.fromBucketName(scope, 'Store', text('bucket'), {
        roles: GcsRoles.fromRoleNames(text('reader'), text('writer')),
      });
      store.grantExport(GooglePrincipal.fromMember(scope, 'Exporter', text('member')));
    });
    expect(only(stack, 'google_storage_bucket')).toMatchObject({ encryption: { default_kms_key_name: '${var.key}' } });
    expect(stack.annotations[0]).toMatch(/KR_TF_GCS_EXISTING_BUCKET the bucket is not made by this store;/);
    expect(ofType(stack, 'google_storage_bucket_iam_member')).toMatchObject([
      { bucket: '${var.bucket}', role: '${var.reader}', member: '${var.member}' },
      { bucket: '${var.bucket}', role: '${var.writer}', member: '${var.member}' },
    ]);
  });

  it('stand beside what is known, which is checked', () => {
    expect(
      messageOf((stack) => {
        const bucket = new TerraformVariable(stack, 'bucket', { type: 'string' }).stringValue;
        GcsStore.fromBucketName(stack, 'Store', bucket, { prefix: '../up' });
      }),
    ).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_STORAGE prefix is "../up": the prefix has a part "." or "..". Write it out.',
    );
  });
});
