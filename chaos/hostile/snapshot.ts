import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ResilienceError } from '../../src/errors';
import type { Candidate } from '../../src/importer/candidates';
import { fetchConfiguration, type FetchOptions } from '../../src/importer/fetch';
import { digestMismatch } from '../../src/importer/errors';
import { silentLog } from '../../src/runtime/log';
import {
  adaptToOpenSource,
  checkTable,
  ENTERPRISE_PLUGINS,
  isEnterpriseTable,
  readConfiguration,
  readSnapshotMetadata,
  snapshotMetadata,
  type TableInfo,
} from '../../src/snapshot';
import { duplicateKey } from '../../src/snapshot/errors';
import { THREAD_ABOVE_BYTES } from '../../src/snapshot/reader';
import type { ObjectReader } from '../../src/store';
import type { Hostile } from '../support/hostile';
import { builtThreadCode } from '../../test/snapshot/thread-code';
import { must, type Parser, show } from '../support/parser';
import { depth, judgeTable, parsed, tables, type Verdict } from './tables';

const maxConfigBytes = 1 << 20;
const maxDepth = 512;

/** Mostly large: each piece costs a turn of the event loop. */
const sizes = [...Array<number>(30).fill(1 << 20), ...Array<number>(8).fill(100), 7, 1];

