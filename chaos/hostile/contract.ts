import { isAbsolute, join, normalize } from 'node:path';
import * as z from 'zod/mini';
import {
  checkVariable,
  configKey,
  environmentVariables,
  formatProblems,
  formatStorageUrl,
  leaseKey,
  parseGatewayVersion,
  parseStorageUrl,
  parseVaultReference,
  readEnvironment,
} from '../../src/contract';
import { serviceAccount } from '../../src/contract/service-account';
import { pluginList } from '../../src/contract/value-types';
import { pluginNames } from '../../src/protocol';
import { valueOf } from '../../src/vaults/member';
import { plain } from '../../test/contract/blocks';
import { makeClusterCertificate } from '../../test/support/certificates';
import { bytesOf } from '../support/hostile';
import { must, type Parser } from '../support/parser';

/** Texts that no message may have: what JavaScript says where it was not asked. */
const slips = /native code|\[object |undefined/;

/** Each problem is one line, whatever the values hold. */
const oneLine = (text: string): boolean => !/[\p{Cc}\u2028\u2029]/u.test(text);

const urls = bytesOf(
  's3://test-bucket/test-prefix',
  's3://test-bucket',
  'gcs://test.bucket_x/a/b/',
  'gs://bucket-1/x',
  'file:///var/lib/kong',
  'azure://x',
  'gcp://bucket/x',
  'arn:aws:s3:::bucket/*',
  'bucket.s3.amazonaws.com/x',
  'constructor://bucket',
);
const storage: Parser = {
  name: 'storage URL',
  feed: (hostile) => {
    const text = hostile.text(urls);
    const result = parseStorageUrl(text);
    if (!result.ok) {
      must(/^KR_ENV_/.test(result.refusal.code), 'a refusal has a code', () => text);
      must(
        oneLine(result.refusal.text) && !/native code|\[object /.test(result.refusal.text),
        'a refusal is one plain line',
        () => [text, result],
      );
      return false;
    }
    const { scheme, bucket, prefix } = result.storage;
    const version = parseGatewayVersion('3.9.1');
    if (version === undefined) throw new Error('a version is none');
    must(
      JSON.stringify(parseStorageUrl(formatStorageUrl(result.storage))) === JSON.stringify(result),
      'it reads as it was written',
      () => text,
    );
    for (const key of [configKey(result.storage, version), leaseKey(result.storage, version)]) {
      must(
        !key.startsWith('/') && !key.includes('//') && !key.split('/').some((part) => part === '..' || part === '.'),
        'no key leaves its folder',
        () => [text, key],
      );
      must(Buffer.byteLength(key) <= 1024 && oneLine(key), 'a key is one that a store takes', () => [text, key]);
      if (scheme === 'file')
        must(join(bucket, key).startsWith(`${bucket}/`), 'no file is outside the folder', () => [text, key]);
    }
    if (scheme === 'file')
      must(isAbsolute(bucket) && normalize(bucket) === bucket && bucket !== '/', 'a folder is written out', () => text);
    else
      must(
        /^[a-z0-9][a-z0-9._-]+[a-z0-9]$/.test(bucket) && !bucket.includes('..'),
        'a bucket has a legal name',
        () => text,
      );
    must(
      text.startsWith(`${scheme === 'gcs' ? 'g' : scheme}`) && text.includes(prefix),
      'nothing in it is decoded',
      () => text,
    );
    return true;
  },
};

const versions = bytesOf(
  '3.9.1',
  '3.10.0.2',
  '0.0.0',
  '12345.99999.1',
  '3.9',
  'v3.9.1',
  'latest',
  '3.9.1-ubuntu',
  '3.9.1\n',
);
const gatewayVersion: Parser = {
  name: 'gateway version',
  feed: (hostile) => {
    const text = hostile.text(versions);
    const version = parseGatewayVersion(text);
    const parts = text.split('.');
    const valid =
      (parts.length === 3 || parts.length === 4) &&
      parts.every((part) => /^[0-9]{1,5}$/.test(part) && String(Number(part)) === part) &&
      !text.includes('\n');
    must((version !== undefined) === valid, 'three or four numbers are a version, and nothing else is', () => text);
    if (version === undefined) return false;
    must(version.text === text && version.parts.join('.') === text, 'it is as it was written', () => text);
    return true;
  },
};

const references = bytesOf(
  '{vault://env/my-secret}',
  '{vault://aws/kong-cluster/key?region=us-east-2&ttl=60#1}',
  '{vault://gcp/secret/key?project_id=my-project#12}',
  '{vault://aws/arn%3Aaws%3Asecretsmanager%3Aus-east-2%3A123456789012%3Asecret%3Aa/}',
  '{vault://hcv/x/y}',
  '{vault://env/a%2520b+c/d?prefix=X_}',
);
const vaultReference: Parser = {
  name: 'vault reference',
  feed: (hostile) => {
    const text = hostile.text(references);
    const result = parseVaultReference(text);
    if (!result.ok) {
      must(oneLine(result.why) && !slips.test(result.why), 'a refusal is one plain line', () => [text, result.why]);
      return false;
    }
    const { vault, secret, key, version, options } = result.reference;
    must(
      ['env', 'aws', 'gcp'].includes(vault) && text.startsWith(`{vault://${vault}`),
      'its vault is one that is read',
      () => text,
    );
    must(secret !== '' && oneLine(secret) && oneLine(key ?? ''), 'its parts are plain text', () => text);
    must(
      version === undefined || (Number.isInteger(version) && version >= 1),
      'a version is a number from 1 on',
      () => text,
    );
    must(
      Object.keys(options).every((option) =>
        ['prefix', 'region', 'endpoint_url', 'ttl', 'neg_ttl', 'resurrect_ttl', 'project_id'].includes(option),
      ),
      'it has known options alone',
      () => text,
    );
    return true;
  },
};

const secretTexts = [
  { key: 'PEM', password: 'x', nested: { key: 'y' } },
  { __proto__: null, key: '' },
  ['key'],
  'key',
  null,
];
const secretMember: Parser = {
  name: "member of a vault's secret",
  feed: (hostile) => {
    const text = hostile.json(secretTexts).toString();
    const key = hostile.random.of(['key', 'password', '__proto__', 'constructor', 'toString', '']);
    const value = valueOf({ text: '', vault: 'env', secret: 'x', key, options: {} }, text);
    const json = JSON.parse(text) as Record<string, unknown>;
    must(Object.hasOwn(json, key) && json[key] === value, 'it is the member, and the member of nothing else', () => [
      text,
      key,
    ]);
    return true;
  },
};

let privateKey = '';
let accounts: readonly unknown[] = [];
const account: Parser = {
  name: 'service account',
  start: async () => {
    privateKey = (await makeClusterCertificate()).key.reveal();
    accounts = [
      {
        type: 'service_account',
        client_email: 'a@b.iam.gserviceaccount.com',
        private_key: privateKey,
        project_id: 'p',
      },
      { type: 'authorized_user', client_id: 'x' },
    ];
  },
  feed: (hostile) => {
    const text = hostile.json(accounts).toString();
    const result = z.safeParse(serviceAccount.schema, text);
    if (!result.success) {
      for (const { message } of result.error.issues) {
        must(oneLine(message) && !slips.test(message), 'a refusal is one plain line', () => text);
        must(!message.includes(privateKey.slice(40, 60)), 'a refusal quotes nothing', () => text);
      }
      return false;
    }
    const json = JSON.parse(text) as Record<string, unknown>;
    const { client_email: email, private_key: key } = result.data.reveal();
    must(
      json['type'] === 'service_account' && json['client_email'] === email && json['private_key'] === key,
      'it is what JSON.parse reads',
      () => text,
    );
    return true;
  },
};

const lists = bytesOf('bundled', 'off', 'bundled,my-plugin', 'a, b ,c', 'rate-limiting,x.y_z', '');
const plugins: Parser = {
  name: 'list of plugins',
  feed: (hostile) => {
    const text = hostile.text(lists);
    const result = z.safeParse(pluginList.schema, text);
    if (!result.success) {
      must(
        result.error.issues.every(
          ({ message }) => oneLine(message) && !slips.test(message.replace(/"(\\.|[^"\\])*"/g, '')),
        ),
        'a refusal is one plain line',
        () => text,
      );
      return false;
    }
    const names = pluginNames('3.9.1', result.data);
    must(
      names.every((name) => /^[A-Za-z0-9_.-]+$/.test(name)) && new Set(names).size === names.length,
      'each name stands once, and is one',
      () => text,
    );
    must(
      result.data.every((name) => text.includes(name)),
      'a name is as it was written',
      () => text,
    );
    return true;
  },
};

const read = environmentVariables.filter((variable) => variable.read);
const samples = bytesOf(
  ...read.map(({ default: value }) => value ?? '').filter((value) => value !== ''),
  ...[
    'on',
    'off',
    'true',
    '1.5',
    '30',
    '-1',
    '0',
    'cp.example.com:8005',
    '[::1]:8005',
    'http://user:p%40ss@proxy:3128',
    'a:b,c:d',
  ],
  ...[
    '{"ServerSideEncryption":"aws:kms","SSEKMSKeyId":"x","Metadata":{"a":"b"}}',
    'system',
    '<placeholder>',
    '"quoted"',
  ],
  ...['3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10', 'arn:aws:iam::123456789012:role/x', '/var/lib/x', 'us-east-2', '1000'],
  ...['{vault://env/secret}', 's3://test-bucket/x', 'file:///x', '3.9.1,3.10.0.2', 'https://store.example.com:9000'],
);

/** The values that Kong takes as they are, judged anew. */
function judge(name: string, text: string): boolean | undefined {
  const { allowed } = read.find((variable) => variable.name === name) ?? { allowed: '' };
  if (allowed === '`on`, `true`, `off` or `false`') return ['on', 'true', 'off', 'false'].includes(text);
  const range = /^(\d+) to (\d+)$/.exec(allowed);
  if (range === null) return undefined;
  const value = Number(text);
  return /^-?\d+(\.\d+)?$/.test(text) && value >= Number(range[1]) && value <= Number(range[2]);
}

const values: Parser = {
  name: 'value of each variable',
  feed: (hostile) => {
    const { name, secret } = hostile.random.of(read);
    const text = hostile.text(samples).trim();
    const problems = checkVariable(name, text);
    for (const problem of problems) {
      must(oneLine(problem.text), 'a problem is one line', () => [name, text, problem.text]);
      must(!slips.test(problem.text.replace(/"(\\.|[^"\\])*"/g, '')), 'a problem is plain text', () => [
        name,
        text,
        problem.text,
      ]);
      if (secret && text.length > 12)
        must(!problem.text.includes(text), 'the value of a secret stands in no message', () => [name, text]);
    }
    const verdict = judge(name, text);
    const taken = text === '' || problems.length === 0;
    if (taken && text !== '' && !text.includes('{vault://'))
      must(verdict !== false, 'only what is allowed is taken', () => [name, text]);
    return taken;
  },
};

const commands = ['run', 'export', 'import', 'status', 'check'] as const;
const known = environmentVariables.map(({ name }) => name);
const names = bytesOf(
  ...known,
  ...known.map((name) => `${name}_FILE`),
  'KONG_RESILIENCE_X',
  'PATH',
  '__proto__',
  'constructor',
);
const environment: Parser = {
  name: 'environment',
  feed: (hostile) => {
    const { random } = hostile;
    const block: Record<string, string> = Object.assign(Object.create(null), plain) as Record<string, string>;
    for (let left = 1 + random.below(4); left > 0; left--)
      block[hostile.chance(0.7) ? random.of(known) : hostile.text(names)] = hostile.text(samples);
    const result = readEnvironment(block, {
      command: random.of(commands),
      readFile: () => hostile.text(samples),
      now: new Date(0),
    });
    const problems = result.ok ? result.environment.warnings : [...result.problems, ...result.warnings];
    const lines = formatProblems(problems).split(/[\n\r\u2028\u2029]/);
    must(lines.length === problems.length + 1, 'a report has one line for each problem', () => block);
    must(
      !problems.some(({ text }) => /native code|\[object /.test(text.replace(/"(\\.|[^"\\])*"/g, ''))),
      'a problem is plain text',
      () => [block, problems],
    );
    if (!result.ok) {
      must(result.problems.length > 0 || result.unresolved !== undefined, 'a refusal says why', () => block);
      return false;
    }
    const { handoverDir, spool, versions: read } = result.environment;
    must(
      [handoverDir, spool.dir].every((path) => isAbsolute(path) && normalize(path) === path),
      'folders are written out',
      () => block,
    );
    must(
      read.every(({ text }) => /^\d+(\.\d+){2,3}$/.test(text)),
      'a version names no path',
      () => block,
    );
    return true;
  },
};

export const contractParsers: readonly Parser[] = [
  storage,
  gatewayVersion,
  vaultReference,
  secretMember,
  account,
  plugins,
  values,
  environment,
];
