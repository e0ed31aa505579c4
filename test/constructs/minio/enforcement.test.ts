import { GetBucketLifecycleConfigurationCommand, PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3CompatibleStore } from '../../../constructs/minio';
import { isMissing, type Minio, startMinio } from '../../support/servers';
import { clientOf, folderOf, isDenied, type Principals, requestsOf, seed } from '../support/s3-requests';
import { type Applied, apply, type Who } from './applied';
import { newStack } from './harness';

const principals: Principals<Who> = {
  exporters: ['exporter', 'exporting account'],
  importers: ['importer', 'importing account'],
  withoutGrant: ['account without a grant'],
};

describe.skipIf(isMissing('minio'))('what MinIO itself allows by the policies as they are synthesized', () => {
  let server: Minio;
  beforeAll(async () => {
    server = await startMinio();
  });
  afterAll(() => server?.stop());

  describe.each([
    { name: 'with a prefix', prefix: 'kong/eu', gatewayVersions: ['3.9.3'], elects: false },
    { name: 'without a prefix', prefix: '', gatewayVersions: ['3.9.3'], elects: false },
    { name: 'beside Enterprise', prefix: 'kong', gatewayVersions: ['3.9.3', '3.10.0.2'], elects: true },
    { name: 'before any version is known', prefix: '', gatewayVersions: [], elects: true },
  ])('$name', ({ prefix, gatewayVersions, elects }) => {
    let applied: Applied;
    let versions: ReadonlyMap<string, string>;
    let clients: Readonly<Record<Who, S3Client>>;
    beforeAll(async () => {
      applied = await apply(server, prefix, gatewayVersions);
      versions = await seed(applied);
      clients = Object.fromEntries(
        Object.entries(applied.keys).map(([who, keys]) => [who, clientOf(server.endpoint, keys)]),
      ) as Record<Who, S3Client>;
    });
    afterAll(() => {
      for (const client of Object.values(clients ?? {})) client.destroy();
      applied?.root.destroy();
    });

    it.each(requestsOf(principals, { prefix, elects }))('the %s %s: %s', async (who, _may, _what, may, send) => {
      expect(await isDenied(send(clients[who], applied.bucket, folderOf(prefix), versions))).toBe(!may);
    });

    it('takes the lifecycle, and gives it back as it is', async () => {
      const compatible = new S3CompatibleStore(newStack(), 'Store', {
        ...{ endpoint: server.endpoint.href, bucketName: applied.bucket, prefix },
      });
      compatible.addGatewayVersion('3.9.3');
      compatible.addGatewayVersion('3.10.0.2');
      const Rules = compatible.lifecycleRules.map(({ Status, ...rule }) => ({ ...rule, Status: Status as 'Enabled' }));
      const Bucket = applied.bucket;
      await applied.root.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
      );
      const kept = await applied.root.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
      expect(kept.Rules).toEqual(Rules);
    });
  });
});
