import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StatusServer, type StatusPages } from '../../src/cli/status-server';
import { silentLog } from '../../src/runtime';

const pages: StatusPages = {
  status: () => ({}),
  startup: () => ({ ok: true, document: {} }),
  ready: () => ({ ok: true, document: {} }),
  metrics: () => Promise.resolve({ type: 'text/plain', text: '' }),
};

async function listen(): Promise<number> {
  const server = await StatusServer.listen({ host: '127.0.0.1', port: 0 }, pages, silentLog);
  onTestFinished(() => server.close());
  return server.port;
}

/** All that is answered to bytes, until the server closes. */
function answerTo(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

describe('the status server', () => {
  it.each(['//', 'http://[', 'http://:99999999/', '//[::1'])(
    'answers a request for %s with 400, and goes on: it once ended the program',
    async (target) => {
      const port = await listen();
      const answer = await answerTo(port, `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer).toContain('{\n  "message": "the request names no path"\n}\n');
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    },
  );

  it('takes a whole URL for its path, as HTTP has it', async () => {
    const request = 'GET http://elsewhere.test/health?x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
    expect(await answerTo(await listen(), request)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});
