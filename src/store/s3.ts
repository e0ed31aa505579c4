import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  type PutObjectCommandInput,
  type S3ClientConfig,
} from './aws-sdk';
import type { AwsSettings, StorageUrl } from '../contract';
import type { ResilienceError } from '../errors';
import type { Log } from '../runtime/log';
import { bodyOf } from './body';
import { Call, type Classify } from './call';
import { storeAbsent, storeUnreachable } from './errors';
import { clockBeside, httpDate, type Subject } from './http-answer';
import { checkMetadata } from './metadata';
import { mayBeMissing, s3CredentialError, s3Error, unexplainedStatus } from './s3-errors';
import type { CallOptions, ObjectInfo, ObjectReader, ObjectStore, PutOptions, PutResult, StoredObject } from './store';

export interface S3Settings {
  readonly aws: AwsSettings;
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Reads one bucket of S3, or of a server that speaks S3. */
export class S3Reader implements ObjectReader {
  readonly location: string;
  protected readonly bucket: string;
  readonly #timeoutMs: number;
  readonly #client: S3Client;
  readonly #dates = new WeakMap<object, Date>();

  constructor(storage: StorageUrl, settings: S3Settings) {
    this.bucket = storage.bucket;
    this.location = `s3://${storage.bucket}`;
    this.#timeoutMs = settings.timeoutMs;
    this.#client = new S3Client(clientConfig(settings));
    // The SDK's outputs leave the headers out.
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        const date = httpDate(headers?.['date']);
        if (date !== undefined && result.output !== undefined) this.#dates.set(result.output, date);
        return result;
      },
      { step: 'deserialize', priority: 'high', name: 'keepDate' },
    );
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo> {
    const call = this.call(`reading about ${key}`, { key, writes: false }, options);
    return call.run(async (signal) => {
      const input = { Bucket: this.bucket, Key: key };
      const client = await this.client();
      const output = await this.orMissing(call, 'HEAD', key, () =>
        client.send(new HeadObjectCommand(input), { abortSignal: signal }),
      );
      return infoOf(call, key, output, this.dateOf(output));
    });
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject> {
    const call = this.call(`reading ${key}`, { key, writes: false }, options);
    return call.open(async (signal) => {
      const input = { Bucket: this.bucket, Key: key };
      const client = await this.client();
      const output = await this.orMissing(call, 'GET', key, () =>
        client.send(new GetObjectCommand(input), { abortSignal: signal }),
      );
      const stream = output.Body as Readable;
      try {
        const info = infoOf(call, key, output, this.dateOf(output));
        return { ...info, body: bodyOf(stream, key, info.size, call) };
      } catch (error) {
        stream.destroy();
        throw error;
      }
    });
  }

  async listFolders(prefix: string, options?: CallOptions): Promise<readonly string[]> {
    const call = this.call(`listing ${prefix === '' ? 'the bucket' : prefix}`, { writes: false }, options);
    return call.run(async () => {
      const folders: string[] = [];
      let page: string | undefined;
      do {
        const input = { Bucket: this.bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: page };
        const output = await this.#list(call, input);
        for (const { Prefix } of output.CommonPrefixes ?? []) {
          if (Prefix !== undefined) folders.push(Prefix.slice(prefix.length, -1));
        }
        page = output.IsTruncated === true ? output.NextContinuationToken : undefined;
      } while (page !== undefined);
      return folders.sort();
    });
  }

  close(): void {
    this.#client.destroy();
  }

  protected call(
    action: string,
    subject: Pick<Subject, 'key' | 'writes' | 'replaces'>,
    options: CallOptions | undefined,
  ): Call {
    const classify: Classify = (error, what): ResilienceError =>
      s3Error(error, { ...subject, location: this.location, action: what });
    const settings = { location: this.location, timeoutMs: this.#timeoutMs, mayAskAgain: !subject.writes };
    return new Call(settings, action, options, classify);
  }

  /** The client, once it has credentials; a failure of the chain is told as what it is. */
  protected async client(): Promise<S3Client> {
    // The SDK keeps them until they expire.
    await this.#client.config.credentials().catch((error: unknown) => {
      throw s3CredentialError(error, this.location);
    });
    return this.#client;
  }

  /** The store's clock when it gave this answer. */
  protected dateOf(output: object): Date | undefined {
    return this.#dates.get(output);
  }

  async #list(call: Call, input: ListObjectsV2CommandInput): Promise<ListObjectsV2CommandOutput> {
    const client = await this.client();
    const output = await client.send(new ListObjectsV2Command(input), { abortSignal: call.signal });
    // Else the page of a proxy would be an empty listing, and that means that nothing is there.
    if (output.Name === undefined) {
      throw storeUnreachable(this.location, call.action, new Error('the answer is not a listing of an object store'));
    }
    return output;
  }

  /**
   * AWS answers 403 for a missing key to who may not list the whole bucket, and what a HEAD is answered with says
   * neither what is missing, nor that an object store answered, nor why it refuses: it has no body. Then the exact key is
   * listed: where that works and the key is not in it, the object is absent. Else it is refused for what the listing
   * says, where that says more.
   */
  private async orMissing<T>(call: Call, method: 'GET' | 'HEAD', key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const status = method === 'HEAD' ? unexplainedStatus(error) : undefined;
      if (status === undefined && !mayBeMissing(error)) throw error;
      let keys: (string | undefined)[];
      try {
        const input = { Bucket: this.bucket, Prefix: key, MaxKeys: 1 };
        const output = await this.#list(call, input);
        keys = (output.Contents ?? []).map((object) => object.Key);
      } catch (listError) {
        if (status !== 404 && mayBeMissing(listError)) throw error;
        throw listError;
      }
      // Of all keys with this prefix the key itself comes first.
      if (!keys.includes(key)) {
        if (status !== undefined && status !== 403 && status !== 404) throw error;
        throw storeAbsent(this.location, `the object ${key}`, error);
      }
      // Written in between: another try finds it.
      if (status === 404) {
        throw storeUnreachable(this.location, call.action, new Error('HTTP 404, and then a listing that has it'));
      }
      // What was refused may pass by now: the SDK sets its clock by the answers that refuse it for its time.
      if (status !== undefined) return await work();
      throw error;
    }
  }
}

