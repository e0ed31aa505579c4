import type { Fault, HostileOutcome } from './fault';

/** What is fed, and to what. */
export type HostileInjection =
  /** To one parser, in process: valid input with something wrong in it, and noise. */
  | { readonly kind: 'parser'; readonly parser: string }
  /** Buckets, prefixes, versions and keys that mean to leave the folder of a `file://` store. */
  | { readonly kind: 'paths' }
  /** Names that look like another line of the log, and like what a terminal obeys. */
  | { readonly kind: 'names'; readonly from: 'the control plane' | 'the store' | 'the environment' }
  /** Members that every object inherits. */
  | { readonly kind: 'keys' }
  /** Requests to the status server of an exporter: so many at once, each on a connection of its own. */
  | { readonly kind: 'requests'; readonly bytes: string; readonly count: number };

type Of<K extends HostileInjection['kind']> = Extract<HostileInjection, { kind: K }>;
type Row<Injection> = Fault<Injection> & { readonly expected: { readonly hostile: HostileOutcome } };

const ofConfiguration = ['KR_CONFIG_'];
const plainly = 'a plain refusal';

const plainLine = 'a refusal is one plain line';
const asParsed = 'it is what JSON.parse reads';
const ofTable = [
  'only what JSON.parse and the rules take is taken',
  'what is valid is not refused',
  'its format is what JSON.parse reads',
  'it has as many entities as JSON.parse reads',
  'a ws_id is seen',
];

const parser = (
  id: string,
  text: string,
  name: string,
  answer: HostileOutcome['answer'],
  held: HostileOutcome['held'],
): Row<Of<'parser'>> => ({
  id: `hostile-${id}`,
  fault: text,
  inject: { kind: 'parser', parser: name },
  expected: { hostile: { answer, held } },
});

/** One for each parser of chaos/hostile. */
export const parserFaults: readonly Row<Of<'parser'>>[] = [
  parser('storage-url', 'The URL of a store.', 'storage URL', plainly, [
    'a refusal has a code',
    plainLine,
    'it reads as it was written',
    'nothing in it is decoded',
    'a bucket has a legal name',
    'a folder is written out',
    'a key is one that a store takes',
    'no key leaves its folder',
    'no file is outside the folder',
  ]),
  parser('gateway-version', 'The version of a gateway.', 'gateway version', plainly, [
    'three or four numbers are a version, and nothing else is',
    'it is as it was written',
  ]),
  parser('vault-reference', 'A reference to a vault.', 'vault reference', plainly, [
    plainLine,
    'its vault is one that is read',
    'its parts are plain text',
    'a version is a number from 1 on',
    'it has known options alone',
  ]),
  parser(
    'vault-secret',
    'The secret of a vault, of which one member is meant.',
    "member of a vault's secret",
    ['KR_VAULT_CONTENT'],
    ['it is the member, and the member of nothing else'],
  ),
  parser('service-account', 'A service account of Google.', 'service account', plainly, [
    plainLine,
    'a refusal quotes nothing',
    asParsed,
  ]),
  parser('plugin-list', 'A list of plugins.', 'list of plugins', plainly, [
    plainLine,
    'a name is as it was written',
    'each name stands once, and is one',
  ]),
  parser('variable', 'The value of each variable.', 'value of each variable', plainly, [
    'only what is allowed is taken',
    'a problem is one line',
    'a problem is plain text',
    'the value of a secret stands in no message',
  ]),
  parser('environment', 'A whole environment, and what its files hold.', 'environment', plainly, [
    'a refusal says why',
    'a report has one line for each problem',
    'a problem is plain text',
    'folders are written out',
    'a version names no path',
  ]),
  parser('table', 'A configuration table.', 'configuration table', ofConfiguration, ofTable),
  parser('object', 'A stored object, as it streams, also in gzip.', 'stored object', ofConfiguration, [
    ...ofTable,
    'its digests are those of its bytes',
  ]),
  parser('object-in-thread', 'The same in the thread for large ones.', 'stored object, in the thread', plainly, [
    'the thread says what the main path says',
  ]),
  parser(
    'enterprise-table',
    'A table of Enterprise for an open-source node.',
    'Enterprise table, adapted',
    ofConfiguration,
    [
      'what comes out is JSON',
      'nothing of Enterprise is left',
      'no plugin of Enterprise is left',
      'what is lost is told',
    ],
  ),
  parser('metadata', 'The metadata of a stored object.', 'object metadata', plainly, [
    'its digest is the one that is written',
    'its hashes are hashes',
    'its marks are in range',
    'its time is one',
  ]),
  parser(
    'digest',
    'An object and the digest of another one, on the way to the hand-over.',
    'object with its digest',
    [...ofConfiguration, 'KR_IMPORT_DIGEST_MISMATCH'],
    [
      'what does not fit its digest is never staged',
      'damage that leaves a valid table is told by its digest',
      'nothing of what is refused stays',
      'what fits is staged',
    ],
  ),
  parser(
    'frame',
    'A message of a control plane.',
    'frame of a control plane',
    [...ofConfiguration, 'KR_MESSAGE_'],
    [
      'only a reconfigure message is taken',
      'only a valid table is taken',
      'the table is that of the message',
      'the hash is that of the message',
      'its digest is that of its bytes',
    ],
  ),
  parser(
    'web-socket',
    'What a control plane sends, as it is read ahead.',
    "bytes of a control plane's WebSocket",
    plainly,
    ['nothing is fed more than its frame has', 'nothing is left open'],
  ),
  parser('lease', 'A lease.', 'lease document', plainly, [
    asParsed,
    'its numbers are whole',
    'it says by whom it is held',
    'it says until when it is held',
    'its time is one',
  ]),
  parser('file-metadata', 'The metadata beside an object in a folder.', 'metadata beside a file:// object', plainly, [
    asParsed,
    'what is not whole says nothing of the object',
  ]),
  parser('spool', 'A file of the spool.', 'spool file', plainly, [
    "another store's configuration is not exported here",
    'what does not fit its digest is not used',
    'only a valid table is used',
    'its place is one',
  ]),
  parser(
    'admin-api',
    'The answers of an Admin API.',
    'answer of an Admin API',
    [...ofConfiguration, 'KR_ADMIN_'],
    ['only a valid table is taken', 'it is what the YAML says', 'a hash is one'],
  ),
  parser(
    'gateway',
    'What a gateway says of its configuration.',
    'answer of a gateway, whether it has a configuration',
    plainly,
    ['it has one where it tells a hash'],
  ),
  parser('cache', "A gateway's cache.", 'cache of a gateway', plainly, ['both readers say the same']),
  parser('cache-file', 'The same as a file.', 'cache of a gateway, as a file', plainly, ['both readers say the same']),
  parser('status-request', 'A request to the status server.', 'request to the status server', plainly, [
    'it is answered as HTTP has it',
    'only what is known is answered',
  ]),
];