/** Cut where it hurts. */
async function* pieces(bytes: Uint8Array, hostile: Hostile): AsyncGenerator<Uint8Array> {
  const size = hostile.random.of(sizes);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** That what was found in a table is what JSON.parse and the rules find. */
function mustAgree(info: TableInfo, verdict: Verdict | undefined, bytes: Uint8Array): void {
  must(verdict !== undefined, 'only what JSON.parse and the rules take is taken', () => bytes);
  must(info.formatVersion === verdict?.formatVersion, 'its format is what JSON.parse reads', () => bytes);
  must(
    JSON.stringify(Object.entries(info.entityCounts).sort()) ===
      JSON.stringify(Object.entries(verdict?.counts ?? {}).sort()),
    'it has as many entities as JSON.parse reads',
    () => bytes,
  );
  must(!(verdict?.hasWsId ?? false) || info.hasWsId, 'a ws_id is seen', () => bytes);
}

/** That a refusal was right. */
function mustRefuse(error: unknown, bytes: Uint8Array): void {
  if (!(error instanceof ResilienceError)) throw error;
  const json = parsed(bytes);
  if (json === undefined) return;
  // JSON.parse takes these two.
  if (error.code === duplicateKey.code || depth(json.value) > maxDepth) return;
  must(judgeTable(json.value) === undefined, 'what is valid is not refused', () => [error.code, show(bytes)]);
}

const table: Parser = {
  name: 'configuration table',
  feed: (hostile) => {
    const bytes = hostile.json(tables);
    let info: TableInfo;
    try {
      info = checkTable(bytes);
    } catch (error) {
      mustRefuse(error, bytes);
      throw error;
    }
    mustAgree(info, judgeTable(parsed(bytes)?.value), bytes);
    return true;
  },
};

const storedObject: Parser = {
  name: 'stored object',
  feed: async (hostile) => {
    const text = hostile.json(tables);
    const gzip = hostile.chance(0.1);
    const bytes = gzip ? hostile.bytes([gzipSync(text, { level: 1 })]) : text;
    const sink: Uint8Array[] = [];
    try {
      const result = await readConfiguration(pieces(bytes, hostile), {
        maxConfigBytes,
        sink: (chunk) => void sink.push(Buffer.from(chunk)),
      });
      const passed = Buffer.concat(sink);
      must(
        result.storedSha256 === sha256(bytes) && result.digests.sha256 === sha256(passed),
        'its digests are those of its bytes',
        () => bytes,
      );
      if (result.form === 'table') mustAgree(result, judgeTable(parsed(passed)?.value), passed);
      return true;
    } catch (error) {
      if (!gzip) mustRefuse(error, bytes);
      throw error;
    }
  },
};

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

let code = '';

const inThread: Parser = {
  name: 'stored object, in the thread',
  share: 0.002,
  note: 'a thread takes 20 ms to start, and its code is that of the main path',
  start: () => void (code = builtThreadCode()),
  feed: async (hostile) => {
    const bytes = hostile.json(tables);
    const outcome = async (options: { expectedBytes: number; threadCode?: string }): Promise<string> => {
      try {
        return JSON.stringify(
          await readConfiguration(pieces(bytes, hostile), {
            maxConfigBytes,
            ...options,
          }),
        );
      } catch (error) {
        if (!(error instanceof ResilienceError)) throw error;
        return `${error.code} ${error.message}`;
      }
    };
    const threaded = await outcome({ expectedBytes: THREAD_ABOVE_BYTES + 1, threadCode: code });
    must(threaded === (await outcome({ expectedBytes: 0 })), 'the thread says what the main path says', () => bytes);
    return threaded.startsWith('{');
  },
};

const adapted: Parser = {
  name: 'Enterprise table, adapted',
  feed: async (hostile) => {
    const bytes = hostile.json(tables);
    const info = checkTable(bytes);
    const sink: Uint8Array[] = [];
    const report = await adaptToOpenSource(pieces(bytes, hostile), (chunk) => void sink.push(chunk));
    const output = Buffer.concat(sink);
    const json = parsed(output);
    must(json !== undefined, 'what comes out is JSON', () => bytes);
    const left = checkTable(output);
    must(!left.hasWsId && !isEnterpriseTable(left), 'nothing of Enterprise is left', () => bytes);
    const plugins = (json?.value as { plugins?: { name?: string }[] | null }).plugins;
    must(
      !Array.isArray(plugins) || plugins.every(({ name }) => !ENTERPRISE_PLUGINS.has(name ?? '')),
      'no plugin of Enterprise is left',
      () => bytes,
    );
    const count = ({ entityCounts }: TableInfo): number =>
      Object.values(entityCounts).reduce((sum, some) => sum + some, 0);
    const lost = Object.values(report.entities).reduce((sum, some) => sum + some, 0) + report.plugins.length;
    must(count(info) === count(left) + lost, 'what is lost is told', () => [bytes.toString(), report]);
    return true;
  },
};

const marks = { term: 3, counter: 7, receivedAt: new Date(0), by: 'host/1.0.0', source: 'control plane cp:8005' };
const record = snapshotMetadata({
  ...marks,
  sha256: 'a'.repeat(64),
  md5: 'b'.repeat(32),
  enterprise: false,
  configHash: 'c'.repeat(32),
  hashes: { config: 'd'.repeat(32), routes: 'e'.repeat(32) },
});

const metadata: Parser = {
  name: 'object metadata',
  feed: (hostile) => {
    const { random } = hostile;
    const held: Record<string, string> = { ...record };
    for (let left = random.below(3); left > 0; left--) {
      const key = random.of(Object.keys(held));
      if (hostile.chance(0.2)) delete held[key];
      else
        Object.defineProperty(
          held,
          hostile.chance(0.1) ? random.of(['__proto__', 'constructor', 'KONG-RESILIENCE-format']) : key,
          { value: hostile.text([Buffer.from(held[key] ?? '')]), enumerable: true, configurable: true, writable: true },
        );
    }
    const read = readSnapshotMetadata(held);
    if (read.kind !== 'ours') return false;
    const { sha256: digest, hashes = {}, term, counter } = read.metadata;
    must(
      digest === held['kong-resilience-sha256'] && /^[0-9a-f]{64}$/.test(digest) && digest.length === 64,
      'its digest is the one that is written',
      () => held,
    );
    must(
      [term, counter].every((mark) => Number.isInteger(mark) && mark >= 0 && mark < 2 ** 48),
      'its marks are in range',
      () => held,
    );
    must(
      Object.values(hashes).every((hash) => /^[0-9a-f]{32}$/i.test(hash)),
      'its hashes are hashes',
      () => held,
    );
    must(!Number.isNaN(read.metadata.receivedAt.getTime()), 'its time is one', () => held);
    return true;
  },
};

const version = { text: '3.9.3', parts: [3, 9, 3], edition: 'open-source' } as const;
const candidate: Candidate = { version, key: '3.9.3/config.json' };
const signal = new AbortController().signal;

/** A hand-over folder in memory. */
class Memory {
  staged: Buffer | undefined;
  readonly #chunks: Uint8Array[] = [];
  stage = async (): Promise<object> => ({
    path: '/nonexistent/never-read',
    write: async (chunk: Uint8Array) => void this.#chunks.push(Buffer.from(chunk)),
    flush: async () => undefined,
    abort: async () => void (this.#chunks.length = 0),
  });
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

const seedTables = tables.slice(0, 2).map((value) => Buffer.from(JSON.stringify(value)));

/** The way of an import from the store's answer to the hand-over, with nothing but the folder left out. */
const digest: Parser = {
  name: 'object with its digest',
  feed: async (hostile) => {
    const right = hostile.random.of(seedTables);
    // Damage that leaves a valid table, such as one letter of a name, is what only the digest shows.
    const bytes = hostile.chance(0.2) ? right : hostile.chance(0.3) ? renamed(right, hostile) : hostile.bytes([right]);
    const held = { ...record, 'kong-resilience-sha256': sha256(right) };
    const reader = {
      location: 's3://bucket',
      get: async () => ({
        key: candidate.key,
        version: 'v',
        size: bytes.length,
        metadata: held,
        lastModified: new Date(0),
        storeDate: new Date(0),
        body: pieces(bytes, hostile),
      }),
    } as unknown as ObjectReader;
    const handover = new Memory();
    const options = {
      reader,
      handover,
      maxConfigBytes,
      node: version,
      log: silentLog,
      signal,
    } as unknown as FetchOptions;
    try {
      const fetched = await fetchConfiguration(candidate, options);
      must(
        fetched.digestVerified && right.equals(bytes) && handover.bytes.equals(right),
        'what does not fit its digest is never staged',
        () => bytes,
      );
      return true;
    } catch (error) {
      must(handover.bytes.length === 0, 'nothing of what is refused stays', () => bytes);
      must(!right.equals(bytes), 'what fits is staged', () => [String(error), bytes.toString()]);
      if (parsed(bytes) !== undefined && judgeTable(parsed(bytes)?.value) !== undefined && !duplicateKey.is(error))
        must(
          digestMismatch.is(error) || depth(parsed(bytes)?.value) > maxDepth,
          'damage that leaves a valid table is told by its digest',
          () => [String(error), bytes.toString()],
        );
      throw error;
    }
  },
};

function renamed(bytes: Buffer, hostile: Hostile): Buffer {
  const copy = Buffer.from(bytes);
  const letters = [...copy.keys()].filter((at) => /[a-z]/.test(String.fromCharCode(copy[at] ?? 0)));
  copy[hostile.random.of(letters)] = 0x7a;
  return copy;
}

export const snapshotParsers: readonly Parser[] = [table, storedObject, inThread, adapted, metadata, digest];
