import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { App, Aspects, TerraformStack, Testing } from 'cdktf';
import type { IConstruct } from 'constructs';
import { afterEach, describe, expect, it } from 'vitest';
import { S3Store } from '../../../constructs/aws';
import { acknowledge, KongResilienceRules } from '../../../constructs/rules';
import { annotations, told } from './harness';

const outdirs: string[] = [];
afterEach(() => {
  for (const outdir of outdirs.splice(0)) rmSync(outdir, { recursive: true });
});

function newApp(): App {
  const outdir = mkdtempSync(join(tmpdir(), 'kong-resilience-rules-'));
  outdirs.push(outdir);
  return new App({ outdir });
}

function stackIn(app: App, id: string): TerraformStack {
  const stack = new TerraformStack(app, id);
  new AwsProvider(stack, 'aws');
  return stack;
}

/** What is ours in the error of a synthesis; the rest is CDKTF's. */
function findingsThrown(app: App): string[] {
  try {
    app.synth();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.includes('KR_'));
  }
  throw new Error('nothing was thrown');
}

/** A store, and a lifecycle rule that expires everything in its bucket. */
function expiring(stack: TerraformStack, store: S3Store): IConstruct {
  return new S3BucketLifecycleConfiguration(stack, 'Lifecycle', {
    bucket: store.bucketName,
    rule: [{ id: 'tmp', status: 'Enabled', expiration: [{ days: 7 }] }],
  });
}

const code = 'KR_RULE_CURRENT_OBJECT_REACHED';
const text =
  'the lifecycle rule "tmp" expires current objects of the bucket "kong-store", "kong/3.9.1/config.json" among them: without it a new node finds no configuration in an outage, or exporters cannot replace it. Limit it to other keys or to noncurrent versions.';

describe('KongResilienceRules', () => {
  it('stops the synthesis of an app at an error, across stacks', () => {
    const app = newApp();
    const store = new S3Store(stackIn(app, 'One'), 'Store', { bucketName: 'kong-store' });
    expiring(stackIn(app, 'Two'), store);
    KongResilienceRules.addToStacks(app);
    expect(findingsThrown(app)).toEqual([`[Two/Lifecycle] ${code} ${text}`]);
  });

  it('knows a bucket whose name Terraform makes from another stack', () => {
    const app = newApp();
    const one = stackIn(app, 'One');
    const bucket = new S3Bucket(one, 'Bucket');
    S3Store.fromBucketName(one, 'Store', bucket.bucket);
    const two = stackIn(app, 'Two');
    new S3BucketVersioningA(two, 'Versioning', {
      bucket: bucket.bucket,
      versioningConfiguration: { status: 'Enabled' },
    });
    KongResilienceRules.addToStacks(app);
    app.synth();
    expect(annotations(app).map((line) => line.split(' ').slice(0, 3))).toEqual([
      ['One/Bucket', 'warn:', 'KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED'],
    ]);
  });

  it('writes what it tells into the manifest that the CLI prints', () => {
    const app = newApp();
    const stack = stackIn(app, 'One');
    const bucket = new S3Bucket(stack, 'Bucket');
    S3Store.fromBucketName(stack, 'Store', bucket.bucket);
    KongResilienceRules.addToStacks(app);
    app.synth();
    const manifest = readFileSync(join(app.outdir, 'manifest.json'), 'utf8');
    expect(manifest).toContain('KR_RULE_UNVERSIONED_BUCKET the bucket is not versioned');
  });

  it('does nothing when it is added to the app, whose aspects CDKTF does not run', () => {
    const app = newApp();
    const stack = stackIn(app, 'One');
    expiring(stack, new S3Store(stack, 'Store', { bucketName: 'kong-store' }));
    Aspects.of(app).add(new KongResilienceRules());
    app.synth();
    expect(annotations(app)).toEqual([]);
  });

  it('fails an app that declares a stack after the rules were added', () => {
    const app = newApp();
    stackIn(app, 'One');
    KongResilienceRules.addToStacks(app);
    stackIn(app, 'Two');
    expect(findingsThrown(app)).toEqual([
      'KR_RULE_STACK_NOT_CHECKED the stack "Two" was declared after KongResilienceRules.addToStacks, and was not checked. Call it when all stacks are declared.',
    ]);
  });

  it('sees what other aspects have changed', () => {
    const found = told((stack) => {
      const bucket = new S3Bucket(stack, 'Bucket');
      S3Store.fromBucketName(stack, 'Store', bucket.bucket);
      Aspects.of(stack).add({
        visit: (node) => {
          if (node instanceof S3Bucket) node.putVersioning({ enabled: true });
        },
      });
    });
    expect(found.filter((line) => line.includes('UNVERSIONED'))).toEqual([]);
  });

  it('tells nothing twice when a stack is synthesized twice, or has the rules twice', () => {
    const stack = new TerraformStack(Testing.app(), 'Stack');
    new AwsProvider(stack, 'aws');
    expiring(stack, new S3Store(stack, 'Store', { bucketName: 'kong-store' }));
    Aspects.of(stack).add(new KongResilienceRules());
    Aspects.of(stack).add(new KongResilienceRules());
    Testing.synth(stack, true);
    Testing.synth(stack, true);
    expect(annotations(stack)).toEqual([`Stack/Lifecycle error: ${code} ${text}`]);
  });

  it('has no finding in a stack without stores', () => {
    expect(told((stack) => new S3Bucket(stack, 'Website', { acl: 'public-read' }))).toEqual([]);
  });
});

