import type { Server } from 'node:http';
import { Duplex } from 'node:stream';
import { StatusServer, type StatusPages } from '../../src/cli/status-server';
import { silentLog } from '../../src/runtime/log';
import { bytesOf } from '../support/hostile';
import { must, type Parser, show } from '../support/parser';

const pages: StatusPages = {
  status: () => ({ program: 'kong-resilience', versions: [] }),
  startup: () => ({ ok: true, document: { started: true } }),
  ready: () => ({ ok: false, document: { ready: false } }),
  metrics: () => Promise.resolve({ type: 'text/plain', text: '# none\n' }),
};

const requests = bytesOf(
  'GET /health HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET /status?x=1#y HTTP/1.1\r\nhost: a\r\naccept: */*\r\nconnection: close\r\n\r\n',
  'GET /ready HTTP/1.0\r\n\r\nGET /metrics HTTP/1.1\r\nhost: a\r\n\r\n',
  'POST /status HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc',
  'GET /startup HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'GET http://elsewhere.test/health HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  'HEAD //x/../%2e%2e/health HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n',
);
const answers = /^HTTP\/1\.1 (100|200|400|404|405|408|413|414|417|431|501|503|505) /;

let listening: StatusServer;
let server: Server;

/** All that is answered to a connection that sends these bytes and then ends its half. */
function answerTo(bytes: Uint8Array): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    const connection = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString('latin1');
        done();
      },
    });
    connection.on('close', () => resolve(text)).on('error', () => undefined);
    server.emit('connection', connection);
    connection.push(bytes);
    connection.push(null);
  });
}

const statusRequest: Parser = {
  name: 'request to the status server',
  note: "the whole HTTP server, but for the system's sockets",
  start: async () => {
    listening = await StatusServer.listen({ host: '127.0.0.1', port: 0 }, pages, silentLog);
    // Real sockets are tried below, in fewer cases.
    ({ server } = listening as unknown as { server: Server });
  },
  stop: () => listening.close(),
  feed: async (hostile) => {
    const bytes = hostile.bytes(requests);
    const text = await answerTo(bytes);
    must(text === '' || answers.test(text), 'it is answered as HTTP has it', () => [text.slice(0, 100), show(bytes)]);
    const taken = text.startsWith('HTTP/1.1 200');
    if (taken)
      must(
        /(health|status|startup|ready|metrics)/.test(bytes.toString('latin1')),
        'only what is known is answered',
        () => bytes,
      );
    return taken;
  },
};

export const statusParsers: readonly Parser[] = [statusRequest];
