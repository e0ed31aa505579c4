import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Credentials } from '../servers';
import type { Machine } from './sandbox';

/** Where the SDKs of a task on ECS, or of a pod with an identity of EKS, ask for the credentials of their role. @returns its port */
export async function credentialsEndpoint(machine: Machine, credentials: () => Credentials): Promise<number> {
  const server = createServer((_request, response) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials();
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  machine.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
