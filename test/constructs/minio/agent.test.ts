import { afterAll, beforeAll, describe, it } from 'vitest';
import type { EnvValues } from '../../../constructs/minio';
import { isMissing, type Minio, startMinio } from '../../support/servers';
import { exportAndImport, nodeEnvironment } from '../support/agent-under-policies';
import { apply, type Who } from './applied';

const texts = (values: EnvValues): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));

describe.skipIf(isMissing('minio'))('the agent under the policies as they are synthesized', () => {
  let server: Minio;
  beforeAll(async () => {
    server = await startMinio();
  });
  afterAll(() => server?.stop());

  it.each<[string, string, Who, Who]>([
    ['a prefix and users', 'kong/eu', 'exporter', 'importer'],
    ['no prefix and users', '', 'exporter', 'importer'],
    ['a prefix and service accounts', 'kong', 'exporting account', 'importing account'],
  ])(
    'exports and imports with %s; the keys of the importer cannot export',
    { timeout: 90_000 },
    async (_, prefix, writer, reader) => {
      const { store, keys, ...bucket } = await apply(server, prefix, ['3.9.3']);
      await exportAndImport({
        ...bucket,
        exporter: nodeEnvironment(store.storageUrl, texts(store.exporterEnvironment), keys[writer]),
        importer: nodeEnvironment(store.importStorageUrl, texts(store.importerEnvironment), keys[reader]),
      });
      bucket.root.destroy();
    },
  );
});