describe('acknowledge', () => {
  const acknowledged = (by: (stack: TerraformStack, lifecycle: IConstruct) => void) =>
    told((stack) => by(stack, expiring(stack, new S3Store(stack, 'Store', { bucketName: 'kong-store' }))));

  it('lets a finding stand as information with the reason', () => {
    expect(acknowledged((_, lifecycle) => acknowledge(lifecycle, code, 'a test bucket'))).toEqual([
      `Stack/Lifecycle info: ${code} acknowledged, "a test bucket": ${text}`,
    ]);
  });

  it('holds for all below', () => {
    expect(acknowledged((stack) => acknowledge(stack, code, 'a test stack'))).toEqual([
      `Stack/Lifecycle info: ${code} acknowledged, "a test stack": ${text}`,
    ]);
  });

  it('holds for one code, and is told when nothing has it', () => {
    expect(acknowledged((_, lifecycle) => acknowledge(lifecycle, 'KR_RULE_PUBLIC_BUCKET', 'a website'))).toEqual([
      `Stack/Lifecycle error: ${code} ${text}`,
      'Stack/Lifecycle warn: KR_RULE_UNUSED_ACKNOWLEDGEMENT nothing here, or below, has KR_RULE_PUBLIC_BUCKET any more, which is acknowledged with the reason "a website". Remove the acknowledgement.',
    ]);
  });

  it('holds for nothing elsewhere', () => {
    expect(acknowledged((stack) => acknowledge(stack.node.findChild('Store'), code, 'a test bucket'))).toEqual([
      'Stack/Store warn: KR_RULE_UNUSED_ACKNOWLEDGEMENT nothing here, or below, has KR_RULE_CURRENT_OBJECT_REACHED any more, which is acknowledged with the reason "a test bucket". Remove the acknowledgement.',
      `Stack/Lifecycle error: ${code} ${text}`,
    ]);
  });

  it('wants a reason and a rule that exists', () => {
    const stack = new TerraformStack(Testing.app(), 'Stack');
    expect(() => acknowledge(stack, 'KR_RULE_PUBLIC', ' ')).toThrow(
      `Stack: 2 problems
  KR_TF_UNKNOWN_RULE there is no rule "KR_RULE_PUBLIC". There are KR_RULE_BLIND_READINESS, KR_RULE_CURRENT_OBJECT_REACHED, KR_RULE_EXPORTER_BEHIND_LOAD_BALANCER, KR_RULE_FALLBACK_WITHOUT_AGENT, KR_RULE_HANDOVER_UNREAD, KR_RULE_IMPORTER_WITH_WRITE, KR_RULE_KEY_NOT_GIVEN, KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED, KR_RULE_PUBLIC_BUCKET, KR_RULE_SECRET_KEY_NOT_GIVEN, KR_RULE_TASK_ROLE_REPLACED, KR_RULE_UNVERSIONED_BUCKET, KR_RULE_VERSION_NOT_EXPORTED, KR_RULE_VOLUME_NOT_DECLARED.
  KR_TF_NO_REASON the acknowledgement of KR_RULE_PUBLIC has no reason. Say why it may stay, for whoever reads the stack next.`,
    );
  });
});
