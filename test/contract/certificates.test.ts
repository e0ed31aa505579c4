import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReadOptions } from '../../src/contract';
import { makePair } from './certificates';
import type { Pair } from './certificates';
import { environmentOf, plain, textsOf } from './blocks';
import type { Block } from './blocks';

const now = new Date();
let pair: Pair;
let other: Pair;
let expired: Pair;
let early: Pair;
let folder: string;

beforeAll(async () => {
  pair = await makePair(now);
  other = await makePair(now);
  expired = await makePair(now, -3, -2);
  early = await makePair(now, 2, 3);
  folder = mkdtempSync(join(tmpdir(), 'contract-'));
  writeFileSync(join(folder, 'cluster.crt'), pair.certificate);
  writeFileSync(join(folder, 'cluster.key'), pair.key);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A hybrid node with the certificate and key of `pair`. */
function hybrid(block: Block = {}): Block {
  return {
    ...plain,
    KONG_RESILIENCE_ADMIN_URL: undefined,
    KONG_CLUSTER_CERT: pair.certificate,
    KONG_CLUSTER_CERT_KEY: pair.key,
    ...block,
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const oneLine = (text: string): string => text.replaceAll('\n', '\\n');
const forms = 'it must be a path, PEM, or base64 of PEM';

describe('certificate and key', () => {
  it('are taken as PEM, as base64 of PEM, as paths, and from KONG_…_FILE', () => {
    const blocks = [
      hybrid(),
      hybrid({ KONG_CLUSTER_CERT: base64(pair.certificate), KONG_CLUSTER_CERT_KEY: base64(pair.key) }),
      hybrid({ KONG_CLUSTER_CERT: join(folder, 'cluster.crt'), KONG_CLUSTER_CERT_KEY: join(folder, 'cluster.key') }),
      hybrid({
        KONG_CLUSTER_CERT: undefined,
        KONG_CLUSTER_CERT_KEY: undefined,
        KONG_CLUSTER_CERT_FILE: join(folder, 'cluster.crt'),
        KONG_CLUSTER_CERT_KEY_FILE: join(folder, 'cluster.key'),
      }),
    ];
    for (const block of blocks) {
      const { cluster } = environmentOf(block);
      expect(cluster.certificate?.trim()).toBe(pair.certificate.trim());
      expect(cluster.key?.reveal().trim()).toBe(pair.key.trim());
    }
  });

  it('are missed when they are not set', () => {
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: '', KONG_CLUSTER_CERT_KEY: ' ' })).problems).toEqual([
      'KR_ENV_MISSING KONG_CLUSTER_CERT is not set, and the control plane is reached with it. Give the certificate of the data planes as a path, PEM, or base64 of PEM.',
      'KR_ENV_MISSING KONG_CLUSTER_CERT_KEY is not set, and the control plane is reached with it. Give the private key of the data planes as a path, PEM, or base64 of PEM.',
    ]);
  });

  it('are neither needed nor read for the command status', () => {
    const readFile = (): string => {
      throw new Error('nothing may be read');
    };
    const block = hybrid({ KONG_CLUSTER_CERT: undefined, KONG_CLUSTER_CERT_FILE: '/c', KONG_CLUSTER_CERT_KEY: '/k' });
    expect(textsOf(block, 'status', { readFile })).toEqual({ problems: [], warnings: [] });
    expect(textsOf(block, 'check', { readFile })).toEqual({ problems: [], warnings: [] });
  });

  it('are not read where the Admin API is the source', () => {
    const readFile = (): string => {
      throw new Error('nothing may be read');
    };
    expect(
      textsOf({ ...plain, KONG_CLUSTER_CERT: '/c', KONG_CLUSTER_CERT_KEY: '/k' }, 'run', { readFile }).problems,
    ).toEqual([]);
  });

  it('are refused with line breaks that are two characters', () => {
    const advice =
      'its PEM holds "\\n" as two characters. Write real line breaks (in YAML after "|"), base64 of the PEM, or a path.';
    const texts = [`KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: ${advice}`, `KR_ENV_KEY KONG_CLUSTER_CERT_KEY: ${advice}`];
    const [certificate, key] = [oneLine(pair.certificate), oneLine(pair.key)];
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: certificate, KONG_CLUSTER_CERT_KEY: key })).problems).toEqual(texts);
    const inBase64 = hybrid({ KONG_CLUSTER_CERT: base64(certificate), KONG_CLUSTER_CERT_KEY: base64(key) });
    expect(textsOf(inBase64).problems).toEqual(texts);
  });

  it('may be references, and what these hold is never shown', () => {
    const block = hybrid({ KONG_CLUSTER_CERT: '{vault://env/cert}', KONG_CLUSTER_CERT_KEY: '{vault://env/key}' });
    const holding = (certificate: string, key: string): Partial<ReadOptions> => ({
      secrets: new Map([
        ['{vault://env/cert}', certificate],
        ['{vault://env/key}', key],
      ]),
    });
    expect(environmentOf(block, 'run', holding(pair.certificate, base64(pair.key))).cluster).toMatchObject({
      certificate: pair.certificate.trim(),
    });
    expect(textsOf(block, 'run', holding('./hunter2.crt', '/hunter2')).problems).toEqual([
      `KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: ${forms}, and no such file can be read (ENOENT).`,
      `KR_ENV_KEY KONG_CLUSTER_CERT_KEY: ${forms}, and no such file can be read (ENOENT).`,
    ]);
  });

  it('are refused when they are neither PEM nor base64 nor a file, and only a path is shown', () => {
    expect(
      textsOf(hybrid({ KONG_CLUSTER_CERT: '/nowhere/cluster.crt', KONG_CLUSTER_CERT_KEY: '/nowhere/cluster.key' }))
        .problems,
    ).toEqual([
      `KR_ENV_CERTIFICATE KONG_CLUSTER_CERT is "/nowhere/cluster.crt": ${forms}, and no such file can be read (ENOENT).`,
      `KR_ENV_KEY KONG_CLUSTER_CERT_KEY: ${forms}, and no such file can be read (ENOENT).`,
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: folder })).problems).toEqual([
      `KR_ENV_CERTIFICATE KONG_CLUSTER_CERT is "${folder}": ${forms}, and no such file can be read (EISDIR).`,
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: 'hunter2' })).problems).toEqual([
      `KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: ${forms}, and no such file can be read (ENOENT).`,
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: 'line one\nline two' })).problems).toEqual([
      `KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: ${forms}, and is none of them.`,
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT_KEY: 'a'.repeat(4097) })).problems).toEqual([
      `KR_ENV_KEY KONG_CLUSTER_CERT_KEY: ${forms}, and is none of them.`,
    ]);
  });

  it('are refused when they are mixed up', () => {
    const block = hybrid({ KONG_CLUSTER_CERT: pair.key, KONG_CLUSTER_CERT_KEY: pair.certificate });
    expect(textsOf(block).problems).toEqual([
      'KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: it holds a private key, not a certificate. Were the two mixed up?',
      'KR_ENV_KEY KONG_CLUSTER_CERT_KEY: it holds a certificate, not a private key. Were the two mixed up?',
    ]);
  });

  it('are refused when their PEM is another thing, damaged, or encrypted', () => {
    const begin = (kind: string): string => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----`;
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: begin('PUBLIC KEY') })).problems).toEqual([
      'KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: it is not a certificate in PEM.',
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT: begin('CERTIFICATE') })).problems).toEqual([
      'KR_ENV_CERTIFICATE KONG_CLUSTER_CERT: its PEM is damaged and cannot be decoded. Copy the file again, as it is.',
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT_KEY: begin('PRIVATE KEY') })).problems).toEqual([
      'KR_ENV_KEY KONG_CLUSTER_CERT_KEY: it is not a private key in PEM.',
    ]);
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT_KEY: begin('ENCRYPTED PRIVATE KEY') })).problems).toEqual([
      'KR_ENV_KEY KONG_CLUSTER_CERT_KEY: the key is encrypted, and Kong takes no passphrase. Give it decrypted.',
    ]);
  });

  it('are refused when they do not belong together', () => {
    expect(textsOf(hybrid({ KONG_CLUSTER_CERT_KEY: other.key })).problems).toEqual([
      'KR_ENV_KEY KONG_CLUSTER_CERT_KEY: the key does not belong to the certificate in KONG_CLUSTER_CERT. Give the two that were made together.',
    ]);
  });

  it('only warn outside their validity', () => {
    const second = (days: number): string => {
      const date = new Date(now.getTime() + days * 24 * 60 * 60 * 1000);
      date.setUTCMilliseconds(0);
      return date.toISOString();
    };
    const past = hybrid({ KONG_CLUSTER_CERT: expired.certificate, KONG_CLUSTER_CERT_KEY: expired.key });
    expect(textsOf(past, 'run', { now })).toEqual({
      problems: [],
      warnings: [`KR_ENV_VALIDITY KONG_CLUSTER_CERT: the certificate expired at ${second(-2)}. Replace it.`],
    });
    const future = hybrid({ KONG_CLUSTER_CERT: early.certificate, KONG_CLUSTER_CERT_KEY: early.key });
    expect(textsOf(future, 'run', { now })).toEqual({
      problems: [],
      warnings: [
        `KR_ENV_VALIDITY KONG_CLUSTER_CERT: the certificate is valid only from ${second(2)} on. Check the clock.`,
      ],
    });
  });
});

describe('trusted certificates', () => {
  it('are the system and no more by default', () => {
    expect(environmentOf(hybrid()).cluster).toMatchObject({ trusted: [], trustSystem: true });
  });

  it('are the cluster CA and those of the list, of which each may be a bundle', () => {
    const path = join(folder, 'bundle.pem');
    writeFileSync(path, `${other.certificate}\n${pair.certificate}`);
    const { cluster } = environmentOf(
      hybrid({ KONG_CLUSTER_CA_CERT: base64(other.certificate), KONG_LUA_SSL_TRUSTED_CERTIFICATE: `${path}, system` }),
    );
    expect(cluster.trusted).toEqual([other.certificate, `${other.certificate}\n${pair.certificate}`]);
    expect(cluster.trustSystem).toBe(true);
  });

  it('leave the system out when the list does', () => {
    const { cluster } = environmentOf(hybrid({ KONG_LUA_SSL_TRUSTED_CERTIFICATE: join(folder, 'cluster.crt') }));
    expect(cluster).toMatchObject({ trusted: [pair.certificate], trustSystem: false });
  });

  it('are refused when they are no certificates', () => {
    const block = hybrid({
      KONG_CLUSTER_CA_CERT: pair.key,
      KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system,/nowhere/ca.crt',
    });
    expect(textsOf(block).problems).toEqual([
      'KR_ENV_CERTIFICATE KONG_CLUSTER_CA_CERT: it holds a private key, not a certificate. Were the two mixed up?',
      `KR_ENV_CERTIFICATE KONG_LUA_SSL_TRUSTED_CERTIFICATE is "/nowhere/ca.crt": ${forms}, and no such file can be read (ENOENT).`,
    ]);
  });
});

describe('KONG_<OPTION>_FILE', () => {
  const files = (contents: Readonly<Record<string, string>>) => (path: string) => {
    const content = contents[path];
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return content;
  };

  it('sets the option to the content of the file, without the line break at its end', () => {
    const block = {
      ...plain,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE_FILE: '/s',
    };
    const readFile = files({ '/s': 's3://other-bucket/x\n' });
    expect(environmentOf(block, 'run', { readFile }).storage.bucket).toBe('other-bucket');
  });

  it('is an error beside the option', () => {
    expect(textsOf({ ...plain, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE_FILE: '/s' }).problems).toEqual([
      "KR_ENV_FILE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE_FILE and KONG_CLUSTER_FALLBACK_CONFIG_STORAGE are both set, and Kong's images take only one. Unset one of them.",
    ]);
  });

  it('is one error, and no other, when the file cannot be read', () => {
    const block = {
      ...hybrid(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE_FILE: '/s',
      KONG_CLUSTER_CERT: undefined,
      KONG_CLUSTER_CERT_FILE: '/c',
    };
    expect(textsOf(block, 'run', { readFile: files({}) }).problems).toEqual([
      'KR_ENV_FILE KONG_CLUSTER_CERT_FILE is "/c": the file cannot be read (ENOENT).',
      'KR_ENV_FILE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE_FILE is "/s": the file cannot be read (ENOENT).',
    ]);
  });

  it('of an option that is not read here is left alone', () => {
    const block = { ...plain, KONG_DECLARATIVE_CONFIG_FILE: '/nowhere', KONG_PG_PASSWORD_FILE: '/nowhere' };
    expect(textsOf(block)).toEqual({ problems: [], warnings: [] });
  });
});
