import { type RunningServer, startServer } from './process';

export interface FakeGcs extends RunningServer {
  createBucket(name: string): Promise<void>;
  /** Writes a JSON object as another program does. */
  write(bucket: string, key: string, bytes: string | Uint8Array): Promise<void>;
}

/** fake-gcs-server on 127.0.0.1, without buckets. It knows no credentials. */
export async function startFakeGcs(): Promise<FakeGcs> {
  const server = await startServer({
    program: 'fake-gcs-server',
    args: (port) => [
      ...['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)],
      ...['-external-url', `http://127.0.0.1:${port}`, '-log-level', 'error'],
    ],
    readyPath: '/_internal/healthcheck',
  });
  return {
    ...server,
    createBucket: async (name) => {
      const answer = await fetch(new URL('/storage/v1/b', server.endpoint), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      if (!answer.ok) throw new Error(`making the bucket ${name}: HTTP ${answer.status}`);
    },
    write: async (bucket, key, bytes) => {
      const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(key)}`;
      const answer = await fetch(new URL(path, server.endpoint), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(bytes),
      });
      if (!answer.ok) throw new Error(`writing ${key}: HTTP ${answer.status}`);
      await answer.arrayBuffer();
    },
  };
}
