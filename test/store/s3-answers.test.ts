import type { IncomingMessage, ServerResponse } from 'node:http';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type ObjectStore, openStore } from '../../src/store';
import { type Log, silentLog } from '../../src/runtime/log';
import type * as time from '../../src/runtime/time';
import { startStub } from '../support/servers';
import { failureOf, json, timeoutMs } from './conformance';
import { useCredentials } from './s3-harness';

// How long is waited before a page is asked again is tested in call.test.ts.
vi.mock('../../src/runtime/time', async (original) => ({
  ...(await original<typeof time>()),
  pause: () => Promise.resolve(),
}));

const key = 'kong/3.9.1/config.json';
const put = { condition: 'absent', contentType: json, metadata: {} } as const;
const stored = {
  etag: '"0123"',
  'last-modified': 'Sat, 01 Jan 2022 00:00:00 GMT',
  'content-type': json,
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Runs `work` against a stub in S3's place. */
async function against(
  answer: Handler,
  work: (store: ObjectStore, requests: readonly string[]) => Promise<void>,
  putSettings: Record<string, unknown> = {},
  log: Log = silentLog,
): Promise<void> {
  const stub = await startStub(answer);
  const aws = { endpoint: stub.endpoint, region: 'us-east-1', putSettings };
  const store = await openStore({ scheme: 's3', bucket: 'b', prefix: '' }, { aws, google: {}, timeoutMs, log });
  try {
    await work(store, stub.requests);
  } finally {
    store.close();
    await stub.stop();
  }
}

const fail =
  (status: number, code = '', message = 'No.'): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(
      code === '' ? '' : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    );
  };

