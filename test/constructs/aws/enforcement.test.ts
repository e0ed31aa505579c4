/**
 * The policies of Amazon S3's store, as Terraform renders them, enforced by MinIO. It knows actions, resources and
 * `s3:prefix` of a user's policies; the bucket's own policy, which refuses requests without TLS, is evaluated in
 * policies.test.ts.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing, type Minio, startMinio } from '../../support/servers';
import { exportAndImport, nodeEnvironment } from '../support/agent-under-policies';
import { clientOf, folderOf, isDenied, type Principals, requestsOf, seed } from '../support/s3-requests';
import { terraformIsMissing } from '../support/terraform';
import { loadIntoMinio, type OnMinio, type Rendered, renderStores, type Who } from './applied';

const grants: Principals<Who> = {
  exporters: ['exporter role', 'exporter user'],
  importers: ['importer role', 'importer user'],
  withoutGrant: ['role without a grant'],
};

const skipped = isMissing('minio') || terraformIsMissing();

const versions = ['3.9.3', '3.10.0.2'];
const stores = {
  Prefixed: { prefix: 'kong/eu', gatewayVersions: versions },
  Unprefixed: { prefix: '', gatewayVersions: versions },
  OpenSource: { prefix: 'kong', gatewayVersions: ['3.9.3'] },
};

describe.skipIf(skipped)('what MinIO allows by the policies of Amazon S3 as they are rendered', () => {
  let server: Minio;
  let rendered: Readonly<Record<keyof typeof stores, Rendered>>;
  beforeAll(async () => {
    server = await startMinio();
    rendered = await renderStores(stores);
  }, 180_000);
  afterAll(() => server?.stop());

  describe.each([
    { name: 'with a prefix', id: 'Prefixed', elects: true, kind: 'role' },
    { name: 'without a prefix', id: 'Unprefixed', elects: true, kind: 'user' },
    { name: 'with open-source gateways alone', id: 'OpenSource', elects: false, kind: 'role' },
  ] as const)('$name', ({ id, elects, kind }) => {
    const { prefix } = stores[id];
    let store: OnMinio;
    beforeAll(async () => {
      store = await loadIntoMinio(server, rendered[id]);
    });
    afterAll(() => store?.root.destroy());

    it('the agent exports as an exporter and imports as an importer, which cannot export', async () => {
      const { storageUrl, importStorageUrl, ...says } = rendered[id];
      const endpoint = { AWS_CONFIG_STORAGE_ENDPOINT: server.endpoint.href };
      const [exporting, importing] = [store.keys[`exporter ${kind}`], store.keys[`importer ${kind}`]];
      await exportAndImport({
        ...store,
        exporter: nodeEnvironment(storageUrl, { ...says.exporterEnvironment, ...endpoint }, exporting),
        importer: nodeEnvironment(importStorageUrl, { ...says.importerEnvironment, ...endpoint }, importing),
      });
    }, 90_000);

    describe('each request', () => {
      let seeded: ReadonlyMap<string, string>;
      let clients: Readonly<Record<Who, S3Client>>;
      beforeAll(async () => {
        seeded = await seed(store);
        clients = Object.fromEntries(
          Object.entries(store.keys).map(([who, keys]) => [who, clientOf(server.endpoint, keys)]),
        ) as Record<Who, S3Client>;
      });
      afterAll(() => Object.values(clients ?? {}).forEach((client) => client.destroy()));

      it.each(requestsOf(grants, { prefix, elects }))('the %s %s: %s', async (who, _may, _what, may, send) => {
        expect(await isDenied(send(clients[who], store.bucket, folderOf(prefix), seeded))).toBe(!may);
      });
    });
  });
});
