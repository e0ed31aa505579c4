import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { type Credentials, minioRoot } from '../../support/servers';

/** MinIO's admin API, as far as the provider `aminueza/minio` uses it for users and their policies. */
export class MinioAdmin {
  constructor(private readonly endpoint: URL) {}

  async addUser(name: string, secretKey: string): Promise<void> {
    await this.#send('PUT', 'add-user', { accessKey: name }, sealed({ secretKey, status: 'enabled' }));
  }

  async addPolicy(name: string, policy: string): Promise<void> {
    await this.#send('PUT', 'add-canned-policy', { name }, Buffer.from(policy));
  }

  async attachPolicy(policy: string, user: string): Promise<void> {
    await this.#send('POST', 'idp/builtin/policy/attach', {}, sealed({ policies: [policy], user }));
  }

  /** With keys of the caller's choice; `policy` is JSON text. */
  async addServiceAccount(targetUser: string, policy: string, keys: Credentials): Promise<void> {
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = keys;
    const request = { targetUser, policy: JSON.parse(policy) as unknown, accessKey, secretKey, name: 'account' };
    await this.#send('PUT', 'add-service-account', {}, sealed(request));
  }

  async #send(method: string, path: string, query: Readonly<Record<string, string>>, body: Buffer): Promise<void> {
    const url = new URL(`/minio/admin/v3/${path}?${new URLSearchParams(query).toString()}`, this.endpoint);
    // Without a type, some calls take the body for a form.
    const headers = { 'content-type': 'application/octet-stream', ...signature(method, url, body) };
    const answer = await fetch(url, { method, body: new Uint8Array(body), headers });
    if (!answer.ok) throw new Error(`MinIO answered ${path} with ${answer.status}: ${await answer.text()}`);
  }
}

/** Encrypts a request under the caller's secret, as the admin API demands: madmin's form with PBKDF2 and AES-256-GCM, in one fragment. */
function sealed(request: object): Buffer {
  const salt = randomBytes(32);
  const nonce = randomBytes(8);
  const key = pbkdf2Sync(minioRoot.secretAccessKey, salt, 8192, 32, 'sha256');
  const seal = (sequence: number, associated: Buffer, text: string): Buffer => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32LE(sequence);
    const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, counter]));
    cipher.setAAD(associated);
    return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  };
  // 0x80 marks the last fragment, and the tag of nothing at all binds the stream's associated data, which is empty.
  const last = Buffer.concat([Buffer.from([0x80]), seal(0, Buffer.alloc(0), '')]);
  return Buffer.concat([salt, Buffer.from([0x02]), nonce, seal(1, last, JSON.stringify(request))]);
}

/** AWS Signature Version 4 for a request of the root user. */
function signature(method: string, url: URL, body: Buffer): Record<string, string> {
  const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const headers: Record<string, string> = { host: url.host, 'x-amz-content-sha256': hash(body), 'x-amz-date': time };
  const signed = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, url.searchParams.toString(), lines.join(''), signed, hash(body)].join('\n');
  const key = [day, 'us-east-1', 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${minioRoot.secretAccessKey}`,
  );
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const value = createHmac('sha256', key).update(text).digest('hex');
  return {
    'x-amz-content-sha256': hash(body),
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${minioRoot.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${value}`,
  };
}
