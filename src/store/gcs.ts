import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Storage } from './google-sdk';
import type { GoogleSettings, StorageUrl } from '../contract';
import type { ResilienceError } from '../errors';
import { bodyOf, type Verify } from './body';
import { Call } from './call';
import { storeAbsent, storeDenied, storeNoBucket, storeNoCredentials, storeRefused, storeUnreachable } from './errors';
import { GcsFailure, GcsHttp, textOf } from './gcs-http';
import { clockBeside, errorFor, httpDate, NoObjectStore, type Subject, verdictOf } from './http-answer';
import { credentialFailure, googleCredentialPlaces } from '../runtime/credentials';
import { isTransportError } from '../runtime/transport';
import { checkMetadata } from './metadata';
import type { CallOptions, ObjectInfo, ObjectReader, ObjectStore, PutOptions, PutResult, StoredObject } from './store';

export interface GcsSettings {
  readonly google: GoogleSettings;
  readonly timeoutMs: number;
}

/** The members of an object resource that are read here. */
interface ObjectResource {
  readonly generation?: string;
  readonly size?: string;
  readonly timeCreated?: string;
  readonly md5Hash?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Described {
  readonly info: ObjectInfo;
  /** Base64; absent for an object that was composed. */
  readonly md5: string | undefined;
}

/** A version may be replaced between asking about it and reading it: then both are done again. */
const attempts = 3;

/** Reads one bucket of Google Cloud Storage, or of an emulator. */
export class GcsReader implements ObjectReader {
  readonly location: string;
  protected readonly http = new GcsHttp();
  readonly #bucket: string;
  readonly #timeoutMs: number;
  readonly #storage: Storage;
  readonly #anonymous: boolean;
  /** Whether GCP_SERVICE_ACCOUNT is what it calls with. */
  readonly #ownKey: boolean;

