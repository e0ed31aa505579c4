import { describe, expect, it } from 'vitest';
import type { EnvironmentCommand } from '../../src/contract';
import { plain, textsOf } from './blocks';
import type { Block } from './blocks';

interface Case {
  readonly promise: string;
  /** Laid over `plain`. */
  readonly block: Block;
  readonly command?: EnvironmentCommand;
  readonly problems?: readonly string[];
  readonly warnings?: readonly string[];
}

/** The whole report of a block, errors and warnings, word for word. */
function check({ block, command, problems = [], warnings = [] }: Case): void {
  expect(textsOf({ ...plain, ...block }, command)).toEqual({ problems, warnings });
}

describe('what a report says, word for word', () => {
  it('has nothing to say of the block that the cases are laid over', () => {
    expect(textsOf(plain)).toEqual({ problems: [], warnings: [] });
  });

  describe('names', () => {
    const cases: Case[] = [
      {
        promise: 'a misspelt name near a known one',
        block: { AWS_CONFIG_STORAGE_ENDPOING: 'http://minio:9000/' },
        problems: [
          'KR_ENV_UNKNOWN AWS_CONFIG_STORAGE_ENDPOING is not known. Did you mean AWS_CONFIG_STORAGE_ENDPOINT?',
        ],
      },
      {
        promise: 'two letters off in a long name',
        block: { KONG_CLUSTER_FALBACK_CONFIG_IMPORTS: 'on' },
        problems: [
          'KR_ENV_UNKNOWN KONG_CLUSTER_FALBACK_CONFIG_IMPORTS is not known. Did you mean KONG_CLUSTER_FALLBACK_CONFIG_IMPORT?',
        ],
      },
      {
        promise: 'one letter off in a short name',
        block: { KONG_ROLES: 'data_plane' },
        problems: ['KR_ENV_UNKNOWN KONG_ROLES is not known. Did you mean KONG_ROLE?'],
      },
      {
        promise: 'neighbours swapped',
        block: { KONG_CLUSTER_CERT_KYE: '/k' },
        problems: ['KR_ENV_UNKNOWN KONG_CLUSTER_CERT_KYE is not known. Did you mean KONG_CLUSTER_CERT_KEY?'],
      },
      {
        promise: 'lower case',
        block: { kong_cluster_mtls: 'pki' },
        problems: ['KR_ENV_UNKNOWN kong_cluster_mtls is not known. Did you mean KONG_CLUSTER_MTLS?'],
      },
      {
        promise: 'the prefix of Kong left out',
        block: { CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' },
        problems: [
          'KR_ENV_UNKNOWN CLUSTER_FALLBACK_CONFIG_IMPORT is not known. Did you mean KONG_CLUSTER_FALLBACK_CONFIG_IMPORT?',
        ],
      },
      {
        promise: 'our prefix left out of a known one',
        block: { RESILIENCE_LEASE_SECONDS: '3' },
        problems: ['KR_ENV_UNKNOWN RESILIENCE_LEASE_SECONDS is not known. Did you mean KONG_RESILIENCE_LEASE_SECONDS?'],
      },
      {
        promise: 'the beginning of one of ours',
        block: { KONG_RESILIENCE_LEASE: '3' },
        problems: ['KR_ENV_UNKNOWN KONG_RESILIENCE_LEASE is not known. Did you mean KONG_RESILIENCE_LEASE_SECONDS?'],
      },
      {
        promise: 'none of ours',
        block: { KONG_RESILIENCE_FROBNICATE: 'hunter2' },
        problems: [
          'KR_ENV_UNKNOWN KONG_RESILIENCE_FROBNICATE is not known. docs/environment.md lists every KONG_RESILIENCE_ variable.',
        ],
      },
      {
        promise: 'a file of a misspelt option',
        block: { KONG_CLUSTER_CRET_KEY_FILE: '/k' },
        problems: ['KR_ENV_UNKNOWN KONG_CLUSTER_CRET_KEY_FILE is not known. Did you mean KONG_CLUSTER_CERT_KEY_FILE?'],
      },
      {
        promise: 'an option of the fallback that is not known yet',
        block: { KONG_CLUSTER_FALLBACK_COLOUR: 'blue' },
        warnings: [
          'KR_ENV_UNUSED KONG_CLUSTER_FALLBACK_COLOUR is not known to this version of kong-resilience and has no effect.',
        ],
      },
      {
        promise: 'a file for one of ours',
        block: { KONG_RESILIENCE_NODE_ID_FILE: '/id' },
        problems: [
          'KR_ENV_UNKNOWN KONG_RESILIENCE_NODE_ID_FILE is not known. docs/environment.md lists every KONG_RESILIENCE_ variable.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('storage', () => {
    const cases: Case[] = [
      {
        promise: 'unset',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '' },
        problems: [
          'KR_ENV_MISSING KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is not set. Say where the configuration is stored: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
      {
        promise: 'gcp://',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcp://test-bucket/' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcp://test-bucket/": the scheme "gcp" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean gcs://test-bucket/?',
        ],
      },
      {
        promise: 'a scheme with the name of what every object has',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'constructor://test-bucket/' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "constructor://test-bucket/": the scheme "constructor" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
      {
        promise: 's3a://',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3a://test-bucket' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3a://test-bucket": the scheme "s3a" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean s3://test-bucket?',
        ],
      },
      {
        promise: 'upper case scheme',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'S3://test-bucket' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "S3://test-bucket": the scheme "S3" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean s3://test-bucket?',
        ],
      },
      {
        promise: 'https://',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'https://test-bucket.s3.amazonaws.com/x' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "https://test-bucket.s3.amazonaws.com/x": the scheme "https" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. An endpoint belongs into AWS_CONFIG_STORAGE_ENDPOINT, the bucket into s3://bucket/prefix.',
        ],
      },
      {
        promise: 'ftp://',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'ftp://test-bucket' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "ftp://test-bucket": the scheme "ftp" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
      {
        promise: 'no URL',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'test-bucket/test-prefix' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "test-bucket/test-prefix": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean s3://test-bucket/test-prefix?',
        ],
      },
      {
        promise: 'one slash',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3:/test-bucket' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3:/test-bucket": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
      {
        promise: 'azure://',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'azure://account/container/prefix' },
        problems: [
          'KR_ENV_AZURE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "azure://account/container/prefix": Azure is known but not supported yet. Use s3://, gcs:// or file:// for now.',
        ],
      },
      {
        promise: 'az://',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'az://account/container' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "az://account/container": the scheme "az" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean azure://account/container?',
        ],
      },
      {
        promise: 'no bucket',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://": the bucket is missing. Write it as s3://bucket/prefix.',
        ],
      },
      {
        promise: 'no bucket but a prefix',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs:///prefix' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs:///prefix": the bucket is missing. Write it as gcs://bucket/prefix.',
        ],
      },
      {
        promise: 'credentials',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://AKIA:hunter2@test-bucket/x' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://[secret]@test-bucket/x": it holds credentials before an "@". Write s3://bucket/prefix and give credentials in their own variables.',
        ],
      },
      {
        promise: 'credentials under an unknown scheme',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcp://user:hunter2@test-bucket/x' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcp://[secret]@test-bucket/x": the scheme "gcp" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean gcs://?',
        ],
      },
      {
        promise: 'a port',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://minio:9000/test-bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://minio:9000/test-bucket": the bucket has a port. Write s3://bucket/prefix and give host and port as a URL in AWS_CONFIG_STORAGE_ENDPOINT.',
        ],
      },
      {
        promise: 'a port, gs',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gs://localhost:4443/test-bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gs://localhost:4443/test-bucket": the bucket has a port. Write gcs://bucket/prefix and give host and port as a URL in KONG_RESILIENCE_GCS_ENDPOINT.',
        ],
      },
      {
        promise: 'a query',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/x?sig=hunter2' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/x?[secret]": it has a query or a fragment ("?" or "#"), which a storage URL has not. Write it as s3://bucket/prefix.',
        ],
      },
      {
        promise: 'a fragment',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/x#y' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/x#y": it has a query or a fragment ("?" or "#"), which a storage URL has not. Write it as s3://bucket/prefix.',
        ],
      },
      {
        promise: 'S3: upper case',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://Test-Bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://Test-Bucket": the bucket "Test-Bucket" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end. Did you mean test-bucket?',
        ],
      },
      {
        promise: 'S3: underscore',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test_bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test_bucket": the bucket "test_bucket" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: two dots',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test..bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test..bucket": the bucket "test..bucket" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: one character',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://b' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://b": the bucket "b" has 1 character. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: two characters',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://ab' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://ab": the bucket "ab" has 2 characters. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: 64 characters',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": the bucket "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has 64 characters. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: hyphen at the end',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket-' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket-": the bucket "test-bucket-" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: IP',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://10.0.0.1/x' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://10.0.0.1/x": the bucket "10.0.0.1" looks like an IP address. An endpoint belongs into AWS_CONFIG_STORAGE_ENDPOINT.',
        ],
      },
      {
        promise: 'S3: reserved beginning',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://xn--bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://xn--bucket": the bucket "xn--bucket" starts with xn--, sthree- or amzn-s3-demo-, which AWS reserves.',
        ],
      },
      {
        promise: 'S3: reserved end',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket--x-s3' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://bucket--x-s3": the bucket "bucket--x-s3" ends with --ol-s3, .mrap, --x-s3 or --table-s3: that is another kind of bucket, which is not supported.',
        ],
      },
      {
        promise: 'GCS: two characters',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://ab' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://ab": the bucket "ab" has 2 characters. Google allows 3 to 63 lower-case letters, digits, hyphens, underscores and single dots (222 with dots, 63 between them), with a letter or digit at each end.',
        ],
      },
      {
        promise: 'GCS: 64 characters',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE:
            'gcs://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": the bucket "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has 64 characters. Google allows 3 to 63 lower-case letters, digits, hyphens, underscores and single dots (222 with dots, 63 between them), with a letter or digit at each end.',
        ],
      },
      {
        promise: 'GCS: 64 between dots',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE:
            'gcs://a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": the bucket "a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has 66 characters or too many between two dots. Google allows 3 to 63 lower-case letters, digits, hyphens, underscores and single dots (222 with dots, 63 between them), with a letter or digit at each end.',
        ],
      },
      {
        promise: 'GCS: upper case',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://Test_Bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://Test_Bucket": the bucket "Test_Bucket" is not a legal name. Google allows 3 to 63 lower-case letters, digits, hyphens, underscores and single dots (222 with dots, 63 between them), with a letter or digit at each end. Did you mean test_bucket?',
        ],
      },
      {
        promise: 'GCS: IP',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://10.0.0.1' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://10.0.0.1": the bucket "10.0.0.1" looks like an IP address. An endpoint belongs into KONG_RESILIENCE_GCS_ENDPOINT.',
        ],
      },
      {
        promise: 'GCS: goog',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://goog-bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://goog-bucket": the bucket "goog-bucket" starts with "goog" or holds "google", which Google reserves.',
        ],
      },
      {
        promise: 'GCS: google',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://my-google-bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcs://my-google-bucket": the bucket "my-google-bucket" starts with "goog" or holds "google", which Google reserves.',
        ],
      },
      {
        promise: 'double slash',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket//x' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket//x": the prefix starts with a slash. Leave that out.',
        ],
      },
      {
        promise: 'double slash at the end',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/x//' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/x//": the prefix has an empty part ("//"). Write single slashes.',
        ],
      },
      {
        promise: 'dots',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/x/../y' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/x/../y": the prefix has a part "." or "..". Write it out.',
        ],
      },
      {
        promise: 'one dot',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/./y' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/./y": the prefix has a part "." or "..". Write it out.',
        ],
      },
      {
        promise: 'white space',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/a b' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/a b": the prefix has white space in it. Leave it out.',
        ],
      },
      {
        promise: 'a folder with two slashes at its end',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'file:///var/lib//' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "file:///var/lib//": the folder has an empty part ("//"). Write single slashes.',
        ],
      },
      {
        promise: 'a control character beyond ASCII, such as the one that begins an escape sequence',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/a\u009bb' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/a\\u009bb": the prefix has a control character. Leave it out.',
        ],
      },
      {
        promise: 'a control character',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/a\u0000b' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/a\\u0000b": the prefix has a control character. Leave it out.',
        ],
      },
      {
        promise: 'prefix of 901 bytes',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE:
            's3://test-bucket/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…": the prefix has 901 bytes; at most 900 fit into an object key.',
        ],
      },
      {
        promise: 'the object itself',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/x/3.9.1/config.json' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://test-bucket/x/3.9.1/config.json": the prefix ends in config.json. Leave out the version and the file name: the nodes add <version>/config.json themselves.',
        ],
      },
      {
        promise: 'file with two slashes',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'file://var/lib' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "file://var/lib": a folder is written with three slashes and from the root: file:///folder.',
        ],
      },
      {
        promise: 'file root',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'file:///' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "file:///": the folder is missing. Write it as file:///folder.',
        ],
      },
      {
        promise: 'file with dots',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'file:///var/../etc' },
        problems: [
          'KR_ENV_PREFIX KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "file:///var/../etc": the folder has a part "." or "..". Write it out.',
        ],
      },
      {
        promise: 'S3: upper case whose lower case is not legal either',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://Test_Bucket/p' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://Test_Bucket/p": the bucket "Test_Bucket" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'S3: upper case whose lower case is reserved',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://Xn--bucket' },
        problems: [
          'KR_ENV_BUCKET KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://Xn--bucket": the bucket "Xn--bucket" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.',
        ],
      },
      {
        promise: 'an ARN',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'arn:aws:s3:::test-bucket' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "arn:aws:s3:::test-bucket": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean s3://test-bucket?',
        ],
      },
      {
        promise: 'an ARN of objects',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'arn:aws-cn:s3:::test-bucket/x/*' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "arn:aws-cn:s3:::test-bucket/x/*": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean s3://test-bucket/x?',
        ],
      },
      {
        promise: 'an ARN of another kind',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'arn:aws:s3:us-east-2:123456789012:accesspoint/x' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "arn:aws:s3:us-east-2:123456789012:accesspoint/x": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
      {
        promise: 'a host without scheme',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'test-bucket.s3.amazonaws.com/x' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "test-bucket.s3.amazonaws.com/x": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
      {
        promise: 'no URL, and no legal bucket either',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'test_bucket/x' },
        problems: [
          'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "test_bucket/x": it is not a URL. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('version', () => {
    const cases: Case[] = [
      {
        promise: 'unset',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '' },
        problems: [
          'KR_ENV_MISSING KONG_RESILIENCE_GATEWAY_VERSION is not set, nor is KONG_VERSION. Set it to the full version of the gateway, such as 3.9.1 or 3.10.0.2; "kong version" prints it.',
        ],
      },
      {
        promise: 'latest',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: 'latest' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "latest": "latest" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); this is an image tag that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        ],
      },
      {
        promise: '3.9',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9": "3.9" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        ],
      },
      {
        promise: 'v3.9.1',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: 'v3.9.1' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "v3.9.1": "v3.9.1" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); did you mean 3.9.1?',
        ],
      },
      {
        promise: '3.9.1-ubuntu',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1-ubuntu' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1-ubuntu": "3.9.1-ubuntu" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); did you mean 3.9.1?',
        ],
      },
      {
        promise: 'five parts',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1.0.0' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1.0.0": "3.9.1.0.0" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); "kong version" prints it.',
        ],
      },
      {
        promise: 'leading zero',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.09.1' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.09.1": "3.09.1" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); "kong version" prints it.',
        ],
      },
      {
        promise: 'one bad of two',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1, 3.10' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1, 3.10": "3.10" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        ],
      },
      {
        promise: 'twice',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1,3.9.1' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1,3.9.1": the version 3.9.1 stands in it twice.',
        ],
      },
      {
        promise: 'trailing comma',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1,' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1,": "" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); "kong version" prints it.',
        ],
      },
      {
        promise: "Kong's own",
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '', KONG_VERSION: 'latest' },
        problems: [
          'KR_ENV_VERSION KONG_VERSION is "latest": "latest" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); this is an image tag that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        ],
      },
      {
        promise: 'several on an importer',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1,3.10.0', KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' },
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1,3.10.0", but this node imports, and a gateway has one version. Name only that one; several are for an exporter.',
        ],
      },
      {
        promise: 'several for the command import',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1,3.10.0', KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '' },
        command: 'import',
        problems: [
          'KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1,3.10.0", but this node imports, and a gateway has one version. Name only that one; several are for an exporter.',
        ],
      },
      {
        promise: "Kong's own is another",
        block: { KONG_VERSION: '3.10.0.2' },
        warnings: [
          'KR_ENV_VERSION_DIFFERS KONG_VERSION is "3.10.0.2", but KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1" and is used. If the gateway was upgraded, change the latter too.',
        ],
      },
      {
        promise: "Kong's own is none of several",
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1, 3.10.0', KONG_VERSION: '3.10.0.2' },
        warnings: [
          'KR_ENV_VERSION_DIFFERS KONG_VERSION is "3.10.0.2", but KONG_RESILIENCE_GATEWAY_VERSION is "3.9.1,3.10.0" and is used. If the gateway was upgraded, change the latter too.',
        ],
      },
      {
        promise: "Kong's own is one of several",
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1, 3.10.0', KONG_VERSION: '3.10.0' },
      },
      {
        promise: "Kong's own is not a full version, and ours is used",
        block: { KONG_VERSION: '3.9' },
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('roles', () => {
    const cases: Case[] = [
      {
        promise: 'neither role on',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '' },
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_EXPORT and KONG_CLUSTER_FALLBACK_CONFIG_IMPORT are both off, so that there is nothing to do. Set one to "on": the first on the backup node, the second on a data plane.',
        ],
      },
      {
        promise: 'both off',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'off', KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'false' },
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_EXPORT and KONG_CLUSTER_FALLBACK_CONFIG_IMPORT are both off, so that there is nothing to do. Set one to "on": the first on the backup node, the second on a data plane.',
        ],
      },
      {
        promise: 'import on, the command is export',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '', KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' },
        command: 'export',
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is not on, but KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is, and the command is "export". If this node is meant to export, set KONG_CLUSTER_FALLBACK_CONFIG_EXPORT to "on" in place of KONG_CLUSTER_FALLBACK_CONFIG_IMPORT.',
        ],
      },
      {
        promise: 'export on, the command is import',
        block: {},
        command: 'import',
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is not on, but KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is, and the command is "import". If this node is meant to import, set KONG_CLUSTER_FALLBACK_CONFIG_IMPORT to "on" in place of KONG_CLUSTER_FALLBACK_CONFIG_EXPORT.',
        ],
      },
      {
        promise: 'export off, the command is export',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'off' },
        command: 'export',
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is off, but the command is "export". Set it to "on", or leave it out.',
        ],
      },
      {
        promise: 'import off, the command is import',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '', KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'off' },
        command: 'import',
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is off, but the command is "import". Set it to "on", or leave it out.',
        ],
      },
      {
        promise: 'import on a control plane',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on', KONG_ROLE: 'control_plane' },
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is on, but KONG_ROLE is "control_plane": only a data plane imports. A control plane can export; set KONG_CLUSTER_FALLBACK_CONFIG_EXPORT to "on" for that.',
        ],
      },
      {
        promise: 'the command import on a control plane',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '', KONG_ROLE: 'control_plane' },
        command: 'import',
        problems: [
          'KR_ENV_ROLE the command is "import", but KONG_ROLE is "control_plane": only a data plane imports. A control plane can export; set KONG_CLUSTER_FALLBACK_CONFIG_EXPORT to "on" for that.',
        ],
      },
      {
        promise: 'import on a control plane, seen by status',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on', KONG_ROLE: 'control_plane' },
        command: 'status',
        problems: [
          'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is on, but KONG_ROLE is "control_plane": only a data plane imports. A control plane can export; set KONG_CLUSTER_FALLBACK_CONFIG_EXPORT to "on" for that.',
        ],
      },
      {
        promise: 'traditional without an Admin API',
        block: {
          KONG_RESILIENCE_ADMIN_URL: '',
          KONG_ROLE: 'traditional',
          KONG_CLUSTER_CERT: '/c',
          KONG_CLUSTER_CERT_KEY: '/k',
        },
        problems: [
          'KR_ENV_ROLE KONG_ROLE is "traditional": such a node has no control plane. Set it to "data_plane", or KONG_RESILIENCE_ADMIN_URL for a DB-less gateway.',
          'KR_ENV_CERTIFICATE KONG_CLUSTER_CERT is "/c": it must be a path, PEM, or base64 of PEM, and no such file can be read (ENOENT).',
          'KR_ENV_KEY KONG_CLUSTER_CERT_KEY: it must be a path, PEM, or base64 of PEM, and no such file can be read (ENOENT).',
        ],
      },
      {
        promise: 'a data plane with an Admin API',
        block: { KONG_ROLE: 'data_plane' },
        problems: [
          'KR_ENV_ROLE KONG_RESILIENCE_ADMIN_URL is set, but KONG_ROLE is "data_plane": a data plane opens no Admin API. Unset one of the two.',
        ],
      },
      {
        promise: 'a role that does not exist',
        block: { KONG_ROLE: 'dataplane' },
        problems: [
          'KR_ENV_CHOICE KONG_ROLE is "dataplane": allowed is data_plane, control_plane or traditional. Did you mean data_plane?',
        ],
      },
      {
        promise: 'data-plane',
        block: { KONG_ROLE: 'data-plane' },
        problems: [
          'KR_ENV_CHOICE KONG_ROLE is "data-plane": allowed is data_plane, control_plane or traditional. Did you mean data_plane?',
        ],
      },
      {
        promise: 'a database',
        block: { KONG_DATABASE: 'postgres' },
        warnings: [
          'KR_ENV_UNUSED KONG_DATABASE is "postgres", and a gateway with a database takes no configuration from outside. Set it to "off" on the gateway.',
        ],
      },
      {
        promise: 'a database that does not exist',
        block: { KONG_DATABASE: 'mysql' },
        problems: ['KR_ENV_CHOICE KONG_DATABASE is "mysql": allowed is off, postgres or cassandra.'],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('quotes', () => {
    const cases: Case[] = [
      {
        promise: 'around a switch',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '"on"' },
        problems: [
          'KR_ENV_QUOTES KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is "\\"on\\"": it stands in quotes, which would be a part of the value. Remove the quotes.',
        ],
      },
      {
        promise: 'around a storage URL',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: "'s3://b/p'" },
        problems: [
          'KR_ENV_QUOTES KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "\'s3://b/p\'": it stands in quotes, which would be a part of the value. Remove the quotes.',
        ],
      },
      {
        promise: 'around a secret',
        block: { AWS_ACCESS_KEY_ID: '"hunter2"', AWS_SECRET_ACCESS_KEY: '"hunter3"' },
        problems: [
          'KR_ENV_QUOTES AWS_ACCESS_KEY_ID: it stands in quotes, which would be a part of the value. Remove the quotes.',
          'KR_ENV_QUOTES AWS_SECRET_ACCESS_KEY: it stands in quotes, which would be a part of the value. Remove the quotes.',
        ],
      },
      {
        promise: 'around a version',
        block: { KONG_RESILIENCE_GATEWAY_VERSION: '"3.9.1"' },
        problems: [
          'KR_ENV_QUOTES KONG_RESILIENCE_GATEWAY_VERSION is "\\"3.9.1\\"": it stands in quotes, which would be a part of the value. Remove the quotes.',
        ],
      },
      {
        promise: 'around the S3 settings',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '\'{"StorageClass":"STANDARD"}\'' },
        problems: [
          'KR_ENV_QUOTES KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: it stands in quotes, which would be a part of the value. Remove the quotes.',
        ],
      },
      {
        promise: 'around nothing',
        block: { KONG_ADMIN_TOKEN: '""' },
        problems: [
          'KR_ENV_QUOTES KONG_ADMIN_TOKEN: it stands in quotes, which would be a part of the value. Remove the quotes.',
        ],
      },
      {
        promise: 'at one end only',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '"on' },
        problems: [
          'KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is "\\"on": Kong takes on, true, off and false, in lower case, and reads all else as off.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('switches', () => {
    const cases: Case[] = [
      {
        promise: 'True',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'True' },
        problems: [
          'KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is "True": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "on"?',
        ],
      },
      {
        promise: 'yes',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'yes' },
        problems: [
          'KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is "yes": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "on"?',
        ],
      },
      {
        promise: '1',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: '1' },
        problems: [
          'KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is "1": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "on"?',
        ],
      },
      {
        promise: 'no',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'no' },
        problems: [
          'KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is "no": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "off"?',
        ],
      },
      {
        promise: '0',
        block: { KONG_CLUSTER_USE_PROXY: '0' },
        problems: [
          'KR_ENV_BOOLEAN KONG_CLUSTER_USE_PROXY is "0": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "off"?',
        ],
      },
      {
        promise: 'maybe',
        block: { KONG_RESILIENCE_IMPORT_OLDER_VERSION: 'maybe' },
        problems: [
          'KR_ENV_BOOLEAN KONG_RESILIENCE_IMPORT_OLDER_VERSION is "maybe": Kong takes on, true, off and false, in lower case, and reads all else as off.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('numbers', () => {
    const cases: Case[] = [
      {
        promise: 'a delay that is no number',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: 'soon' },
        problems: [
          'KR_ENV_NUMBER KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY is "soon": it must be a number of seconds from 0 to 86400.',
        ],
      },
      {
        promise: 'a delay with a unit',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '60s' },
        problems: [
          'KR_ENV_NUMBER KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY is "60s": it must be a number of seconds from 0 to 86400. Leave the unit out: it is always seconds.',
        ],
      },
      {
        promise: 'a negative delay',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '-1' },
        problems: [
          'KR_ENV_RANGE KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY is "-1": it must be a number of seconds from 0 to 86400.',
        ],
      },
      {
        promise: 'a size with a unit',
        block: { KONG_RESILIENCE_MAX_CONFIG_BYTES: '256MiB' },
        problems: [
          'KR_ENV_NUMBER KONG_RESILIENCE_MAX_CONFIG_BYTES is "256MiB": it must be a whole number from 1024 to 524288000. Leave the unit out: it is always bytes.',
        ],
      },
      {
        promise: 'a fraction of a byte',
        block: { KONG_RESILIENCE_MAX_CONFIG_BYTES: '2048.5' },
        problems: [
          'KR_ENV_NUMBER KONG_RESILIENCE_MAX_CONFIG_BYTES is "2048.5": it must be a whole number from 1024 to 524288000.',
        ],
      },
      {
        promise: 'an exponent',
        block: { KONG_RESILIENCE_LEASE_SECONDS: '1e2' },
        problems: [
          'KR_ENV_NUMBER KONG_RESILIENCE_LEASE_SECONDS is "1e2": it must be a number of seconds from 2 to 3600.',
        ],
      },
      {
        promise: 'a group by its name',
        block: { KONG_RESILIENCE_HANDOVER_GROUP: 'kong' },
        problems: [
          'KR_ENV_NUMBER KONG_RESILIENCE_HANDOVER_GROUP is "kong": it must be the number of the group, not its name; "getent group" prints both.',
        ],
      },
      {
        promise: 'a time limit beyond the deadline',
        block: { KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '20', KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '20' },
        problems: [
          'KR_ENV_RANGE KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS is "20": it must be less than KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS, which is "20", or no time is left for the store.',
        ],
      },
      {
        promise: 'a time limit beyond the deadline by default',
        block: { KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '60' },
        warnings: [
          'KR_ENV_CAPPED KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS is "60", which leaves no time for the store: KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS is 60 by default. It is shortened to 30; raise the deadline.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('words', () => {
    const cases: Case[] = [
      {
        promise: 'mTLS',
        block: { KONG_CLUSTER_MTLS: 'pki-check-cn' },
        problems: [
          'KR_ENV_CHOICE KONG_CLUSTER_MTLS is "pki-check-cn": allowed is shared, pki or pki_check_cn. Did you mean pki?',
        ],
      },
      {
        promise: 'log level',
        block: { KONG_LOG_LEVEL: 'warning' },
        problems: [
          'KR_ENV_CHOICE KONG_LOG_LEVEL is "warning": allowed is debug, info, notice, warn, error, crit, alert or emerg. Did you mean warn?',
        ],
      },
      {
        promise: 'log level off the list',
        block: { KONG_LOG_LEVEL: 'verbose' },
        problems: [
          'KR_ENV_CHOICE KONG_LOG_LEVEL is "verbose": allowed is debug, info, notice, warn, error, crit, alert or emerg.',
        ],
      },
      {
        promise: 'log format',
        block: { KONG_RESILIENCE_LOG_FORMAT: 'text' },
        problems: ['KR_ENV_CHOICE KONG_RESILIENCE_LOG_FORMAT is "text": allowed is auto, json or pretty.'],
      },
      {
        promise: 'import policy',
        block: { KONG_RESILIENCE_IMPORT: 'on' },
        problems: ['KR_ENV_CHOICE KONG_RESILIENCE_IMPORT is "on": allowed is fallback or always.'],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('AWS', () => {
    const cases: Case[] = [
      {
        promise: 'no region',
        block: { AWS_REGION: '' },
        problems: [
          'KR_ENV_MISSING AWS_REGION and AWS_DEFAULT_REGION are not set, and an S3 bucket is in a region. Set both to it, such as us-east-2; a store that is not AWS needs AWS_CONFIG_STORAGE_ENDPOINT.',
        ],
      },
      {
        promise: 'two regions',
        block: { AWS_DEFAULT_REGION: 'us-east-1' },
        problems: [
          'KR_ENV_REGION AWS_REGION is "us-east-2" and AWS_DEFAULT_REGION is "us-east-1": Kong\'s versions differ in which one they read. Set both to the region of the bucket.',
        ],
      },
      {
        promise: 'a region that is none',
        block: { AWS_REGION: 'us-east-2.amazonaws.com' },
        problems: [
          'KR_ENV_REGION AWS_REGION is "us-east-2.amazonaws.com": it must be the name of a region, such as us-east-2.',
        ],
      },
      {
        promise: 'only the access key',
        block: { AWS_ACCESS_KEY_ID: 'AKIA0' },
        problems: [
          'KR_ENV_CREDENTIALS AWS_SECRET_ACCESS_KEY is not set, but AWS_ACCESS_KEY_ID is. Set both, or neither to use the role of the workload.',
        ],
      },
      {
        promise: 'only the secret key',
        block: { AWS_SECRET_ACCESS_KEY: 'hunter2' },
        problems: [
          'KR_ENV_CREDENTIALS AWS_ACCESS_KEY_ID is not set, but AWS_SECRET_ACCESS_KEY is. Set both, or neither to use the role of the workload.',
        ],
      },
      {
        promise: 'only the token',
        block: { AWS_SESSION_TOKEN: 'hunter2' },
        problems: [
          'KR_ENV_CREDENTIALS AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, but AWS_SESSION_TOKEN is. Set all three, or none to use the role of the workload.',
        ],
      },
      {
        promise: 'a placeholder',
        block: { AWS_ACCESS_KEY_ID: '<access_key_write>', AWS_SECRET_ACCESS_KEY: '<secret_access_key_write>' },
        problems: [
          'KR_ENV_PLACEHOLDER AWS_ACCESS_KEY_ID: this is the placeholder of an example. Put the real value in its place.',
          'KR_ENV_PLACEHOLDER AWS_SECRET_ACCESS_KEY: this is the placeholder of an example. Put the real value in its place.',
        ],
      },
      {
        promise: 'an endpoint without scheme',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'minio:9000' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "minio:9000": it has no scheme. Did you mean https://minio:9000 or, without TLS, http://minio:9000?',
        ],
      },
      {
        promise: 'an endpoint that is no URL',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'https://' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "https://": it must be a URL such as https://store.example.com:9000.',
        ],
      },
      {
        promise: 'an endpoint of words',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'the minio server' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "the minio server": it must be a URL such as https://store.example.com:9000, with http:// or https://.',
        ],
      },
      {
        promise: 'an endpoint with credentials',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'http://user:hunter2@minio:9000' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "http://[secret]@minio:9000": it holds credentials before the "@". Give them in their own variables.',
        ],
      },
      {
        promise: 'an endpoint with a query',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'https://minio:9000/?token=hunter2' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "https://minio:9000/?[secret]": it has a query or a fragment ("?" or "#"). Leave it out.',
        ],
      },
      {
        promise: 'a plain http endpoint',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'http://minio:9000/' },
        warnings: [
          'KR_ENV_PLAIN_HTTP AWS_CONFIG_STORAGE_ENDPOINT is "http://minio:9000/": the configuration, private keys and secrets in it, crosses the network in the clear. Use https:// outside a test.',
        ],
      },
      {
        promise: 'an endpoint beside gcs',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          AWS_CONFIG_STORAGE_ENDPOINT: 'https://minio:9000',
          KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{}',
        },
        warnings: [
          "KR_ENV_UNUSED AWS_CONFIG_STORAGE_ENDPOINT is set and has no effect: the storage is gcs://, and this is for s3://. Is it another node's?",
          "KR_ENV_UNUSED KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG is set and has no effect: the storage is gcs://, and this is for s3://. Is it another node's?",
        ],
      },
      {
        promise: 'a Google endpoint beside s3',
        block: { KONG_RESILIENCE_GCS_ENDPOINT: 'http://127.0.0.1:4443' },
        warnings: [
          "KR_ENV_UNUSED KONG_RESILIENCE_GCS_ENDPOINT is set and has no effect: the storage is s3://, and this is for gcs://. Is it another node's?",
        ],
      },
      {
        promise: 'a placeholder that is not secret',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '<storage>' },
        problems: [
          'KR_ENV_PLACEHOLDER KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "<storage>": this is the placeholder of an example. Put the real value in its place.',
        ],
      },
      {
        promise: 'an endpoint whose path is the bucket',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'http://minio:9000/test-bucket' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "http://minio:9000/test-bucket": its path is the bucket, which the storage URL names already. Leave the bucket out of the endpoint: http://minio:9000.',
        ],
        warnings: [
          'KR_ENV_PLAIN_HTTP AWS_CONFIG_STORAGE_ENDPOINT is "http://minio:9000/test-bucket": the configuration, private keys and secrets in it, crosses the network in the clear. Use https:// outside a test.',
        ],
      },
      {
        promise: 'an endpoint whose path is bucket and prefix',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'https://minio:9000/test-bucket/test-prefix/' },
        problems: [
          'KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "https://minio:9000/test-bucket/test-prefix/": its path is the bucket, which the storage URL names already. Leave the bucket out of the endpoint: https://minio:9000.',
        ],
      },
      {
        promise: 'an endpoint with another path',
        block: { AWS_CONFIG_STORAGE_ENDPOINT: 'https://minio:9000/test-bucket-2' },
        warnings: [
          'KR_ENV_ENDPOINT_PATH AWS_CONFIG_STORAGE_ENDPOINT is "https://minio:9000/test-bucket-2": it has a path, and every request goes below it. Most stores are at https://minio:9000; the prefix belongs into KONG_CLUSTER_FALLBACK_CONFIG_STORAGE.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('S3 settings', () => {
    const cases: Case[] = [
      {
        promise: 'not JSON',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: 'ServerSideEncryption=aws:kms' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: it is not JSON. Write {"ServerSideEncryption":"aws:kms"}, in single quotes in YAML.',
        ],
      },
      {
        promise: 'an array',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '[]' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: it must be a JSON object, such as {"ServerSideEncryption":"aws:kms"}.',
        ],
      },
      {
        promise: 'a text',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '"AES256"' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: it must be a JSON object, such as {"ServerSideEncryption":"aws:kms"}.',
        ],
      },
      {
        promise: 'null',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: 'null' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: it must be a JSON object, such as {"ServerSideEncryption":"aws:kms"}.',
        ],
      },
      {
        promise: 'an unknown setting',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"Color":"blue"}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: "Color" is not a setting that can be added to a put. Allowed are BucketKeyEnabled, CacheControl, ContentDisposition, ContentLanguage, ExpectedBucketOwner, RequestPayer, SSEKMSEncryptionContext, SSEKMSKeyId, ServerSideEncryption, StorageClass or Tagging.',
        ],
      },
      {
        promise: 'another case',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"serverSideEncryption":"AES256"}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: "serverSideEncryption" is not a setting that can be added to a put. Did you mean ServerSideEncryption?',
        ],
      },
      {
        promise: 'a near name',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"ServerSideEncription":"AES256"}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: "ServerSideEncription" is not a setting that can be added to a put. Did you mean ServerSideEncryption?',
        ],
      },
      {
        promise: '__proto__',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"__proto__":{}}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: "__proto__" is not a setting that can be added to a put. Allowed are BucketKeyEnabled, CacheControl, ContentDisposition, ContentLanguage, ExpectedBucketOwner, RequestPayer, SSEKMSEncryptionContext, SSEKMSKeyId, ServerSideEncryption, StorageClass or Tagging.',
        ],
      },
      {
        promise: 'a wrong type',
        block: {
          KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"BucketKeyEnabled":"true","ServerSideEncryption":"aws:kms"}',
        },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: BucketKeyEnabled must be true or false.',
        ],
      },
      {
        promise: 'a wrong word',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"ServerSideEncryption":"kms"}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: ServerSideEncryption must be AES256, aws:kms or aws:kms:dsse.',
        ],
      },
      {
        promise: 'an archive',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"StorageClass":"DEEP_ARCHIVE"}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: StorageClass must be STANDARD, REDUCED_REDUNDANCY, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING or GLACIER_IR. An object of this class cannot be read at once.',
        ],
      },
      {
        promise: 'an empty text',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"Tagging":""}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: Tagging must be a text that is not empty.',
        ],
      },
      {
        promise: 'an account as a number',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"ExpectedBucketOwner":123456789012}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: ExpectedBucketOwner must be an account number of 12 digits, quoted.',
        ],
      },
      {
        promise: 'a KMS key without KMS',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"SSEKMSKeyId":"k"}' },
        problems: [
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: SSEKMSKeyId needs "ServerSideEncryption":"aws:kms" beside it.',
        ],
      },
      {
        promise: 'all at once',
        block: { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: '{"Bucket":"b","Nope":1}' },
        problems: [
          'KR_ENV_S3_SETTINGS_OURS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: it must not set Bucket: bucket and key come from KONG_CLUSTER_FALLBACK_CONFIG_STORAGE.',
          'KR_ENV_S3_SETTINGS KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: "Nope" is not a setting that can be added to a put. Allowed are BucketKeyEnabled, CacheControl, ContentDisposition, ContentLanguage, ExpectedBucketOwner, RequestPayer, SSEKMSEncryptionContext, SSEKMSKeyId, ServerSideEncryption, StorageClass or Tagging.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('Google', () => {
    const cases: Case[] = [
      {
        promise: 'a path',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket', GCP_SERVICE_ACCOUNT: '/etc/key.json' },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it looks like a path, and Kong takes the JSON text itself. Put the content of the file here, or the path into GOOGLE_APPLICATION_CREDENTIALS.',
        ],
      },
      {
        promise: 'a relative path',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket', GCP_SERVICE_ACCOUNT: 'key.json' },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it looks like a path, and Kong takes the JSON text itself. Put the content of the file here, or the path into GOOGLE_APPLICATION_CREDENTIALS.',
        ],
      },
      {
        promise: 'not JSON',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket', GCP_SERVICE_ACCOUNT: 'hunter2' },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it is not JSON. Put the whole content of the key file here, in single quotes in YAML.',
        ],
      },
      {
        promise: 'base64 of JSON',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT: 'eyJ0eXBlIjoic2VydmljZV9hY2NvdW50In0=',
        },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it is base64, and Kong takes the JSON text itself. Decode it.',
        ],
      },
      {
        promise: 'JSON whose members are objects that have a length',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT:
            '{"type":"service_account","client_email":{"length":{"toString":1,"valueOf":1}},"private_key":{"length":9}}',
        },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it lacks client_email and private_key. Put the whole content of the key file here.',
        ],
      },
      {
        promise: 'no object',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket', GCP_SERVICE_ACCOUNT: '"hunter2"' },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it must be a JSON object: the whole content of the key file.',
        ],
      },
      {
        promise: 'another type',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT: '{"type":"authorized_user"}',
        },
        problems: [
          "KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it has authorized_user, not the type service_account, the only one that Kong takes. For other credentials leave it unset and use GOOGLE_APPLICATION_CREDENTIALS or the workload's identity.",
        ],
      },
      {
        promise: 'an unknown type',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket', GCP_SERVICE_ACCOUNT: '{"type":"hunter2"}' },
        problems: [
          "KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it has not the type service_account, the only one that Kong takes. For other credentials leave it unset and use GOOGLE_APPLICATION_CREDENTIALS or the workload's identity.",
        ],
      },
      {
        promise: 'incomplete',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT: '{"type":"service_account","client_email":"a@b"}',
        },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it lacks private_key. Put the whole content of the key file here.',
        ],
      },
      {
        promise: 'nearly empty',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT: '{"type":"service_account","client_email":""}',
        },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it lacks client_email and private_key. Put the whole content of the key file here.',
        ],
      },
      {
        promise: 'escaped twice',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT:
            '{"type":"service_account","client_email":"a@b","private_key":"-----BEGIN PRIVATE KEY-----\\\\nAA\\\\n"}',
        },
        problems: [
          'KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: its private_key holds "\\n" as two characters: the JSON was escaped twice. Put the content of the key file here as it is.',
        ],
      },
      {
        promise: 'no PEM',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT: '{"type":"service_account","client_email":"a@b","private_key":"hunter2"}',
        },
        problems: ['KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: its private_key is not a private key in PEM.'],
      },
      {
        promise: 'the placeholder',
        block: {
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          GCP_SERVICE_ACCOUNT: '<GCP_JSON_STRING_WRITE>',
        },
        problems: [
          'KR_ENV_PLACEHOLDER GCP_SERVICE_ACCOUNT: this is the placeholder of an example. Put the real value in its place.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('addresses, folders, lists', () => {
    const cases: Case[] = [
      {
        promise: 'a URL',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'http://cp.example.com:8005' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "http://cp.example.com:8005": it must be host:port, such as cp.example.com:8005, without a scheme such as http://.',
        ],
      },
      {
        promise: 'no port',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp.example.com": it must be host:port, such as cp.example.com:8005; the port is missing.',
        ],
      },
      {
        promise: 'no host',
        block: { KONG_CLUSTER_CONTROL_PLANE: ':8005' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is ":8005": it must be host:port, such as cp.example.com:8005; the host is missing.',
        ],
      },
      {
        promise: 'a path',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp:8005/v1' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp:8005/v1": it must be host:port, such as cp.example.com:8005, without a path.',
        ],
      },
      {
        promise: 'two',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp1:8005,cp2:8005' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp1:8005,cp2:8005": it must be host:port, such as cp.example.com:8005; only one address is possible.',
        ],
      },
      {
        promise: 'credentials',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'user:hunter2@cp:8005' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "[secret]@cp:8005": it must be host:port, such as cp.example.com:8005, without credentials.',
        ],
      },
      {
        promise: 'bare IPv6',
        block: { KONG_CLUSTER_CONTROL_PLANE: '::1:8005' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "::1:8005": it must be host:port, such as cp.example.com:8005; an IPv6 address stands in brackets: [::1]:8005.',
        ],
      },
      {
        promise: 'port 0',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp:0' },
        problems: ['KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp:0": the port must be from 1 to 65535.'],
      },
      {
        promise: 'port 65536',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp:65536' },
        problems: ['KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp:65536": the port must be from 1 to 65535.'],
      },
      {
        promise: 'a word for a port',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp:http' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp:http": it must be host:port, such as cp.example.com:8005.',
        ],
      },
      {
        promise: 'a host in parts',
        block: { KONG_CLUSTER_CONTROL_PLANE: 'cp:8005:8006' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_CONTROL_PLANE is "cp:8005:8006": it must be host:port, such as cp.example.com:8005.',
        ],
      },
      {
        promise: 'status without host',
        block: { KONG_RESILIENCE_STATUS_LISTEN: '8101' },
        problems: [
          'KR_ENV_ADDRESS KONG_RESILIENCE_STATUS_LISTEN is "8101": it must be host:port, such as 0.0.0.0:8101, or off; the host is missing.',
        ],
      },
      {
        promise: 'status on',
        block: { KONG_RESILIENCE_STATUS_LISTEN: 'on' },
        problems: [
          'KR_ENV_ADDRESS KONG_RESILIENCE_STATUS_LISTEN is "on": it must be host:port, such as 0.0.0.0:8101, or off; the port is missing.',
        ],
      },
      {
        promise: 'server name with a port',
        block: { KONG_CLUSTER_SERVER_NAME: 'cp.example.com:8005' },
        problems: [
          'KR_ENV_ADDRESS KONG_CLUSTER_SERVER_NAME is "cp.example.com:8005": it must be the name in the certificate, such as cp.example.com, without scheme and port.',
        ],
      },
      {
        promise: 'a relative folder',
        block: { KONG_RESILIENCE_SPOOL_DIR: 'spool' },
        problems: [
          'KR_ENV_PATH KONG_RESILIENCE_SPOOL_DIR is "spool": it must be an absolute path of a folder, such as /var/lib/x.',
        ],
      },
      {
        promise: 'a folder with dots',
        block: { KONG_RESILIENCE_HANDOVER_DIR: '/var/../x' },
        problems: [
          'KR_ENV_PATH KONG_RESILIENCE_HANDOVER_DIR is "/var/../x": it has a part "." or "..". Write the path out.',
        ],
      },
      {
        promise: 'the root',
        block: { KONG_RESILIENCE_SPOOL_DIR: '//' },
        problems: ['KR_ENV_PATH KONG_RESILIENCE_SPOOL_DIR is "//": it must be a folder of its own, not the root.'],
      },
      {
        promise: 'a folder with a line break',
        block: { KONG_RESILIENCE_SPOOL_DIR: '/a\nb' },
        problems: ['KR_ENV_PATH KONG_RESILIENCE_SPOOL_DIR is "/a\\nb": it has a control character. Leave it out.'],
      },
      {
        promise: 'a label without value',
        block: { KONG_CLUSTER_DP_LABELS: 'env:prod,zone' },
        problems: [
          'KR_ENV_LIST KONG_CLUSTER_DP_LABELS is "env:prod,zone": "zone" is not key:value, each of 1 to 63 letters, digits, dots, hyphens and underscores.',
        ],
      },
      {
        promise: 'a label twice',
        block: { KONG_CLUSTER_DP_LABELS: 'env:prod,env:dev' },
        problems: ['KR_ENV_LIST KONG_CLUSTER_DP_LABELS is "env:prod,env:dev": the label "env" stands in it twice.'],
      },
      {
        promise: 'a label of 64 letters',
        block: { KONG_CLUSTER_DP_LABELS: 'e:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
        problems: [
          'KR_ENV_LIST KONG_CLUSTER_DP_LABELS is "e:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "e:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is not key:value, each of 1 to 63 letters, digits, dots, hyphens and underscores.',
        ],
      },
      {
        promise: 'a plugin',
        block: { KONG_PLUGINS: 'bundled, my plugin' },
        problems: [
          'KR_ENV_LIST KONG_PLUGINS is "bundled, my plugin": "my plugin" is not the name of a plugin. Write names with commas between.',
        ],
      },
      {
        promise: 'a node id',
        block: { KONG_RESILIENCE_NODE_ID: 'exporter-1' },
        problems: [
          'KR_ENV_NODE_ID KONG_RESILIENCE_NODE_ID is "exporter-1": it must be a UUID, such as 3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10.',
        ],
      },
      {
        promise: 'the id of the gateway',
        block: {
          KONG_RESILIENCE_NODE_ID: '3F2C8A52-6f0a-4c55-9b1e-5f1f2f2f7a10',
          KONG_NODE_ID: '3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10',
        },
        problems: [
          'KR_ENV_NODE_ID KONG_RESILIENCE_NODE_ID is "3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10", which is the gateway\'s own KONG_NODE_ID. Take another UUID, or unset it.',
        ],
      },
      {
        promise: 'an Admin API without scheme',
        block: { KONG_RESILIENCE_ADMIN_URL: 'kong:8001' },
        problems: [
          'KR_ENV_URL KONG_RESILIENCE_ADMIN_URL is "kong:8001": it has no scheme. Did you mean https://kong:8001 or, without TLS, http://kong:8001?',
        ],
      },
      {
        promise: 'an Admin API in the clear',
        block: { KONG_RESILIENCE_ADMIN_URL: 'http://kong:8001' },
        warnings: [
          'KR_ENV_PLAIN_HTTP KONG_RESILIENCE_ADMIN_URL is "http://kong:8001/": the configuration, private keys and secrets in it, crosses the network in the clear. Use https:// outside a test.',
        ],
      },
      {
        promise: 'a proxy without address',
        block: { KONG_CLUSTER_USE_PROXY: 'on' },
        problems: [
          'KR_ENV_MISSING KONG_PROXY_SERVER is not set, but KONG_CLUSTER_USE_PROXY is on. Set it to http://host:port, or unset the other.',
        ],
      },
      {
        promise: 'a proxy that is no URL',
        block: { KONG_CLUSTER_USE_PROXY: 'on', KONG_PROXY_SERVER: 'user:hunter2@proxy' },
        problems: [
          'KR_ENV_URL KONG_PROXY_SERVER: it must be http://host:port or https://host:port, with user:password@ before the host if needed; special characters in user and password are percent-encoded.',
        ],
      },
      {
        promise: 'a proxy with a path',
        block: { KONG_PROXY_SERVER: 'http://user:hunter2@proxy:3128/x' },
        problems: [
          'KR_ENV_URL KONG_PROXY_SERVER: it must be http://host:port or https://host:port, with user:password@ before the host if needed, and nothing after the port.',
        ],
      },
      {
        promise: 'a proxy with a bare percent sign',
        block: { KONG_PROXY_SERVER: 'http://user:100%zz@proxy:3128' },
        problems: [
          'KR_ENV_URL KONG_PROXY_SERVER: it must be http://host:port or https://host:port, with user:password@ before the host if needed; a "%" in user or password must be written %25.',
        ],
      },
      {
        promise: 'a proxy that is not to be verified',
        block: {
          KONG_CLUSTER_USE_PROXY: 'on',
          KONG_PROXY_SERVER: 'https://proxy:3128',
          KONG_PROXY_SERVER_SSL_VERIFY: 'off',
        },
        warnings: [
          'KR_ENV_UNUSED KONG_PROXY_SERVER_SSL_VERIFY is off and has no effect: the certificate of the proxy is always verified.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });

  describe('references', () => {
    const supported =
      'env, aws and gcp are read here, by these names. Give the value itself, or keep it in one of these.';
    const cases: Case[] = [
      {
        promise: 'that is right, and waits for its secret',
        block: { KONG_CLUSTER_CONTROL_PLANE: '{vault://env/cp}' },
      },
      {
        promise: 'that names no secret; one in a variable that is not used is left alone',
        block: { KONG_CLUSTER_CONTROL_PLANE: '{vault://env}', KONG_CLUSTER_CERT_KEY: '{vault://env/}' },
        problems: [
          'KR_ENV_VAULT KONG_CLUSTER_CONTROL_PLANE is "{vault://env}": its reference names no secret. Write {vault://env/<secret>/<key>}.',
        ],
      },
      {
        promise: 'in a secret variable, whose text is not quoted',
        block: { GCP_SERVICE_ACCOUNT: '{vault://hunter2/}' },
        problems: [
          'KR_ENV_VAULT_UNSUPPORTED GCP_SERVICE_ACCOUNT: its reference is to a vault of another name: env, aws and gcp are read here, by these names. One that an entity of the gateway names is known to the gateway alone.',
        ],
      },
      {
        promise: 'within other text',
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://{vault://aws/bucket}/x' },
        problems: [
          'KR_ENV_VAULT KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://{vault://aws/bucket}/x": a reference is the whole value, {vault://…}, and nothing may stand before or after it.',
        ],
      },
      {
        promise: 'among the entries of a list, and beside them',
        block: { KONG_PLUGINS: 'bundled,{vault://env/more},a{vault://env/b}' },
        problems: [
          'KR_ENV_VAULT KONG_PLUGINS is "a{vault://env/b}": a reference is the whole value, {vault://…}, and nothing may stand before or after it.',
        ],
      },
      {
        promise: "to a vault of Kong's that is not read",
        block: { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '{vault://hcv/kong/storage}' },
        problems: [
          `KR_ENV_VAULT_UNSUPPORTED KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "{vault://hcv/kong/storage}": its reference is to Kong's vault hcv: ${supported}`,
        ],
      },
      {
        promise: 'where none is resolved',
        block: { KONG_RESILIENCE_STATUS_LISTEN: '{vault://env/listen}', KONG_VAULT_ENV_PREFIX: '{vault://env/p}' },
        problems: [
          'KR_ENV_VAULT KONG_RESILIENCE_STATUS_LISTEN is "{vault://env/listen}": it is read where no reference is resolved. Give the value itself.',
          'KR_ENV_VAULT KONG_VAULT_ENV_PREFIX is "{vault://env/p}": it is read where no reference is resolved. Give the value itself.',
        ],
      },
      {
        promise: 'settings that are wrong',
        block: { KONG_VAULT_ENV_PREFIX: '1', KONG_VAULT_GCP_PROJECT_ID: 'my project' },
        problems: [
          'KR_ENV_VAULT KONG_VAULT_ENV_PREFIX is "1": it must have letters, digits, "_" and "-" alone, and no digit first, such as SECRETS_.',
          'KR_ENV_VAULT KONG_VAULT_GCP_PROJECT_ID is "my project": it must be the id or the number of a project of Google Cloud, such as my-project.',
        ],
      },
      {
        promise: 'a role to assume, which only matters beside a reference to AWS',
        block: { KONG_VAULT_AWS_ASSUME_ROLE_ARN: 'arn:aws:iam::123456789012:role/r', KONG_PLUGINS: '{vault://env/p}' },
      },
      {
        promise: 'a role to assume beside a reference to AWS',
        block: { KONG_VAULT_AWS_ASSUME_ROLE_ARN: 'arn:aws:iam::123456789012:role/r', KONG_PLUGINS: '{vault://aws/p}' },
        problems: [
          "KR_ENV_VAULT_UNSUPPORTED KONG_VAULT_AWS_ASSUME_ROLE_ARN is set, and KONG_PLUGINS is a reference to AWS: no other role is assumed here to read it. Let this node's own identity read the secret, and unset the variable; or name the role in a profile (AWS_PROFILE).",
        ],
      },
      {
        promise: 'an endpoint of a vault without TLS',
        block: {
          KONG_VAULT_AWS_ENDPOINT_URL: 'http://secrets.example.com',
          KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT: 'http://127.0.0.1:1',
        },
        warnings: [
          'KR_ENV_PLAIN_HTTP KONG_VAULT_AWS_ENDPOINT_URL is "http://secrets.example.com/": secrets cross the network in the clear. Use https:// outside a test.',
        ],
      },
    ];
    it.each(cases)('$promise', check);
  });
});
