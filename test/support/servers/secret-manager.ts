import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer of the API, or of something else. */
export interface SecretAnswer {
  readonly status: number;
  readonly body: string;
}

export interface SecretManager {
  readonly endpoint: URL;
  /** Answers by resource name, `projects/…/versions/…`; a function is asked each time. */
  readonly answers: Map<string, SecretAnswer | (() => SecretAnswer | 'nothing')>;
  /** What was asked: resource names, and the header that says who asks. */
  readonly asked: { readonly name: string; readonly authorization: string | undefined }[];
  /** Whether the metadata server knows the identity; else it says that there is none. */
  identity: boolean;
  stop(): Promise<void>;
}

export function payload(text: string | Uint8Array): SecretAnswer {
  const data = Buffer.from(text).toString('base64');
  return { status: 200, body: JSON.stringify({ name: 'n', payload: { data, dataCrc32c: '1' } }) };
}

export function failure(code: number, status: string, message: string): SecretAnswer {
  return { status: code, body: JSON.stringify({ error: { code, message, status } }) };
}

/**
 * What is used of Google Secret Manager's REST API (v1, projects.secrets.versions.access) and of Compute Engine's
 * metadata server, written from their references: no server for either is to be had. It cannot show that Google answers so.
 */
export async function startSecretManager(): Promise<SecretManager> {
  const manager: Omit<SecretManager, 'endpoint' | 'stop'> = { answers: new Map(), asked: [], identity: true };
  const answer = ({ url = '', headers }: IncomingMessage): SecretAnswer | 'nothing' => {
    if (url.startsWith('/computeMetadata/')) return metadata(url, manager.identity);
    const name = decodeURIComponent(/^\/v1\/(.*):access$/.exec(url)?.[1] ?? '');
    manager.asked.push({ name, authorization: headers.authorization });
    const found =
      manager.answers.get(name) ?? failure(404, 'NOT_FOUND', `Secret [${name}] not found or has no versions.`);
    return typeof found === 'function' ? found() : found;
  };
  const server = createServer((request, response) => {
    const found = answer(request);
    if (found === 'nothing') return;
    response.writeHead(found.status, { 'content-type': 'application/json', 'metadata-flavor': 'Google' });
    response.end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(manager, {
    endpoint: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function metadata(url: string, identity: boolean): SecretAnswer {
  if (url.includes('/token')) {
    const token = JSON.stringify({ access_token: 'attached-TOKEN', expires_in: 3600, token_type: 'Bearer' });
    return identity ? { status: 200, body: token } : { status: 404, body: 'no service account' };
  }
  return { status: 200, body: url.endsWith('/project-id') ? 'attached-project' : '{}' };
}
