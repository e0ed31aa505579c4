import { readEnvironment } from '../../src/contract';
import { EnvValue, type EnvValues } from '../environment';
import { isKnown, type Problem } from '../problems';
import { badAddress, doubtfulAddress, noEndpoint, widePrefix } from './problems';

/** Where an S3-compatible store is, beside its bucket. */
export interface AddressProps {
  /** URL of the store's S3 API, such as `https://minio.example.com:9000`: AWS_CONFIG_STORAGE_ENDPOINT. */
  readonly endpoint: string;
  /**
   * Folder of the bucket that holds the configurations, without slashes at its ends; empty for the bucket's root. A token
   * must not be empty.
   *
   * @default "kong"
   */
  readonly prefix?: string;
  /**
   * Region by which requests are signed: AWS_REGION and AWS_DEFAULT_REGION.
   *
   * @default "us-east-1", which MinIO has unless it is told otherwise
   */
  readonly region?: string;
}

/** The same, checked. */
export interface Address {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** The prefix with a slash behind it, or empty. */
  readonly folder: string;
  readonly storageUrl: string;
  readonly environment: EnvValues;
  readonly problems: readonly Problem[];
  readonly doubts: readonly Problem[];
}

/** Which props a variable is made of. */
const propsOf: Readonly<Record<string, string>> = {
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'bucketName and prefix',
  AWS_CONFIG_STORAGE_ENDPOINT: 'endpoint',
  AWS_REGION: 'region',
  AWS_DEFAULT_REGION: 'region',
};

/** Checks an address by the rules by which the agent will read it. What is a token is taken as it is. */
export function readAddress(bucketName: string, props: AddressProps): Address {
  const { endpoint, region = 'us-east-1' } = props;
  const { prefix: given = 'kong' } = props;
  const prefix = isKnown(given) ? given.replace(/\/$/, '') : given;
  const known = (value: string, instead: string): string => (isKnown(value) ? value : instead);
  const read = readEnvironment(
    {
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `s3://${known(bucketName, 'bucket')}/${known(prefix, 'prefix')}`,
      AWS_CONFIG_STORAGE_ENDPOINT: known(endpoint, 'https://store.example.com'),
      AWS_REGION: known(region, 'us-east-1'),
      // Only so that its absence is no problem.
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
    },
    { command: 'status' },
  );
  const tell = (
    define: (prop: string, text: string) => Problem,
    found: readonly { variable: string; text: string }[],
  ) => found.map(({ variable, text }) => define(propsOf[variable] ?? variable, text));
  const wild = isKnown(prefix) ? /[*?$%"\\]/.exec(prefix)?.[0] : undefined;
  return {
    bucket: bucketName,
    prefix,
    folder: prefix === '' ? '' : `${prefix}/`,
    storageUrl: `s3://${bucketName}/${prefix}`,
    environment: {
      AWS_CONFIG_STORAGE_ENDPOINT: EnvValue.fromText(endpoint),
      AWS_REGION: EnvValue.fromText(region),
      AWS_DEFAULT_REGION: EnvValue.fromText(region),
    },
    problems: [
      // To the agent an empty one is none, and the store would be AWS.
      ...(isKnown(endpoint) && endpoint.trim() === '' ? [noEndpoint()] : []),
      ...(read.ok ? [] : tell(badAddress, read.problems)),
      ...(wild === undefined ? [] : [widePrefix(prefix, wild)]),
    ],
    doubts: tell(doubtfulAddress, read.ok ? read.environment.warnings : read.warnings),
  };
}