/** Reads and conditionally writes one bucket. */
export class S3Store extends S3Reader implements ObjectStore {
  readonly #putSettings: Readonly<Record<string, unknown>>;

  constructor(storage: StorageUrl, settings: S3Settings) {
    super(storage, settings);
    this.#putSettings = settings.aws.putSettings;
  }

  async put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    checkMetadata(options.metadata);
    const { condition } = options;
    const call = this.call(`writing ${key}`, { key, writes: true, replaces: condition !== 'absent' }, options);
    return call.run(async (signal) => {
      const input: PutObjectCommandInput = {
        // First, so that nothing of ours can be replaced.
        ...settingsFor(key, this.#putSettings),
        Bucket: this.bucket,
        Key: key,
        Body: body,
        ContentLength: body.length,
        ContentType: options.contentType,
        Metadata: { ...options.metadata },
        IfNoneMatch: condition === 'absent' ? '*' : undefined,
        IfMatch: condition === 'absent' ? undefined : condition.version,
      };
      const client = await this.client();
      const command = new PutObjectCommand(input);
      if (options.sha256 !== undefined) signWith(command, options.sha256);
      const output = await client.send(command, { abortSignal: signal });
      const date = this.dateOf(output);
      if (output.ETag === undefined || date === undefined) {
        throw storeUnreachable(this.location, call.action, new Error('the answer has no ETag or no Date'));
      }
      return { version: output.ETag, storeDate: date };
    });
  }
}

/** Settings without which a bucket or its policy may refuse any put. */
const everyPut = [
  'ServerSideEncryption',
  'SSEKMSKeyId',
  'SSEKMSEncryptionContext',
  'BucketKeyEnabled',
  'ExpectedBucketOwner',
  'RequestPayer',
];

/**
 * KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG is for the configuration. Its encryption and owner settings go with the lease
 * too, because a bucket may demand them of every put; tags, storage class and object lock do not, because the lease is
 * rewritten every few seconds and has to stay readable.
 */
function settingsFor(key: string, settings: Readonly<Record<string, unknown>>): Partial<PutObjectCommandInput> {
  if (/(^|\/)config\.json$/.test(key)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => everyPut.includes(name)));
}

/** Has a put signed with a digest of its body that is known, in place of one that the SDK computes. */
function signWith({ middlewareStack }: PutObjectCommand, sha256: string): void {
  middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'knownDigest' },
  );
}

function clientConfig({ aws, log }: S3Settings): S3ClientConfig {
  const logger = {
    // The SDK tells each call and its input at these levels: a configuration must not get into a log.
    trace: () => undefined,
    debug: () => undefined,
    info: () => undefined,
    // Every failed call, with its input: the error that the call ends with tells it.
    error: () => undefined,
    warn: (...parts: unknown[]) => {
      const texts = parts.filter((part) => typeof part === 'string');
      if (texts.length > 0) log.warn({ from: 'aws-sdk' }, texts.join(' '));
    },
  };
  return {
    logger,
    // One try: after a lost answer a second conditional put would meet its own object. The callers retry.
    maxAttempts: 1,
    requestHandler: { logger },
    ...(aws.region === undefined ? {} : { region: aws.region }),
    ...(aws.credentials === undefined ? {} : { credentials: aws.credentials.reveal() }),
    ...(aws.endpoint === undefined ? {} : endpointConfig(aws.endpoint, aws.region)),
  };
}

/** Outside AWS: path-style, and no checksums that such servers may not know. */
function endpointConfig(endpoint: URL, region: string | undefined): S3ClientConfig {
  return {
    endpoint: endpoint.href,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(region === undefined ? { region: 'us-east-1' } : {}),
  };
}

interface ObjectAnswer {
  ETag?: string | undefined;
  ContentLength?: number | undefined;
  LastModified?: Date | undefined;
  Metadata?: Record<string, string> | undefined;
}

/** @throws KR_STORE_UNREACHABLE where the answer is not one of an object store: a page of a proxy, say */
function infoOf(call: Call, key: string, answer: ObjectAnswer, storeDate: Date | undefined): ObjectInfo {
  const { ETag: version, ContentLength: size, LastModified: lastModified } = answer;
  if (version === undefined || size === undefined || lastModified === undefined || storeDate === undefined) {
    throw storeUnreachable(
      call.location,
      call.action,
      new Error('the answer is not one of an object store: ETag, Content-Length, Last-Modified or Date is missing'),
    );
  }
  return {
    key,
    version,
    size,
    metadata: answer.Metadata ?? {},
    lastModified,
    storeDate: clockBeside(lastModified, storeDate),
  };
}
