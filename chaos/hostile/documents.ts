import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseLeaseDocument } from '../../src/exporter/lease-document';
import { Spool } from '../../src/exporter/spool';
import { hasConfiguration } from '../../src/gateway/has-configuration';
import { silentLog } from '../../src/runtime/log';
import { adminApiSource } from '../../src/source';
import { type Configuration, readSnapshotMetadata } from '../../src/snapshot';
import { type ObjectReader, openReader, openStore } from '../../src/store';
import { must, type Parser } from '../support/parser';
import { bytesOf } from '../support/hostile';
import { judgeTable, parsed, tables } from './tables';

const leases = [
  {
    format: 1,
    term: 3,
    holder: '3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10',
    host: 'host',
    lease_seconds: 60,
    renewals: 4,
    released: false,
    writing: null,
    confirmed_at: '2026-01-02T03:04:05.000Z',
    configuration: { version: '"etag"', config_hash: 'a1'.repeat(16), canonical_hash: 'b2'.repeat(16) },
  },
];
const whole = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && (value as number) >= least;

const lease: Parser = {
  name: 'lease document',
  feed: (hostile) => {
    const text = hostile.json(leases).toString();
    const document = parseLeaseDocument(text);
    if (document === undefined) return false;
    const json = JSON.parse(text) as Record<string, unknown>;
    must(
      json['format'] === 1 && whole(json['term'], 1) && whole(json['renewals'], 0),
      'its numbers are whole',
      () => text,
    );
    must(
      typeof json['lease_seconds'] === 'number' && json['lease_seconds'] > 0 && typeof json['released'] === 'boolean',
      'it says until when it is held',
      () => text,
    );
    must(
      typeof json['holder'] === 'string' && typeof json['host'] === 'string',
      'it says by whom it is held',
      () => text,
    );
    must(
      json['confirmed_at'] === null || !Number.isNaN(Date.parse(json['confirmed_at'] as string)),
      'its time is one',
      () => text,
    );
    const members = [
      'term',
      'holder',
      'host',
      'lease_seconds',
      'renewals',
      'released',
      'writing',
      'confirmed_at',
    ] as const;
    must(
      members.every((member) => Object.is(document[member], json[member])),
      'it is what JSON.parse reads',
      () => text,
    );
    return true;
  },
};

const sidecars = [
  { version: '3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10', metadata: { 'kong-resilience-format': '1', n: '' } },
  { version: 'v', metadata: {} },
];
let storeFolder = '';
let sidecarPath = '';
let folderReader: ObjectReader;

const sidecar: Parser = {
  name: 'metadata beside a file:// object',
  start: async () => {
    storeFolder = mkdtempSync(join(tmpdir(), 'store-'));
    const storage = { scheme: 'file', bucket: storeFolder, prefix: '' } as const;
    const settings = { aws: { putSettings: {} }, google: {}, timeoutMs: 30_000 };
    const store = await openStore(storage, settings);
    await store.put('config.json', Buffer.from('{}'), {
      condition: 'absent',
      contentType: 'application/json',
      metadata: {},
    });
    store.close();
    const name = readdirSync(storeFolder).find((each) => each.endsWith('.meta'));
    if (name === undefined) throw new Error('a stored object has nothing beside it');
    sidecarPath = join(storeFolder, name);
    folderReader = await openReader(storage, settings);
  },
  stop: () => {
    folderReader.close();
    rmSync(storeFolder, { recursive: true });
  },
  feed: async (hostile) => {
    const bytes = hostile.chance(0.1) ? Buffer.from('{}') : hostile.json(sidecars);
    writeFileSync(sidecarPath, bytes);
    const { version, metadata } = await folderReader.head('config.json');
    readSnapshotMetadata(metadata);
    // As the file is read: what is no UTF-8 is replaced.
    const said = parsed(Buffer.from(bytes.toString('utf8')))?.value as Record<string, unknown> | null | undefined;
    const held = said?.['metadata'];
    const valid =
      typeof said?.['version'] === 'string' &&
      typeof held === 'object' &&
      held !== null &&
      !Array.isArray(held) &&
      Object.keys(held).every((key) => typeof (held as Record<string, unknown>)[key] === 'string');
    if (valid)
      must(
        version === said['version'] && JSON.stringify(metadata) === JSON.stringify(held),
        'it is what JSON.parse reads',
        () => bytes,
      );
    else
      must(
        version.startsWith('file-') && JSON.stringify(metadata) === '{}',
        'what is not whole says nothing of the object',
        () => bytes,
      );
    return valid;
  },
};

const target = 's3://bucket/prefix/3.9.3/config.json';
const spooled = tables.slice(0, 2).map((table) => {
  const text = JSON.stringify(table);
  const header = {
    format: 1,
    target,
    based_on: { version: '"etag"', term: 1, counter: 2, confirmed_at: null },
    config_hash: 'a1'.repeat(16),
    hashes: { config: 'a1'.repeat(16) },
    received_at: '2026-01-02T03:04:05.000Z',
    sha256: createHash('sha256').update(text).digest('hex'),
  };
  return { header, text };
});
const spoolFiles = spooled.map(({ header, text }) => Buffer.from(`${JSON.stringify(header)}\n${text}`));
let spoolFolder = '';

