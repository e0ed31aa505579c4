import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvValues } from '../../../constructs/minio';
import { captured, Cluster, exporterEnvironment, importerEnvironment, named } from '../../cli/cluster';
import { type Environment, run, temporaryFolder } from '../../support/program';
import { type Credentials, isMissing, type Minio, startMinio } from '../../support/servers';
import { type Applied, apply, type Who } from './applied';

const limit = { timeout: 90_000 };
const { table } = captured('3.9.3');

const texts = (values: EnvValues): Environment =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));

const keyVariables = ({ accessKeyId, secretAccessKey }: Credentials): Environment => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

describe.skipIf(isMissing('minio'))('the agent under the policies as they are synthesized', () => {
  let server: Minio;
  beforeAll(async () => {
    server = await startMinio();
  });
  afterAll(() => server?.stop());

  /** The block of a node, from the store and one of the principals. */
  const block = (cluster: Cluster, { store, keys }: Applied, who: Who, reach: EnvValues): Environment => ({
    ...cluster.environment,
    ...texts(reach),
    ...keyVariables(keys[who]),
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: store.storageUrl,
  });

  const stored = async ({ root, bucket }: Applied, key: string): Promise<Buffer> => {
    const { Body } = await root.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };

  it.each<[string, string, Who, Who]>([
    ['a prefix and users', 'kong/eu', 'exporter', 'importer'],
    ['no prefix and users', '', 'exporter', 'importer'],
    ['a prefix and service accounts', 'kong', 'exporting account', 'importing account'],
  ])(
    'exports and imports with %s; the keys of the importer cannot export',
    limit,
    async (_, prefix, writer, reader) => {
      const applied = await apply(server, prefix);
      const { store } = applied;
      const key = `${prefix === '' ? '' : `${prefix}/`}3.9.3/config.json`;
      const cluster = await Cluster.start();
      cluster.publish(captured('3.9.3'));

      const exported = await run(['export', '--once', '--json'], {
        ...block(cluster, applied, writer, store.exporterEnvironment),
        ...exporterEnvironment(),
      });
      expect(exported.code, exported.stderr).toBe(0);
      expect(JSON.parse(exported.stdout)).toMatchObject({ versions: [{ exportsTotal: 1 }] });
      expect((await stored(applied, key)).subarray(0, table.length).equals(table)).toBe(true);

      cluster.publish(named('from the importer'));
      const refused = await run(['export', '--once', '--timeout', '4'], {
        ...block(cluster, applied, reader, store.importerEnvironment),
        ...exporterEnvironment(),
      });
      expect(refused.code, refused.stderr).toBe(6);
      expect(refused.stderr).toContain(
        `"reason":"s3://${applied.bucket}: writing ${key.replace('config', 'kong-resilience')} was denied: HTTP 403 AccessDenied: Access Denied."`,
      );
      expect((await stored(applied, key)).subarray(0, table.length).equals(table)).toBe(true);

      await cluster.down();
      const handover = join(temporaryFolder(), 'handover');
      const imported = await run(['import', '--json'], {
        ...block(cluster, applied, reader, store.importerEnvironment),
        ...importerEnvironment(handover),
      });
      expect(imported.code, imported.stderr).toBe(0);
      expect(imported.stderr).not.toContain('DENIED');
      expect(JSON.parse(readFileSync(join(handover, 'config.json'), 'utf8'))).toEqual(JSON.parse(table.toString()));
      applied.root.destroy();
    },
  );
});
