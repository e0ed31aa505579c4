import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Credentials } from '../servers';
import type { Machine } from './sandbox';

/** Where the SDKs of a task on ECS, or of a pod with an identity of EKS, ask for the credentials of their role. @returns its port */
export async function credentialsEndpoint(machine: Machine, credentials: () => Credentials): Promise<number> {
  return serve(machine, (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(given(credentials())));
  });
}

const given = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials): object => ({
  AccessKeyId: accessKeyId,
  SecretAccessKey: secretAccessKey,
  Token: sessionToken,
  Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
});

async function serve(machine: Machine, answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  machine.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The instance metadata service of EC2, version 2, with the credentials of the instance's role. @returns its port */
export async function instanceMetadata(machine: Machine, credentials: () => Credentials): Promise<number> {
  return serve(machine, (request, response) => {
    const roles = '/latest/meta-data/iam/security-credentials/';
    if (request.method === 'PUT' && request.url === '/latest/api/token') response.end('session');
    else if (request.headers['x-aws-ec2-metadata-token'] !== 'session') response.writeHead(401).end();
    else if (request.url === roles) response.end('gateway');
    else if (request.url === `${roles}gateway`)
      response.end(JSON.stringify({ Code: 'Success', ...given(credentials()) }));
    else response.writeHead(404).end();
  });
}

/** The metadata server of a pod on GKE, or an instance on Cloud Run, which gives the token of its identity. @param has whether it has one now @returns its port */
export async function metadataServer(machine: Machine, has: () => boolean): Promise<number> {
  return serve(machine, (request, response) => {
    response.setHeader('metadata-flavor', 'Google');
    if (request.url?.includes('/token') !== true) response.end('edge-prod');
    else if (has())
      response.end(JSON.stringify({ access_token: 'of-the-pod', expires_in: 3599, token_type: 'Bearer' }));
    else response.writeHead(403).end('Permission denied');
  });
}
