/** Runs the agent's exporter and importer with keys of which a real server decides what they may do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { captured, Cluster, exporterEnvironment, importerEnvironment, named } from '../../cli/cluster';
import { type Environment, run, temporaryFolder } from '../../support/program';
import type { Credentials } from '../../support/servers';
import { type Bucket, folderOf } from './s3-requests';

/** A store, and the environment of a node with each grant: where the store is, how to reach it, and the keys. */
export interface Nodes extends Bucket {
  readonly exporter: Environment;
  readonly importer: Environment;
}

/** The variables of a node: what its store says, and its keys. */
export const nodeEnvironment = (
  storageUrl: string,
  reach: Readonly<Record<string, string>>,
  { accessKeyId, secretAccessKey }: Credentials,
): Environment => ({
  ...reach,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storageUrl,
});

/** `export --once` as the exporter, which the keys of the importer cannot do; then, in an outage, `import` as the importer. */
export async function exportAndImport({ root, bucket, prefix, exporter, importer }: Nodes): Promise<void> {
  const { table } = captured('3.9.3');
  const key = `${folderOf(prefix)}3.9.3/config.json`;
  const isStored = async (): Promise<boolean> => {
    const { Body } = await root.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const content = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return content.subarray(0, table.length).equals(table);
  };
  const cluster = await Cluster.start();
  cluster.publish(captured('3.9.3'));

  const exported = await run(['export', '--once', '--json'], {
    ...cluster.environment,
    ...exporter,
    ...exporterEnvironment(),
  });
  expect(exported.code, exported.stderr).toBe(0);
  expect(JSON.parse(exported.stdout)).toMatchObject({ versions: [{ exportsTotal: 1 }] });
  expect(await isStored()).toBe(true);

  cluster.publish(named('from the importer'));
  const refused = await run(['export', '--once', '--timeout', '4'], {
    ...cluster.environment,
    ...importer,
    ...exporterEnvironment(),
  });
  expect(refused.code, refused.stderr).toBe(6);
  expect(refused.stderr).toContain(
    `"reason":"s3://${bucket}: writing ${key.replace('config', 'kong-resilience')} was denied: HTTP 403 AccessDenied: Access Denied."`,
  );
  expect(await isStored()).toBe(true);

  await cluster.down();
  const handover = join(temporaryFolder(), 'handover');
  const imported = await run(['import', '--json'], {
    ...cluster.environment,
    ...importer,
    ...importerEnvironment(handover),
  });
  expect(imported.code, imported.stderr).toBe(0);
  expect(imported.stderr).not.toContain('DENIED');
  expect(JSON.parse(readFileSync(join(handover, 'config.json'), 'utf8'))).toEqual(JSON.parse(table.toString()));
}
