import { S3Client } from '@aws-sdk/client-s3';
import type { Credentials } from './minio';

/** How a server of S3 is reached. */
export interface S3Access {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: Credentials;
}

/** The SDK as another program would use it, without this program's own driver. */
export function s3Client({ endpoint, region, credentials }: S3Access): S3Client {
  return new S3Client({
    endpoint: endpoint.href,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** What this program has in its environment to use it, as on Kong's page. */
export function s3Environment({ endpoint, region, credentials }: S3Access): Readonly<Record<string, string>> {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_CONFIG_STORAGE_ENDPOINT: endpoint.href,
  };
}