  constructor(storage: StorageUrl, { google, timeoutMs }: GcsSettings) {
    this.#bucket = storage.bucket;
    this.location = `gcs://${storage.bucket}`;
    this.#timeoutMs = timeoutMs;
    const account = google.serviceAccount?.reveal();
    this.#ownKey = account !== undefined;
    this.#storage = new Storage({
      ...(account === undefined ? {} : { credentials: account }),
      ...(account?.project_id === undefined ? {} : { projectId: account.project_id }),
      ...(google.endpoint === undefined ? {} : { apiEndpoint: google.endpoint.origin }),
    });
    this.#anonymous = isLoopback(new URL(this.#storage.apiEndpoint).hostname);
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo> {
    const call = this.call(`reading about ${key}`, { key, writes: false }, options);
    return call.run(async () => (await this.#describe(call, key)).info);
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject> {
    const call = this.call(`reading ${key}`, { key, writes: false }, options);
    return call.open(async (signal) => {
      for (let attempt = 1; ; attempt += 1) {
        const { info, md5 } = await this.#describe(call, key);
        const url = this.objectUrl(key, { alt: 'media', generation: info.version });
        try {
          // Asking for gzip gets an object that was stored so as it was stored.
          const headers = { ...(await this.authorization()), 'accept-encoding': 'gzip', 'cache-control': 'no-store' };
          const answer = await this.http.send({ method: 'GET', url, headers }, signal);
          return { ...info, body: bodyOf(answer, key, info.size, call, md5 === undefined ? undefined : md5Check(md5)) };
        } catch (error) {
          // Google has described the object before: a plain 404 (fake-gcs-server's) is about this version.
          const replaced = error instanceof GcsFailure && error.status === 404 && error.speaker !== 'page';
          if (!replaced) throw error;
          if (attempt === attempts) throw storeAbsent(this.location, `the object ${key}`, error);
        }
      }
    });
  }

  async listFolders(prefix: string, options?: CallOptions): Promise<readonly string[]> {
    const call = this.call(`listing ${prefix === '' ? 'the bucket' : prefix}`, { writes: false }, options);
    return call.run(async () => {
      const folders: string[] = [];
      let page: string | undefined;
      do {
        const found = await this.#list(call, {
          prefix,
          delimiter: '/',
          ...(page === undefined ? {} : { pageToken: page }),
        });
        folders.push(...(found.prefixes ?? []).map((folder) => folder.slice(prefix.length, -1)));
        page = found.nextPageToken;
      } while (page !== undefined && page !== '');
      return folders.sort();
    });
  }

  close(): void {
    this.http.close();
  }

  protected call(action: string, subject: Pick<Subject, 'key' | 'writes'>, options: CallOptions | undefined): Call {
    const settings = { location: this.location, timeoutMs: this.#timeoutMs, mayAskAgain: !subject.writes };
    return new Call(settings, action, options, (error, what) =>
      gcsError(error, { ...subject, location: this.location, action: what }),
    );
  }

  /** Headers that say who calls; none to an emulator on this machine. */
  protected async authorization(): Promise<Record<string, string>> {
    if (this.#anonymous) return {};
    try {
      return await this.#storage.authClient.getRequestHeaders();
    } catch (error) {
      throw credentialError(error, this.location, this.#ownKey);
    }
  }

  protected uploadUrl(query: Readonly<Record<string, string>>): URL {
    return this.#url(`/upload/storage/v1/b/${encodeURIComponent(this.#bucket)}/o`, query);
  }

  protected objectUrl(key: string, query: Readonly<Record<string, string>> = {}): URL {
    return this.#url(`/storage/v1/b/${encodeURIComponent(this.#bucket)}/o/${encodeURIComponent(key)}`, query);
  }

  #url(path: string, query: Readonly<Record<string, string>>): URL {
    const url = new URL(path, this.#storage.apiEndpoint);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  async #describe(call: Call, key: string): Promise<Described> {
    let answer: IncomingMessage;
    try {
      const headers = await this.authorization();
      answer = await this.http.send({ method: 'GET', url: this.objectUrl(key), headers }, call.signal);
    } catch (error) {
      throw error instanceof GcsFailure ? await this.#explained(error, call, key) : error;
    }
    const resource = await this.json<ObjectResource>(answer, call);
    const date = httpDate(answer.headers.date);
    const { generation, size, timeCreated } = resource;
    if (generation === undefined || size === undefined || timeCreated === undefined || date === undefined) {
      throw notAStore(call);
    }
    // To the second, as the Date header is.
    const lastModified = new Date(Math.floor(Date.parse(timeCreated) / 1000) * 1000);
    const info: ObjectInfo = {
      key,
      version: generation,
      size: Number(size),
      metadata: resource.metadata ?? {},
      lastModified,
      storeDate: clockBeside(lastModified, date),
    };
    return { info, md5: resource.md5Hash };
  }

  /**
   * Google answers 403 for a missing object to who may not list the whole bucket, and fake-gcs-server's 404 does not say
   * whether the object is missing or the bucket. Then the exact key is listed, which an importer may: that answer tells.
   */
  async #explained(failure: GcsFailure, call: Call, key: string): Promise<unknown> {
    const unsaid =
      failure.status === 404 &&
      failure.speaker === 'google' &&
      !/^(No such object|The specified bucket)/.test(failure.text);
    if (failure.status !== 403 && !unsaid) return failure;
    let keys: readonly string[];
    try {
      const { items = [] } = await this.#list(call, { prefix: key, maxResults: '1' });
      keys = items.map((item) => item.name);
    } catch (error) {
      return error instanceof GcsFailure && error.status === 403 ? failure : error;
    }
    if (!keys.includes(key)) return storeAbsent(this.location, `the object ${key}`, failure);
    // Written in between: another try finds it.
    return unsaid
      ? storeUnreachable(this.location, call.action, new Error('HTTP 404, and then a listing that has it'))
      : failure;
  }

  async #list(call: Call, query: Readonly<Record<string, string>>): Promise<Listing> {
    const url = this.#url(`/storage/v1/b/${encodeURIComponent(this.#bucket)}/o`, query);
    const headers = await this.authorization();
    const answer = await this.http.send({ method: 'GET', url, headers }, call.signal).catch((error: unknown) => {
      if (error instanceof GcsFailure && error.status === 404 && error.speaker === 'google')
        throw storeNoBucket(this.location, error);
      throw error;
    });
    const listing = await this.json<Listing>(answer, call);
    if (listing.kind !== 'storage#objects') throw notAStore(call);
    return listing;
  }

  protected async json<T>(answer: IncomingMessage, call: Call): Promise<T> {
    const text = await textOf(answer);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return value as T;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw notAStore(call);
  }
}

interface Listing {
  readonly kind?: string;
  readonly prefixes?: readonly string[];
  readonly items?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
}

/** Reads and conditionally writes one bucket. */
export class GcsStore extends GcsReader implements ObjectStore {
  async put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    checkMetadata(options.metadata);
    const { condition, contentType, metadata } = options;
    const call = this.call(`writing ${key}`, { key, writes: true }, options);
    return call.run(async (signal) => {
      const boundary = `kong-resilience-${randomUUID()}`;
      // Google compares the MD5 with what arrived, before it replaces anything.
      const resource = { name: key, contentType, metadata, md5Hash: createHash('md5').update(body).digest('base64') };
      const parts = [
        Buffer.from(
          `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(resource)}\r\n`,
        ),
        Buffer.from(`--${boundary}\r\ncontent-type: ${contentType}\r\n\r\n`),
        body,
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ];
      const headers = {
        ...(await this.authorization()),
        'content-type': `multipart/related; boundary=${boundary}`,
        'content-length': parts.reduce((sum, part) => sum + part.length, 0),
      };
      // Generation 0 means: where nothing is.
      const generation = condition === 'absent' ? '0' : condition.version;
      const url = this.uploadUrl({ uploadType: 'multipart', name: key, ifGenerationMatch: generation });
      const answer = await this.http.send({ method: 'POST', url, headers, parts }, signal);
      const stored = await this.json<ObjectResource>(answer, call);
      const storeDate = httpDate(answer.headers.date);
      if (stored.generation === undefined || storeDate === undefined) throw notAStore(call);
      return { version: stored.generation, storeDate };
    });
  }
}

function md5Check(expected: string): Verify {
  const hash = createHash('md5');
  return (chunk) => {
    if (chunk !== undefined) {
      hash.update(chunk);
      return;
    }
    const found = hash.digest('base64');
    if (found !== expected) throw new Error(`its MD5 is ${found}, and the store says ${expected}`);
  };
}

function notAStore(call: Call): ResilienceError {
  return storeUnreachable(call.location, call.action, new Error('the answer is not one of Google Cloud Storage'));
}

function gcsError(error: unknown, subject: Subject): ResilienceError {
  const { location, action } = subject;
  if (error instanceof GcsFailure) {
    return gcsFailure(error, subject);
  }
  if (isTransportError(error)) return storeUnreachable(location, action, error);
  return storeRefused(location, action, error);
}

function gcsFailure(failure: GcsFailure, subject: Subject): ResilienceError {
  const { status, speaker, text } = failure;
  if (speaker === 'google') {
    if (status !== 404) return errorFor(verdictOf(status), subject, failure);
    return errorFor(text.startsWith('The specified bucket') ? 'no-bucket' : 'absent', subject, failure);
  }
  if (status === 404)
    return storeRefused(subject.location, subject.action, new NoObjectStore('KONG_RESILIENCE_GCS_ENDPOINT'));
  // 501 as well may be a proxy's, and that may pass.
  return errorFor(status >= 500 ? 'unreachable' : verdictOf(status), subject, failure);
}

function credentialError(error: unknown, location: string, ownKey: boolean): ResilienceError {
  const action = 'getting credentials';
  const status = (error as { response?: { status?: number } }).response?.status;
  const lost = status === undefined ? isTransportError(error) : verdictOf(status) === 'unreachable';
  if (lost) return storeUnreachable(location, action, error);
  if (ownKey || status !== undefined) return storeDenied(location, action, error);
  return storeNoCredentials(location, googleCredentialPlaces(), credentialFailure(error));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