const spool: Parser = {
  name: 'spool file',
  start: () => void (spoolFolder = mkdtempSync(join(tmpdir(), 'spool-'))),
  feed: async (hostile) => {
    const { header, text } = hostile.random.of(spooled);
    const inHeader = hostile.chance(0.4);
    const bytes = inHeader
      ? Buffer.concat([hostile.json([header]), Buffer.from(`\n${text}`)])
      : hostile.bytes(spoolFiles);
    writeFileSync(join(spoolFolder, 'x.spool'), bytes);
    const loaded = await new Spool({ dir: spoolFolder, name: 'x', target, log: silentLog }).load();
    if (loaded === undefined) return false;
    const { configuration, basis } = loaded;
    const said = JSON.parse(bytes.subarray(0, bytes.indexOf(10)).toString()) as typeof header;
    must(said.target === target, "another store's configuration is not exported here", () => bytes);
    must(
      createHash('sha256').update(configuration.table).digest('hex') === said.sha256,
      'what does not fit its digest is not used',
      () => bytes,
    );
    must(judgeTable(parsed(configuration.table)?.value) !== undefined, 'only a valid table is used', () => bytes);
    must(
      basis.term >= 0 && basis.counter >= 0 && !Number.isNaN(configuration.receivedAt.getTime()),
      'its place is one',
      () => bytes,
    );
    return true;
  },
};

/** An answer of HTTP, as far as it is looked at; `Response` itself would take most of the time. */
const answer = (status: number, body: Uint8Array): Response =>
  ({
    status,
    text: async () => new TextDecoder().decode(body),
    body: (async function* () {
      yield body;
    })(),
  }) as unknown as Response;

/** Without a network: what is tried is what is made of an answer. */
function answering<T>(answers: (path: string) => Response, ask: () => Promise<T>): Promise<T> {
  const { fetch } = globalThis;
  globalThis.fetch = async (url) => answers((url as URL).pathname);
  return ask().finally(() => {
    globalThis.fetch = fetch;
  });
}

const url = new URL('http://127.0.0.1:8001');
const version = { text: '3.9.3', parts: [3, 9, 3], edition: 'open-source' } as const;
const yaml = bytesOf(
  `_format_version: '3.0'\n_transform: false\nservices:\n- name: one\n  host: h\n  tags: [a, "b"]\n  weight: 0.5\n`,
  `_format_version: "3.0"\nroutes:\n- &r {id: r1, paths: [/a], service: {id: s1}}\n- <<: *r\n  id: r2\nservices:\n- id: s1\n  client_certificate: |\n    -----BEGIN\n    x\n  at: 2001-12-14\n`,
);
const statuses = [
  { configuration_hash: 'a1'.repeat(16), database: { reachable: true } },
  { configuration_hash: '0'.repeat(32) },
];

/** What one request for the configuration came to. */
async function ask(): Promise<Configuration> {
  const source = adminApiSource({
    url,
    version,
    pollMs: 3_600_000,
    timeoutMs: 3_600_000,
    maxConfigBytes: 1 << 20,
    log: silentLog,
  });
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  try {
    return await new Promise<Configuration>((resolve, reject) => {
      running = source.run({ onConfiguration: resolve, onProblem: reject, onState: () => undefined }, stop.signal);
      running.catch(reject);
    });
  } finally {
    stop.abort();
    await running;
  }
}

const adminAnswer: Parser = {
  name: 'answer of an Admin API',
  feed: async (hostile) => {
    const config = hostile.text(yaml);
    const body = hostile.chance(0.8) ? JSON.stringify({ config }) : hostile.json([{ config }]).toString();
    const status = hostile.chance(0.95) ? 200 : hostile.random.of([302, 400, 401, 404, 500]);
    const said = hostile.json(statuses);
    const { table, configHash } = await answering(
      (path) => (path === '/config' ? answer(status, Buffer.from(body)) : answer(200, said)),
      ask,
    );
    must(judgeTable(parsed(table)?.value) !== undefined, 'only a valid table is taken', () => body);
    const answered = (JSON.parse(body) as { config: string }).config;
    // The library again, as its users have it, but for numbers and dates of YAML 1.1.
    const again: unknown = parse(answered, {
      version: '1.1',
      logLevel: 'silent',
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !tag.tag.endsWith(':timestamp')),
    });
    must(JSON.stringify(again) === Buffer.from(table).toString(), 'it is what the YAML says', () => body);
    must(configHash === undefined || /^[0-9a-f]{32}$/.test(configHash), 'a hash is one', () => said);
    return true;
  },
};

const signal = new AbortController().signal;

const gatewayAnswer: Parser = {
  name: 'answer of a gateway, whether it has a configuration',
  feed: async (hostile) => {
    const body = hostile.json(statuses);
    const taken = await answering(
      () => answer(200, body),
      () => hasConfiguration({ url, timeoutMs: 3_600_000, signal, log: silentLog }),
    );
    let hash: unknown;
    try {
      // A byte order mark is none of the text, as for fetch.
      const json: unknown = JSON.parse(new TextDecoder().decode(body));
      hash =
        typeof json === 'object' && json !== null ? (json as Record<string, unknown>)['configuration_hash'] : undefined;
    } catch {
      // None is told.
    }
    must(
      taken === (typeof hash === 'string' && hash !== '0'.repeat(32)),
      'it has one where it tells a hash',
      () => body,
    );
    return taken;
  },
};

export const documentParsers: readonly Parser[] = [lease, sidecar, spool, adminAnswer, gatewayAnswer];