export const pathFault: Row<Of<'paths'>> = {
  id: 'hostile-paths',
  fault: 'A bucket, a prefix, a version and a key that mean to leave their folder.',
  inject: { kind: 'paths' },
  expected: {
    hostile: {
      answer: ['KR_ENV_', 'KR_STORE_', 'TypeError'],
      held: [
        'a store is in the folder of its URL',
        'a version names no path',
        'nothing outside is read',
        'nothing outside is listed',
        'nothing outside is written',
      ],
    },
  },
};

const lines = [
  'each line of the log is one line of JSON',
  'no line of the log is forged',
  'no line has what a terminal obeys',
];

export const nameFaults: readonly Row<Of<'names'>>[] = [
  {
    id: 'hostile-names-control-plane',
    fault: 'The control plane sends names of lists and entities that look like a line of the log.',
    inject: { kind: 'names', from: 'the control plane' },
    expected: {
      hostile: {
        answer: 'taken',
        exitCode: 0,
        held: [...lines, 'what is stored is what was sent', 'what is handed over is what is stored'],
      },
    },
  },
  {
    id: 'hostile-names-store',
    fault: 'The store holds such names: in its lease, in its folders, and in what is stored, which is damaged too.',
    inject: { kind: 'names', from: 'the store' },
    expected: {
      hostile: {
        answer: ofConfiguration,
        exitCode: 5,
        held: [...lines, '`status` shows nothing that a terminal obeys', 'nothing is handed over'],
      },
    },
  },
  {
    id: 'hostile-names-environment',
    fault: 'Names and values of variables are such names.',
    inject: { kind: 'names', from: 'the environment' },
    expected: { hostile: { answer: plainly, exitCode: 2, held: ['no line of the report is forged'] } },
  },
];

export const keyFault: Row<Of<'keys'>> = {
  id: 'hostile-keys',
  fault:
    'A configuration has `__proto__`, `constructor` and others that every object inherits, as lists, members and values.',
  inject: { kind: 'keys' },
  expected: {
    hostile: {
      answer: 'taken',
      exitCode: 0,
      held: [
        'what is stored is what was sent',
        'what is handed over is what is stored',
        'every object inherits what it did before',
      ],
    },
  },
};

const requests = (
  id: string,
  text: string,
  bytes: string,
  answer: HostileOutcome['answer'],
  count = 20,
): Row<Of<'requests'>> => ({
  id: `hostile-requests-${id}`,
  fault: text,
  inject: { kind: 'requests', bytes, count },
  expected: {
    hostile: {
      answer,
      exitCode: 0,
      held: ['`/health` says 200 meanwhile and afterwards', 'its memory grows by less than 120 MiB in all'],
    },
  },
});

const megabyte = 'x'.repeat(1 << 20);
const head = 'HTTP/1.1\r\nhost: a\r\n';

export const requestFaults: readonly Row<Of<'requests'>>[] = [
  requests('slow', 'Requests whose head never ends.', `GET /status ${head}x: `, ['HTTP/1.1 408'], 150),
  requests('half-open', 'Connections on which nothing is sent.', '', ['HTTP/1.1 408'], 150),
  requests('large-head', 'Requests with a head of a megabyte.', `GET /status ${head}x: ${megabyte}\r\n\r\n`, [
    'HTTP/1.1 431',
  ]),
  requests('large-path', 'Requests with a path of a megabyte.', `GET /${megabyte} ${head}\r\n`, ['HTTP/1.1 431']),
  requests(
    'large-body',
    'Requests with a body of a megabyte.',
    `POST /status ${head}content-length: 1048576\r\n\r\n${megabyte}`,
    ['HTTP/1.1 405'],
  ),
  requests('no-url', 'Requests for what is no URL.', `GET // ${head}\r\n`, ['HTTP/1.1 400']),
  requests('no-http', 'Requests that are not of HTTP.', `GET //${' '.repeat(100)}HTTP/1.1\r\n\r\n`, ['HTTP/1.1 400']),
  requests(
    'pipelined',
    '10,000 requests at once on one connection.',
    `GET /health ${head}\r\n`.repeat(10_000),
    ['HTTP/1.1 200'],
    1,
  ),
];
