import { DataAwsS3Bucket } from '@cdktf/provider-aws/lib/data-aws-s3-bucket';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import {
  S3BucketIntelligentTieringConfiguration,
  type S3BucketIntelligentTieringConfigurationConfig,
} from '@cdktf/provider-aws/lib/s3-bucket-intelligent-tiering-configuration';
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketObjectLockConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration';
import { StorageBucket, type StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket';
import type { TerraformStack } from 'cdktf';
import { TerraformVariable, Token } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { S3Store } from '../../../constructs/aws';
import { GcsStore } from '../../../constructs/google';
import { MinioIlmPolicy, type MinioIlmPolicyRule, MinioProvider, MinioStore } from '../../../constructs/minio';
import { container, fallback, toldBy } from './harness';

const code = 'KR_RULE_CURRENT_OBJECT_REACHED';

type Verdict = 'error' | 'info' | undefined;

/** How the rule judges lifecycle rules of somebody else on the bucket of a store at `kong/`. */
function onS3(rule: (stack: TerraformStack) => Partial<S3BucketLifecycleConfigurationRule>): string[] {
  return toldBy(code, (stack) => {
    const store = S3Store.fromBucketName(stack, 'Store', 'company', { gatewayVersions: ['3.10.0.2'] });
    new S3BucketLifecycleConfiguration(stack, 'Lifecycle', {
      bucket: store.bucketName,
      rule: [{ id: 'tmp', status: 'Enabled', ...rule(stack) }],
    });
  });
}

const levelOf = ([line]: readonly string[]): string | undefined => /^\S+ (\w+):/.exec(line ?? '')?.[1];

const week = [{ days: 7 }];

describe('lifecycle rules of Amazon S3', () => {
  it.each<[string, Partial<S3BucketLifecycleConfigurationRule>, Verdict]>([
    ['expires everything', { expiration: week }, 'error'],
    ['expires everything, by an empty filter', { filter: [{}], expiration: week }, 'error'],
    ['expires the prefix', { filter: [{ prefix: 'kong/' }], expiration: week }, 'error'],
    ['expires by the old place of the prefix', { prefix: 'kong', expiration: week }, 'error'],
    [
      'expires exactly the lease',
      { filter: [{ prefix: 'kong/3.9.1/kong-resilience.json' }], expiration: week },
      'error',
    ],
    ['expires on a date', { expiration: [{ date: '2030-01-01T00:00:00Z' }] }, 'error'],
    ['moves to Glacier', { transition: [{ days: 30, storageClass: 'GLACIER' }] }, 'error'],
    ['within an "and"', { filter: [{ and: [{ prefix: 'kong/' }] }], expiration: week }, 'error'],
    ['expires tagged objects', { filter: [{ tag: [{ key: 'tmp', value: 'yes' }] }], expiration: week }, 'info'],
    ['expires large objects', { filter: [{ objectSizeGreaterThan: 1000 }], expiration: week }, 'info'],
    ['is switched off', { status: 'Disabled', expiration: week }, undefined],
    ['expires another prefix', { filter: [{ prefix: 'logs/' }], expiration: week }, undefined],
    ['expires a sibling of the prefix', { filter: [{ prefix: 'kong-logs/' }], expiration: week }, undefined],
    ['expires election/', { filter: [{ prefix: 'kong/3.10.0.2/election/' }], expiration: week }, undefined],
    ['removes delete markers', { expiration: [{ expiredObjectDeleteMarker: true }] }, undefined],
    ['expires noncurrent versions', { noncurrentVersionExpiration: [{ noncurrentDays: 1 }] }, undefined],
  ])('one that %s', (_, rule, level) => {
    expect(levelOf(onS3(() => rule))).toBe(level);
  });

  it('tells which rule reaches what, and the fix', () => {
    expect(onS3(() => ({ filter: [{ prefix: 'kong/' }], expiration: week }))).toEqual([
      `Stack/Lifecycle error: ${code} the lifecycle rule "tmp" expires current objects of the bucket "company", "kong/3.9.1/config.json" among them: without it a new node finds no configuration in an outage, or exporters cannot replace it. Limit it to other keys or to noncurrent versions.`,
    ]);
  });

  it('tells that it could not check a prefix that only Terraform knows', () => {
    const found = onS3((stack) => {
      const prefix = new TerraformVariable(stack, 'prefix', { type: 'string' }).stringValue;
      return { filter: [{ prefix }], expiration: week };
    });
    expect(found).toEqual([
      `Stack/Lifecycle info: ${code} could not be checked: whether the lifecycle rule "tmp" expires the current "kong/3.9.1/config.json" of the bucket "company" depends on what is not in the stack. Write it out, or limit it to other keys or to noncurrent versions.`,
    ]);
  });

  it('lets a known start of such a prefix decide', () => {
    const under = (start: string) =>
      onS3((stack) => {
        const rest = new TerraformVariable(stack, 'rest', { type: 'string' }).stringValue;
        return { filter: [{ prefix: `${start}${rest}` }], expiration: week };
      });
    expect(under('logs/')).toEqual([]);
    expect(levelOf(under('kong/'))).toBe('info');
  });

  it('takes days that only Terraform knows for days', () => {
    const found = onS3((stack) => ({
      expiration: [{ days: new TerraformVariable(stack, 'days', { type: 'number' }).numberValue }],
    }));
    expect(levelOf(found)).toBe('error');
  });

  it('sees rules that Terraform makes, as what could not be checked', () => {
    const found = toldBy(code, (stack) => {
      const store = S3Store.fromBucketName(stack, 'Store', 'company');
      const rules = new TerraformVariable(stack, 'rules', { type: 'any' });
      new S3BucketLifecycleConfiguration(stack, 'Lifecycle', {
        bucket: store.bucketName,
        rule: Token.asAny(rules.value),
      });
    });
    expect(levelOf(found)).toBe('info');
  });

  it('spares the folders of versions that nobody here uses, when the versions are known', () => {
    const reach = (prefix: string, known: boolean) =>
      toldBy(code, (stack) => {
        const store = S3Store.fromBucketName(stack, 'Store', 'company');
        if (known) exporting(stack, store.storageUrl, '3.10.0.2');
        new S3BucketLifecycleConfiguration(stack, 'Lifecycle', {
          bucket: 'company',
          rule: [{ id: 'old', status: 'Enabled', filter: [{ prefix }], expiration: week }],
        });
      });
    expect(levelOf(reach('kong/3.8.0.0/', false))).toBe('error');
    expect(levelOf(reach('kong/3.8.0.0/', true))).toBe(undefined);
    expect(levelOf(reach('kong/3.10.0.2/', true))).toBe('error');
  });

  it('knows a bucket by reference and by data source, and another one apart', () => {
    const on = (bucketOf: (stack: TerraformStack, store: S3Store) => string) =>
      levelOf(
        toldBy(code, (stack) => {
          const store = new S3Store(stack, 'Store', { bucketName: 'kong-store' });
          new S3BucketLifecycleConfiguration(stack, 'Lifecycle', {
            bucket: bucketOf(stack, store),
            rule: [{ id: 'tmp', status: 'Enabled', expiration: week }],
          });
        }),
      );
    expect(on((_, store) => store.bucketName)).toBe('error');
    expect(on((stack) => new DataAwsS3Bucket(stack, 'Data', { bucket: 'kong-store' }).id)).toBe('error');
    expect(on(() => 'kong-store')).toBe('error');
    expect(on(() => 'other')).toBe(undefined);
    expect(on((stack) => new S3Bucket(stack, 'Other').id)).toBe(undefined);
    expect(on((stack) => new TerraformVariable(stack, 'name', {}).stringValue)).toBe('info');
  });

  it('sees the older rules and lock of the bucket itself, and the lock of its own resource', () => {
    const found = toldBy(code, (stack) => {
      S3Store.fromBucketName(stack, 'Store', 'company');
      const bucket = new S3Bucket(stack, 'Bucket', {
        bucket: 'company',
        lifecycleRule: [
          { id: 'old', enabled: true, prefix: 'kong/', expiration: { days: 7 } },
          { id: 'off', enabled: false, expiration: { days: 7 } },
        ],
        objectLockConfiguration: { rule: { defaultRetention: { mode: 'GOVERNANCE', days: 1 } } },
      });
      new S3BucketObjectLockConfigurationA(stack, 'Lock', {
        bucket: bucket.id,
        rule: { defaultRetention: { mode: 'GOVERNANCE', days: 1 } },
      });
      new S3BucketObjectLockConfigurationA(stack, 'LockOfNothing', { bucket: bucket.id });
    });
    const tail =
      'current objects of the bucket "company", "kong/3.9.1/config.json" among them: without it a new node finds no configuration in an outage, or exporters cannot replace it. Limit it to other keys or to noncurrent versions.';
    expect(found).toEqual([
      `Stack/Bucket error: ${code} the lifecycle rule "old" expires ${tail}`,
      `Stack/Bucket error: ${code} the object lock retains ${tail}`,
      `Stack/Lock error: ${code} the object lock retains ${tail}`,
    ]);
  });
});

function exporting(
  stack: TerraformStack,
  storage: string,
  version: string,
  variables: Readonly<Record<string, string>> = {},
  rest: object = {},
): void {
  new EcsTaskDefinition(stack, 'Exporter', {
    family: 'exporter',
    containerDefinitions: JSON.stringify([
      container(
        'agent',
        'kong-resilience:1',
        { ...fallback('EXPORT', storage), KONG_RESILIENCE_GATEWAY_VERSION: version, ...variables },
        rest,
      ),
    ]),
  });
}

const putInto = (storageClass: string): Record<string, string> => ({
  KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: JSON.stringify({ StorageClass: storageClass }),
});

describe('archive tiers of S3 Intelligent-Tiering', () => {
  const archive = [{ accessTier: 'ARCHIVE_ACCESS', days: 90 }];
  type Tiering = Partial<S3BucketIntelligentTieringConfigurationConfig>;

  /** How the rule judges a configuration of the bucket in which an exporter puts its objects so. */
  function onTiering(
    tiering: (stack: TerraformStack) => Tiering,
    variables: Readonly<Record<string, string>> | undefined = putInto('INTELLIGENT_TIERING'),
  ): string[] {
    return toldBy(code, (stack) => {
      const store = S3Store.fromBucketName(stack, 'Store', 'company');
      exporting(stack, store.storageUrl, '3.10.0.2', variables);
      const given = { bucket: 'company', name: 'cold', tiering: archive, ...tiering(stack) };
      new S3BucketIntelligentTieringConfiguration(stack, 'Tiering', given);
    });
  }

  it.each<[string, Tiering, Verdict]>([
    ['archives everything', {}, 'error'],
    ['archives deeply', { tiering: [{ accessTier: 'DEEP_ARCHIVE_ACCESS', days: 180 }] }, 'error'],
    ['archives the prefix', { filter: { prefix: 'kong/' } }, 'error'],
    ['archives tagged objects', { filter: { prefix: 'kong/', tags: { tmp: 'yes' } } }, 'info'],
    ['archives another prefix', { filter: { prefix: 'logs/' } }, undefined],
    ['is switched off', { status: 'Disabled' }, undefined],
    ['is of another bucket', { bucket: 'other' }, undefined],
  ])('one that %s', (_, tiering, level) => {
    expect(levelOf(onTiering(() => tiering))).toBe(level);
  });

  it.each<[string, Readonly<Record<string, string>>, Verdict]>([
    ['INTELLIGENT_TIERING', putInto('INTELLIGENT_TIERING'), 'error'],
    ['STANDARD_IA', putInto('STANDARD_IA'), undefined],
    ['no class', {}, undefined],
  ])('of objects that are put into %s', (_, variables, level) => {
    expect(levelOf(onTiering(() => ({}), variables))).toBe(level);
  });

  it('tells what reaches what, and the fix', () => {
    expect(onTiering(() => ({}))).toEqual([
      `Stack/Tiering error: ${code} the tiering "cold" archives current objects of the bucket "company", "kong/3.10.0.2/config.json" among them: without it a new node finds no configuration in an outage, or exporters cannot replace it. Limit it to other keys or to noncurrent versions.`,
    ]);
  });

  it('could not be checked where only Terraform knows the class, the tier or the status', () => {
    const variable = (stack: TerraformStack): string => new TerraformVariable(stack, 'value', {}).stringValue;
    expect(levelOf(onTiering((stack) => ({ status: variable(stack) })))).toBe('info');
    expect(levelOf(onTiering((stack) => ({ tiering: [{ accessTier: variable(stack), days: 90 }] })))).toBe('info');
    const settings = { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"StorageClass":"${var.class}"}' };
    expect(levelOf(onTiering(() => ({}), settings))).toBe('info');
  });

  it.each<[string, (stack: TerraformStack, storage: string) => void]>([
    ['no exporter is in the app', () => undefined],
    ['the only exporter is of another bucket', (stack) => exporting(stack, 's3://other/kong', '3.10.0.2')],
    [
      'more variables may reach the exporter',
      (stack, storage) =>
        exporting(stack, storage, '3.10.0.2', {}, { environmentFiles: [{ type: 's3', value: 'arn' }] }),
    ],
  ])('could not be checked where %s', (_, declare) => {
    const found = toldBy(code, (stack) => {
      declare(stack, S3Store.fromBucketName(stack, 'Store', 'company').storageUrl);
      new S3BucketIntelligentTieringConfiguration(stack, 'Tiering', {
        bucket: 'company',
        name: 'cold',
        tiering: archive,
      });
    });
    expect(levelOf(found)).toBe('info');
  });

  it.each<[string, string, string, readonly string[]]>([
    ['company', 'kong/', 'INTELLIGENT_TIERING', ['Stack/Lifecycle error', 'Stack/Tiering error']],
    ['company', 'kong/', 'STANDARD_IA', ['Stack/Lifecycle error']],
    ['company', 'logs/', 'INTELLIGENT_TIERING', []],
    ['other', 'kong/', 'INTELLIGENT_TIERING', []],
  ])('of objects of the bucket "%s" below %s that a rule moves to %s', (bucket, prefix, storageClass, levels) => {
    const found = toldBy(code, (stack) => {
      const store = S3Store.fromBucketName(stack, 'Store', 'company');
      exporting(stack, store.storageUrl, '3.10.0.2');
      const rule = { id: 'cool', status: 'Enabled', filter: [{ prefix }], transition: [{ days: 0, storageClass }] };
      new S3BucketLifecycleConfiguration(stack, 'Lifecycle', { bucket, rule: [rule] });
      new S3BucketIntelligentTieringConfiguration(stack, 'Tiering', {
        bucket: 'company',
        name: 'cold',
        tiering: archive,
      });
    });
    expect(found.map((line) => line.split(':')[0])).toEqual(levels);
  });
});

describe('storage classes into which an exporter puts its objects', () => {
  const under = (storageClass: string): string[] =>
    toldBy(code, (stack) => {
      const store = S3Store.fromBucketName(stack, 'Store', 'company');
      exporting(stack, store.storageUrl, '3.10.0.2', putInto(storageClass));
    });

  it.each(['GLACIER', 'DEEP_ARCHIVE'])('%s, which must be restored before it can be read', (storageClass) => {
    expect(under(storageClass)).toEqual([
      `Stack/Exporter error: ${code} KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG of the container "agent" archives current objects of the bucket "company", "kong/3.10.0.2/config.json" among them: without it a new node finds no configuration in an outage, or exporters cannot replace it. Limit it to other keys or to noncurrent versions.`,
    ]);
  });

  it.each(['STANDARD', 'GLACIER_IR', 'INTELLIGENT_TIERING'])('%s, which can be read at once', (storageClass) => {
    expect(under(storageClass)).toEqual([]);
  });
});

describe('lifecycle rules of Google Cloud Storage', () => {
  const remove = { type: 'Delete' };
  it.each<[string, StorageBucketLifecycleRule, Verdict]>([
    ['deletes by age', { action: remove, condition: { age: 7 } }, 'error'],
    ['deletes live objects', { action: remove, condition: { age: 7, withState: 'LIVE' } }, 'error'],
    ['deletes under the prefix', { action: remove, condition: { age: 7, matchesPrefix: ['logs/', 'kong/'] } }, 'error'],
    ['deletes by suffix', { action: remove, condition: { age: 7, matchesSuffix: ['.json'] } }, 'error'],
    ['moves', { action: { type: 'SetStorageClass', storageClass: 'ARCHIVE' }, condition: { age: 7 } }, 'error'],
    ['deletes what has a custom time', { action: remove, condition: { daysSinceCustomTime: 7 } }, 'info'],
    ['deletes archived ones', { action: remove, condition: { age: 7, withState: 'ARCHIVED' } }, undefined],
    ['deletes ones with newer versions', { action: remove, condition: { numNewerVersions: 3 } }, undefined],
    ['deletes noncurrent ones', { action: remove, condition: { daysSinceNoncurrentTime: 3 } }, undefined],
    ['deletes elsewhere', { action: remove, condition: { age: 7, matchesPrefix: ['logs/'] } }, undefined],
    ['deletes other kinds', { action: remove, condition: { age: 7, matchesSuffix: ['.log'] } }, undefined],
    ['deletes coldline ones', { action: remove, condition: { age: 7, matchesStorageClass: ['COLDLINE'] } }, undefined],
    ['deletes standard ones', { action: remove, condition: { age: 7, matchesStorageClass: ['STANDARD'] } }, 'error'],
    ['aborts uploads', { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } }, undefined],
  ])('one that %s', (_, rule, level) => {
    const found = toldBy(code, (stack) => {
      GcsStore.fromBucketName(stack, 'Store', 'company', { prefix: 'kong' });
      new StorageBucket(stack, 'Bucket', { name: 'company', location: 'EU', lifecycleRule: [rule] });
    });
    expect(levelOf(found)).toBe(level);
  });

  it('but not Autoclass, whose colder classes are read at once', () => {
    const found = toldBy(code, (stack) => {
      GcsStore.fromBucketName(stack, 'Store', 'company', { prefix: 'kong' });
      const autoclass = { enabled: true, terminalStorageClass: 'ARCHIVE' };
      new StorageBucket(stack, 'Bucket', { name: 'company', location: 'EU', autoclass });
    });
    expect(found).toEqual([]);
  });

  it('and retention and holds, which keep exporters from replacing it', () => {
    const found = toldBy(code, (stack) => {
      GcsStore.fromBucketName(stack, 'Store', 'company', { prefix: 'kong' });
      new StorageBucket(stack, 'Bucket', {
        name: 'company',
        location: 'EU',
        retentionPolicy: { retentionPeriod: 60 },
        defaultEventBasedHold: true,
      });
    });
    expect(found.map((line) => line.replace(/ current objects.*/, ''))).toEqual([
      `Stack/Bucket error: ${code} the retention policy retains`,
      `Stack/Bucket error: ${code} the default event-based hold retains`,
    ]);
  });
});

describe('lifecycle rules of MinIO', () => {
  it.each<[string, Partial<MinioIlmPolicyRule>, Verdict]>([
    ['expires everything', { expiration: '7d' }, 'error'],
    ['expires the prefix', { expiration: '7d', filter: 'kong/' }, 'error'],
    ['moves', { transition: { storageClass: 'COLD', days: '7d' } }, 'error'],
    ['expires tagged ones', { expiration: '7d', tags: { tmp: 'yes' } }, 'info'],
    ['is switched off', { expiration: '7d', status: 'Disabled' }, undefined],
    ['expires elsewhere', { expiration: '7d', filter: 'logs/' }, undefined],
    ['expires noncurrent ones', { noncurrentExpiration: { days: '7d' } }, undefined],
  ])('one that %s', (_, rule, level) => {
    const found = toldBy(code, (stack) => {
      new MinioProvider(stack, 'minio', { minioServer: 'minio:9000' });
      MinioStore.fromBucketName(stack, 'Store', 'company', { endpoint: 'https://minio.example.com', prefix: 'kong' });
      new MinioIlmPolicy(stack, 'Lifecycle', { bucket: 'company', rule: [{ id: 'tmp', ...rule }] });
    });
    expect(levelOf(found)).toBe(level);
  });
});