const listing = (inner: string): string =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${inner}</ListBucketResult>`;

describe('what an S3 store answers', () => {
  beforeAll(() => useCredentials({ accessKeyId: 'key', secretAccessKey: 'secret' }));

  it.each([
    [409, 'ConditionalRequestConflict', 'CONFLICT'],
    [412, 'PreconditionFailed', 'CONFLICT'],
    [404, 'NoSuchKey', 'REFUSED'],
    [404, 'NoSuchBucket', 'NO_BUCKET'],
    [404, 'XAdminUserNotFound', 'DENIED'],
    [404, 'NoSuchAccessPoint', 'REFUSED'],
    [404, '', 'REFUSED'],
    [403, 'AccessDenied', 'DENIED'],
    [403, 'InvalidAccessKeyId', 'DENIED'],
    [401, 'Unauthorized', 'DENIED'],
    [400, 'ExpiredToken', 'DENIED'],
    [403, 'RequestTimeTooSkewed', 'DENIED'],
    [400, 'MetadataTooLarge', 'REFUSED'],
    [400, 'AuthorizationHeaderMalformed', 'REFUSED'],
    [301, 'PermanentRedirect', 'REFUSED'],
    [307, 'TemporaryRedirect', 'REFUSED'],
    [501, 'NotImplemented', 'REFUSED'],
    [400, 'RequestTimeout', 'UNREACHABLE'],
    [400, 'BadDigest', 'UNREACHABLE'],
    [429, 'TooManyRequests', 'UNREACHABLE'],
    [500, 'InternalError', 'UNREACHABLE'],
    [503, 'SlowDown', 'UNREACHABLE'],
    [502, '', 'UNREACHABLE'],
    [501, '', 'UNREACHABLE'],
  ])('a put answered with %i %s is %s, after one request', async (status, code, outcome) => {
    await against(fail(status, code), async (store, requests) => {
      const error = await failureOf(store.put(key, Buffer.from('{}'), put));
      expect(error.code).toBe(`KR_STORE_${outcome}`);
      // A second try of a conditional put could meet its own object.
      expect(requests).toHaveLength(1);
    });
  });

  it.each([
    ['NoSuchKey', 'CONFLICT'],
    ['NoSuchBucket', 'NO_BUCKET'],
    ['XAdminUserNotFound', 'DENIED'],
    ['NoSuchAccessPoint', 'REFUSED'],
    ['', 'REFUSED'],
  ])('a put over a version answered with 404 %s is %s', async (code, outcome) => {
    await against(fail(404, code), async (store) => {
      const over = { ...put, condition: { version: '"0123"' } };
      expect((await failureOf(store.put(key, Buffer.from('{}'), over))).code).toBe(`KR_STORE_${outcome}`);
    });
  });

  it.each([
    ['NoSuchKey', 'ABSENT', `the object ${key} does not exist.`],
    ['NoSuchBucket', 'NO_BUCKET', 'the bucket does not exist.'],
    ['XAdminUserNotFound', 'DENIED', `reading ${key} was denied: HTTP 404 XAdminUserNotFound: No.`],
    ['NoSuchAccessPoint', 'REFUSED', `reading ${key} was refused: HTTP 404 NoSuchAccessPoint: No.`],
    [
      '',
      'REFUSED',
      `reading ${key} was refused: HTTP 404, and not as an object store says it: ` +
        'this is not an object store; check AWS_CONFIG_STORAGE_ENDPOINT.',
    ],
  ])('a get answered with 404 %s is %s', async (code, outcome, reason) => {
    await against(fail(404, code), async (store, requests) => {
      const error = await failureOf(store.get(key));
      expect(error.code).toBe(`KR_STORE_${outcome}`);
      expect(error.reason).toBe(`s3://b: ${reason}`);
      expect(requests).toHaveLength(code === '' ? 4 : 1);
    });
  });

  describe('404 for a head, which does not say what is missing', () => {
    const missing =
      (list: Handler): Handler =>
      (request, response) =>
        (request.method === 'HEAD' ? fail(404) : list)(request, response);
    const listed =
      (inner: string): Handler =>
      (_request, response) =>
        void response.end(listing(inner));

    it.each([
      ['the listing works and is empty', listed(''), 'ABSENT', `the object ${key} does not exist.`],
      [
        'the listing has another key',
        listed(`<Contents><Key>${key}.gz</Key></Contents>`),
        'ABSENT',
        `the object ${key} does not exist.`,
      ],
      [
        'the listing has the key, written in between',
        listed(`<Contents><Key>${key}</Key></Contents>`),
        'UNREACHABLE',
        `reading about ${key} did not succeed: HTTP 404, and then a listing that has it.`,
      ],
      ['there is no bucket', fail(404, 'NoSuchBucket'), 'NO_BUCKET', 'the bucket does not exist.'],
      [
        'there is no such user',
        fail(404, 'XAdminUserNotFound'),
        'DENIED',
        `reading about ${key} was denied: HTTP 404 XAdminUserNotFound: No.`,
      ],
      [
        'listing is forbidden',
        fail(403, 'AccessDenied'),
        'DENIED',
        `reading about ${key} was denied: HTTP 403 AccessDenied: No.`,
      ],
      [
        'the listing is 404 too',
        fail(404),
        'REFUSED',
        `reading about ${key} was refused: HTTP 404, and not as an object store says it: ` +
          'this is not an object store; check AWS_CONFIG_STORAGE_ENDPOINT.',
      ],
      [
        'the listing fails',
        fail(503, 'SlowDown'),
        'UNREACHABLE',
        `reading about ${key} did not succeed: HTTP 503 SlowDown: No.`,
      ],
    ])('where %s', async (_what, list, outcome, reason) => {
      await against(missing(list), async (store, requests) => {
        const error = await failureOf(store.head(key));
        expect(error.code).toBe(`KR_STORE_${outcome}`);
        expect(error.reason).toBe(`s3://b: ${reason}`);
        expect(requests).toHaveLength(reason.includes('this is not an object store') ? 8 : 2);
        const asked = new URL(requests[1]?.split(' ')[1] ?? '', 'http://b').searchParams;
        expect(Object.fromEntries(asked)).toMatchObject({ prefix: key, 'max-keys': '1' });
      });
    });
  });

  it('a get of a missing key logs nothing', async () => {
    const lines: unknown[] = [];
    const keep = (...line: unknown[]): void => void lines.push(line);
    const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
    await against(
      fail(404, 'NoSuchKey'),
      async (store) => {
        expect((await failureOf(store.get(key))).code).toBe('KR_STORE_ABSENT');
        expect(lines).toEqual([]);
      },
      {},
      log,
    );
  });

  it.each([
    [400, 'REFUSED'],
    [301, 'REFUSED'],
    [404, 'REFUSED'],
    [403, 'DENIED'],
    [500, 'UNREACHABLE'],
    [503, 'UNREACHABLE'],
  ])('a head answered with %i, which has no code, is %s', async (status, outcome) => {
    await against(fail(status), async (store) => {
      expect((await failureOf(store.head(key))).code).toBe(`KR_STORE_${outcome}`);
    });
  });

  it('says that the clock is wrong when it is', async () => {
    await against(fail(403, 'RequestTimeTooSkewed', 'The difference is too large.'), async (store) => {
      expect((await failureOf(store.get(key))).message).toBe(
        `s3://b: reading ${key} was denied: this machine's clock is wrong: HTTP 403 RequestTimeTooSkewed: The difference is too large. ` +
          "Set this machine's clock: the store allows a difference of 15 minutes.",
      );
    });
  });

  it.each([
    [400, 'AuthorizationHeaderMalformed', 'REFUSED', 'refused'],
    [400, 'ExpiredToken', 'DENIED', 'denied'],
    [403, 'SignatureDoesNotMatch', 'DENIED', 'denied'],
    [403, 'RequestTimeTooSkewed', 'DENIED', "denied: this machine's clock is wrong"],
  ])('a head refused with %i tells what a listing says of it, as %s', async (status, code, outcome, told) => {
    const answer: Handler = (request, response) =>
      fail(status, request.method === 'HEAD' ? '' : code)(request, response);
    await against(answer, async (store, requests) => {
      const error = await failureOf(store.head(key));
      expect(error.code).toBe(`KR_STORE_${outcome}`);
      expect(error.reason).toBe(`s3://b: reading about ${key} was ${told}: HTTP ${status} ${code}: No.`);
      expect(requests).toHaveLength(2);
    });
  });

  it('a head that is denied once, for the time that the first request bears, is done again', async () => {
    let heads = 0;
    const answer: Handler = (request, response) => {
      if (request.method !== 'HEAD') response.end(listing(`<Contents><Key>${key}</Key></Contents>`));
      else if (heads++ === 0) fail(403)(request, response);
      else response.writeHead(200, { ...stored, 'content-length': '2' }).end();
    };
    await against(answer, async (store) => expect((await store.head(key)).size).toBe(2));
  });

  describe('403 for a key, as AWS answers for a missing one to who may not list everything', () => {
    const forbidden =
      (list: (response: ServerResponse) => void): Handler =>
      (request, response) => {
        if (request.url?.includes('list-type=2') === true) list(response);
        else fail(403, request.method === 'HEAD' ? '' : 'AccessDenied')(request, response);
      };
    const both = (store: ObjectStore): (() => Promise<unknown>)[] => [() => store.get(key), () => store.head(key)];

    it('is absent where the listing works and has no such key', async () => {
      const other = listing(`<Contents><Key>${key}.gz</Key></Contents>`);
      for (const body of [listing(''), other]) {
        await against(
          forbidden((response) => response.end(body)),
          async (store, requests) => {
            for (const work of both(store)) expect((await failureOf(work())).code).toBe('KR_STORE_ABSENT');
            const asked = new URL(requests[1]?.split(' ')[1] ?? '', 'http://b').searchParams;
            expect(Object.fromEntries(asked)).toMatchObject({ prefix: key, 'max-keys': '1' });
          },
        );
      }
    });

    it('is denied where the listing has the key', async () => {
      await against(
        forbidden((response) => response.end(listing(`<Contents><Key>${key}</Key></Contents>`))),
        async (store) => {
          for (const work of both(store)) expect((await failureOf(work())).code).toBe('KR_STORE_DENIED');
        },
      );
    });

    it('is denied where listing is denied too, and unreachable where it fails', async () => {
      await against(fail(403, 'AccessDenied'), async (store) => {
        for (const work of both(store)) expect((await failureOf(work())).code).toBe('KR_STORE_DENIED');
      });
      await against(
        forbidden((response) => void response.writeHead(503).end()),
        async (store) => {
          for (const work of both(store)) expect((await failureOf(work())).code).toBe('KR_STORE_UNREACHABLE');
        },
      );
    });
  });

  it('a page with 404 in front of the store, as of a load balancer that is set up anew, is asked again by reads', async () => {
    let pages = 0;
    const answer: Handler = (request, response) => {
      if (pages > 0) {
        pages -= 1;
        response.writeHead(404, { 'content-type': 'text/html' }).end('<html>default backend - 404</html>');
        return;
      }
      if (request.url?.includes('list-type=2') === true) response.end(listing(''));
      else {
        response.writeHead(200, { ...stored, 'content-length': 2 });
        response.end(request.method === 'HEAD' ? undefined : '{}');
      }
    };
    await against(answer, async (store) => {
      for (const work of [() => store.get(key), () => store.listFolders('')]) {
        pages = 3;
        await work();
        expect(pages).toBe(0);
      }
      // A head and its listing each.
      pages = 6;
      expect((await store.head(key)).size).toBe(2);
      expect(pages).toBe(0);
      // A conditional write could meet its own object: the one who writes asks what is stored first.
      pages = 2;
      expect((await failureOf(store.put(key, Buffer.from('{}'), put))).code).toBe('KR_STORE_REFUSED');
      expect(pages).toBe(1);
    });
  });

  it('a page of something that is no store, with status 200, is unreachable', async () => {
    const page: Handler = (_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<html><body>Please log in</body></html>');
    };
    await against(page, async (store) => {
      for (const work of [() => store.get(key), () => store.head(key), () => store.put(key, Buffer.from('{}'), put)]) {
        expect((await failureOf(work())).code).toBe('KR_STORE_UNREACHABLE');
      }
      const error = await failureOf(store.get(key));
      expect(error.reason).toBe(
        `s3://b: reading ${key} did not succeed: the answer is not one of an object store: ` +
          'ETag, Content-Length, Last-Modified or Date is missing.',
      );
      expect((await failureOf(store.listFolders(''))).code).toBe('KR_STORE_UNREACHABLE');
    });
  });

  it('an answer that is no HTTP is unreachable', async () => {
    await against(
      (request) => void request.socket.end('nonsense\r\n\r\n'),
      async (store) => {
        expect((await failureOf(store.head(key))).code).toBe('KR_STORE_UNREACHABLE');
      },
    );
  });

  it('takes the dates from the headers, and never the clock of this machine', async () => {
    const answer: Handler = (_request, response) => {
      response.writeHead(200, { ...stored, 'content-length': 2, date: 'Sat, 01 Jan 2022 00:01:00 GMT' });
      response.end('{}');
    };
    await against(answer, async (store) => {
      expect(await store.head(key)).toEqual({
        key,
        version: '"0123"',
        size: 2,
        metadata: {},
        lastModified: new Date('2022-01-01T00:00:00Z'),
        storeDate: new Date('2022-01-01T00:01:00Z'),
      });
    });
  });

  it('does not let an object come from the future where the Date header lags', async () => {
    const answer: Handler = (_request, response) => {
      response.writeHead(200, { ...stored, 'content-length': 2, date: 'Fri, 31 Dec 2021 23:59:59 GMT' });
      response.end('{}');
    };
    await against(answer, async (store) => {
      const { storeDate, lastModified } = await store.head(key);
      expect(storeDate).toEqual(lastModified);
    });
  });

  it('follows a listing over all its pages', async () => {
    const folder = (name: string): string => `<CommonPrefixes><Prefix>kong/${name}/</Prefix></CommonPrefixes>`;
    const answer: Handler = (request, response) => {
      const token = new URL(request.url ?? '', 'http://b').searchParams.get('continuation-token');
      if (token === null) {
        response.end(
          listing(
            `<IsTruncated>true</IsTruncated><NextContinuationToken>+/=</NextContinuationToken>${folder('3.9.1')}`,
          ),
        );
      } else {
        response.end(listing(`<IsTruncated>false</IsTruncated>${folder(token === '+/=' ? '3.10.0' : 'wrong-token')}`));
      }
    };
    await against(answer, async (store, requests) => {
      expect(await store.listFolders('kong/')).toEqual(['3.10.0', '3.9.1']);
      expect(requests).toHaveLength(2);
    });
  });

  it('signs the digest of a body that is known, and computes any other', async () => {
    const digests: unknown[] = [];
    const answer: Handler = (request, response) => {
      digests.push(request.headers['x-amz-content-sha256']);
      response.writeHead(200, { etag: '"1"' }).end();
    };
    await against(answer, async (store) => {
      await store.put(key, Buffer.from('{}'), put);
      await store.put(key, Buffer.from('{}'), { ...put, sha256: 'ab'.repeat(32) });
      await store.put(key, Buffer.from('{}'), put);
    });
    const computed = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
    expect(digests).toEqual([computed, 'ab'.repeat(32), computed]);
  });

  it('puts with the settings of the user, and replaces nothing of ours by them', async () => {
    const headers: IncomingMessage['headers'][] = [];
    const answer: Handler = (request, response) => {
      headers.push(request.headers);
      response.writeHead(200, { etag: '"1"' }).end();
    };
    const settings = {
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key-1',
      StorageClass: 'STANDARD_IA',
      Tagging: 'a=b',
      Bucket: 'theirs',
      Key: 'theirs',
      IfMatch: '"theirs"',
      ContentType: 'text/html',
      Metadata: { theirs: '1' },
    };
    await against(
      answer,
      async (store, requests) => {
        const metadata = { ours: '1' };
        await store.put(key, Buffer.from('{}'), { ...put, metadata });
        await store.put('kong/3.9.1/kong-resilience.json', Buffer.from('{}'), { ...put, metadata });
        expect(requests).toEqual([
          `PUT /b/${key}?x-id=PutObject`,
          'PUT /b/kong/3.9.1/kong-resilience.json?x-id=PutObject',
        ]);
        for (const sent of headers) {
          expect(sent).toMatchObject({
            'x-amz-server-side-encryption': 'aws:kms',
            'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
            'if-none-match': '*',
            'content-type': json,
            'x-amz-meta-ours': '1',
          });
          expect(sent).not.toHaveProperty('if-match');
          expect(sent).not.toHaveProperty('x-amz-meta-theirs');
        }
        expect(headers.map((sent) => [sent['x-amz-storage-class'], sent['x-amz-tagging']])).toEqual([
          ['STANDARD_IA', 'a=b'],
          [undefined, undefined],
        ]);
      },
      settings,
    );
  });
});
