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

/** The metadata server of a pod on GKE, which gives the token of its identity. @param given whether it has one now @returns its port */
export async function metadataServer(machine: Machine, given: () => boolean): Promise<number> {
  const server = createServer((request, response) => {
    response.setHeader('metadata-flavor', 'Google');
    if (request.url?.includes('/token') !== true) response.end('edge-prod');
    else if (given())
      response.end(JSON.stringify({ access_token: 'of-the-pod', expires_in: 3599, token_type: 'Bearer' }));
    else response.writeHead(403).end('Permission denied');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  machine.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
