import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type * as time from '../../src/runtime/time';
import { type ObjectStore, openStore } from '../../src/store';
import { startStub } from '../support/servers';
import { failureOf, json, readAll, timeoutMs } from './conformance';

// How long is waited before a page is asked again is tested in call.test.ts.
vi.mock('../../src/runtime/time', async (original) => ({
  ...(await original<typeof time>()),
  pause: () => Promise.resolve(),
}));

const key = 'kong/3.9.1/config.json';
const put = { condition: 'absent', contentType: json, metadata: {} } as const;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function against(
  answer: Handler,
  work: (store: ObjectStore, requests: readonly string[]) => Promise<void>,
): Promise<void> {
  const stub = await startStub(answer);
  const settings = { aws: { putSettings: {} }, google: { endpoint: stub.endpoint }, timeoutMs };
  const store = await openStore({ scheme: 'gcs', bucket: 'b', prefix: '' }, settings);
  try {
    await work(store, stub.requests);
  } finally {
    store.close();
    await stub.stop();
  }
}

const fail =
  (status: number, message = 'No.'): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': json });
    response.end(JSON.stringify({ error: { code: status, message } }));
  };

/** Google's own words; fake-gcs-server says "Not Found" of both. */
const noObject = fail(404, `No such object: b/${key}`);
const noBucket = fail(404, 'The specified bucket does not exist.');

const listed =
  (items: readonly object[]): Handler =>
  (_request, response) =>
    void response.end(JSON.stringify({ kind: 'storage#objects', items }));

