import { mkdir } from 'node:fs/promises';
import type { Credentials } from './minio';
import { type RunningServer, startServer } from './process';

export const versitygwRoot: Credentials = { accessKeyId: 'versity-root', secretAccessKey: 'versity-root-secret' };
export const versitygwRegion = 'eu-central-1';

/** versitygw on 127.0.0.1, without buckets; the strict one: it also checks the region. */
export async function startVersitygw(): Promise<RunningServer> {
  return startServer({
    program: 'versitygw',
    args: async (port, folder) => {
      await mkdir(`${folder}/data`);
      await mkdir(`${folder}/sidecar`);
      return [
        ...['--port', `127.0.0.1:${port}`, '--region', versitygwRegion, '--quiet'],
        ...['posix', '--sidecar', `${folder}/sidecar`, `${folder}/data`],
      ];
    },
    env: { ROOT_ACCESS_KEY: versitygwRoot.accessKeyId, ROOT_SECRET_KEY: versitygwRoot.secretAccessKey },
    readyPath: '/',
  });
}