describe('what Google Cloud Storage answers', () => {
  it.each([
    [412, 'CONFLICT'],
    [409, 'CONFLICT'],
    [404, 'NO_BUCKET'],
    [401, 'DENIED'],
    [403, 'DENIED'],
    [400, 'REFUSED'],
    [413, 'REFUSED'],
    [408, 'UNREACHABLE'],
    [429, 'UNREACHABLE'],
    [500, 'UNREACHABLE'],
    [501, 'REFUSED'],
    [503, 'UNREACHABLE'],
  ])('a put answered with %i is %s, after one request', async (status, outcome) => {
    await against(fail(status), async (store, requests) => {
      const error = await failureOf(store.put(key, Buffer.from('{}'), put));
      expect(error.code).toBe(`KR_STORE_${outcome}`);
      expect(requests).toEqual([
        'POST /upload/storage/v1/b/b/o?uploadType=multipart&name=kong%2F3.9.1%2Fconfig.json&ifGenerationMatch=0',
      ]);
    });
  });

  it('says what the store said', async () => {
    await against(fail(403), async (store) => {
      expect((await failureOf(store.listFolders('kong/'))).message).toBe(
        'gcs://b: listing kong/ was denied: HTTP 403 No. ' +
          'Check the credentials and the permissions: an exporter puts, gets and lists under the prefix, an importer gets and lists.',
      );
    });
  });

  it.each([
    ['Google names the object', noObject, noBucket, 'ABSENT', `the object ${key} does not exist.`, 1],
    ['Google names the bucket', noBucket, noBucket, 'NO_BUCKET', 'the bucket does not exist.', 1],
    [
      'an emulator names neither, and has no bucket',
      fail(404),
      fail(404),
      'NO_BUCKET',
      'the bucket does not exist.',
      2,
    ],
    ['an emulator names neither, and lists', fail(404), listed([]), 'ABSENT', `the object ${key} does not exist.`, 2],
    [
      'an emulator names neither, and lists the key, written in between',
      fail(404),
      listed([{ name: key }]),
      'UNREACHABLE',
      `ACTION ${key} did not succeed: HTTP 404, and then a listing that has it.`,
      2,
    ],
    [
      'neither is named, and listing is forbidden',
      fail(404),
      fail(403),
      'ABSENT',
      `the object ${key} does not exist.`,
      2,
    ],
    [
      'neither is named, and the listing fails',
      fail(404),
      fail(503),
      'UNREACHABLE',
      `ACTION ${key} did not succeed: HTTP 503 No.`,
      2,
    ],
    ['reading is forbidden, and there is no bucket', fail(403), noBucket, 'NO_BUCKET', 'the bucket does not exist.', 2],
  ] as const)(
    'tells a missing object from a missing bucket where %s',
    async (_what, object, list, outcome, reason, n) => {
      const answer: Handler = (request, response) =>
        (new URL(request.url ?? '', 'http://b').pathname.endsWith('/o') ? list : object)(request, response);
      await against(answer, async (store, requests) => {
        for (const [action, work] of [
          ['reading about', () => store.head(key)],
          ['reading', () => store.get(key)],
        ] as const) {
          const before = requests.length;
          const error = await failureOf(work());
          expect(error.code).toBe(`KR_STORE_${outcome}`);
          expect(error.reason).toBe(`gcs://b: ${reason.replace('ACTION', action)}`);
          expect(requests.length - before).toBe(n);
        }
      });
    },
  );

  it('a listing answered with 404 tells that the bucket is missing', async () => {
    for (const answer of [noBucket, fail(404)]) {
      await against(answer, async (store) => {
        expect((await failureOf(store.listFolders('kong/'))).code).toBe('KR_STORE_NO_BUCKET');
      });
    }
  });

  it('a page with 404 in front of the store is asked again by reads, and not by writes', async () => {
    let pages = 3;
    const answer: Handler = (request, response) => {
      if (pages > 0) {
        pages -= 1;
        response.writeHead(404, { 'content-type': 'text/html' }).end('<html>default backend - 404</html>');
      } else listed([])(request, response);
    };
    await against(answer, async (store) => {
      expect(await store.listFolders('kong/')).toEqual([]);
      expect(pages).toBe(0);
      pages = 2;
      expect((await failureOf(store.put(key, Buffer.from('{}'), put))).code).toBe('KR_STORE_REFUSED');
      expect(pages).toBe(1);
    });
  });

  it.each([
    ['a plain text', 'text/plain', 'Not Found'],
    ['an error document of something else', json, '{"error":"not found"}'],
    ['an error document with another status', json, '{"error":{"code":400,"message":"No."}}'],
    ['an error document of S3', 'application/xml', '<Error><Code>NoSuchKey</Code></Error>'],
  ])('404 with %s is refused, not absent', async (_what, type, body) => {
    await against(
      (_request, response) => void response.writeHead(404, { 'content-type': type }).end(body),
      async (store) => {
        const error = await failureOf(store.head(key));
        expect(error.code).toBe('KR_STORE_REFUSED');
        expect(error.reason).toBe(
          `gcs://b: reading about ${key} was refused: HTTP 404, and not as an object store says it: ` +
            'this is not an object store; check KONG_RESILIENCE_GCS_ENDPOINT.',
        );
      },
    );
  });

  it.each([
    ['the text of a download', 'No such object: b/o', 'ABSENT', 3],
    ['the text of an emulator', 'Not Found\n', 'ABSENT', 3],
    ['a page', '<html>Not Found</html>', 'REFUSED', 4],
  ])('404 with %s for an object that was just described', async (_what, body, outcome, downloads) => {
    const resource = JSON.stringify({ generation: '1', size: '2', timeCreated: '2022-01-01T00:00:00Z' });
    await against(
      (request, response) => {
        if (request.url?.includes('alt=media') === true) response.writeHead(404).end(body);
        else response.end(resource);
      },
      async (store, requests) => {
        expect((await failureOf(store.get(key))).code).toBe(`KR_STORE_${outcome}`);
        expect(requests.filter((request) => request.includes('alt=media'))).toHaveLength(downloads);
      },
    );
  });

  it('403 for a key is absent where the listing works and has no such key, else denied', async () => {
    const answering =
      (items: object[]): Handler =>
      (request, response) =>
        (request.url?.includes('maxResults=1') === true ? listed(items) : fail(403))(request, response);
    for (const [items, code] of [
      [[], 'KR_STORE_ABSENT'],
      [[{ name: `${key}.gz` }], 'KR_STORE_ABSENT'],
      [[{ name: key }], 'KR_STORE_DENIED'],
    ] as const) {
      await against(answering([...items]), async (store) => {
        for (const work of [() => store.get(key), () => store.head(key)]) {
          expect((await failureOf(work())).code).toBe(code);
        }
      });
    }
  });

  it('a page of something that is no store, with status 200, is unreachable', async () => {
    await against(
      (_request, response) => void response.end('<html>Please log in</html>'),
      async (store) => {
        for (const work of [
          () => store.get(key),
          () => store.head(key),
          () => store.listFolders(''),
          () => store.put(key, Buffer.from('{}'), put),
        ]) {
          const error = await failureOf(work());
          expect(error.code).toBe('KR_STORE_UNREACHABLE');
          expect(error.reason).toMatch(/ did not succeed: the answer is not one of Google Cloud Storage\.$/);
        }
      },
    );
  });

  it('JSON that is no listing is unreachable, not an empty one', async () => {
    await against(
      (_request, response) => void response.end('{"status":"ok"}'),
      async (store) => {
        expect((await failureOf(store.listFolders(''))).code).toBe('KR_STORE_UNREACHABLE');
      },
    );
  });

  it('follows a listing over all its pages', async () => {
    const answer: Handler = (request, response) => {
      const token = new URL(request.url ?? '', 'http://b').searchParams.get('pageToken');
      const page =
        token === null ? { prefixes: ['kong/3.9.1/'], nextPageToken: '+/=' } : { prefixes: [`kong/${token}/`] };
      response.end(JSON.stringify({ kind: 'storage#objects', ...page }));
    };
    await against(answer, async (store) => {
      expect(await store.listFolders('kong/')).toEqual(['+/=', '3.9.1']);
    });
  });

  it('reads the new version when the one it was told of is replaced in between', async () => {
    let generation = 1;
    const answer: Handler = (request, response) => {
      const asked = new URL(request.url ?? '', 'http://b').searchParams.get('generation');
      if (asked === null) {
        response.end(
          JSON.stringify({ generation: String(generation), size: '2', timeCreated: '2022-01-01T00:00:00.9Z' }),
        );
        if (generation === 1) generation = 2;
      } else if (asked === String(generation)) response.end('{}');
      else fail(404)(request, response);
    };
    await against(answer, async (store) => {
      const { version, body } = await store.get(key);
      expect(version).toBe('2');
      expect((await readAll(body)).toString()).toBe('{}');
    });
  });

  it('gives an object that is stored as gzip as it is stored', async () => {
    const stored = gzipSync('{}');
    await against(
      (request, response) => {
        if (request.url?.includes('alt=media') !== true) {
          response.end(
            JSON.stringify({ generation: '1', size: String(stored.length), timeCreated: '2022-01-01T00:00:00Z' }),
          );
          return;
        }
        expect(request.headers['accept-encoding']).toBe('gzip');
        response.setHeader('content-encoding', 'gzip');
        response.end(stored);
      },
      async (store) => {
        expect((await readAll((await store.get(key)).body)).equals(stored)).toBe(true);
      },
    );
  });

  it('calls a body that is longer than the object corrupt', async () => {
    await against(
      (request, response) => {
        if (request.url?.includes('alt=media') === true) response.end('{}{}');
        else response.end(JSON.stringify({ generation: '1', size: '2', timeCreated: '2022-01-01T00:00:00Z' }));
      },
      async (store) => {
        const { body } = await store.get(key);
        expect((await failureOf(readAll(body))).reason).toBe(
          `gcs://b: ${key} is damaged: it is longer than its 2 bytes (4 of 2 bytes were read).`,
        );
      },
    );
  });
});
