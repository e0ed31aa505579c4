import { type webcrypto as WebCrypto, webcrypto } from 'node:crypto';

import type * as X509 from '@peculiar/x509';

import { Secret } from '../contract';

/** A certificate and its key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: Secret;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Names and addresses of the certificate; the common name when absent. */
  readonly names?: readonly string[];
  /** What it is fit for; both when absent. */
  readonly usage?: readonly ('serverAuth' | 'clientAuth')[];
  /** Validity relative to now, in days. From a day ago to a week ahead when absent. */
  readonly days?: readonly [from: number, to: number];
}

/** An authority that signs certificates. */
export interface Authority {
  /** Its own certificate, as PEM. */
  readonly certificate: string;
  issue(options: CertificateOptions): Promise<KeyPair>;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const USAGE = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;
const DEFAULT_DAYS = [-1, 7] as const;

/** The one self-signed certificate that all sides of a cluster share, as `kong hybrid gen_cert` makes it. */
export async function makeClusterCertificate(options: Partial<CertificateOptions> = {}): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const commonName = options.commonName ?? 'kong_clustering';
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common({ ...options, commonName }),
    name: `CN=${commonName}`,
    keys,
    extensions: await extensions({ ...options, commonName }),
  });
  return pair(certificate, keys);
}

/** A certificate authority for a cluster with a PKI of its own. */
export async function makeAuthority(commonName: string): Promise<Authority> {
  const x509 = await library();
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...common({ commonName }),
    name: `CN=${commonName}`,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  return {
    certificate: root.toString('pem'),
    issue: async (options) => {
      const own = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        ...common(options),
        subject: `CN=${options.commonName}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: await extensions(options),
      });
      return pair(certificate, own);
    },
  };
}

/** Loaded when it is used: it is of no use to anybody but the demo, and not small. */
async function library(): Promise<typeof X509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function newKeys(): Promise<WebCrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
}

function common(options: CertificateOptions): {
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  signingAlgorithm: typeof EC;
} {
  const [from, to] = options.days ?? DEFAULT_DAYS;
  const now = Date.now();
  return {
    // A leading 01 keeps the number positive and of full length.
    serialNumber: `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`,
    notBefore: new Date(now + from * DAY_MS),
    notAfter: new Date(now + to * DAY_MS),
    signingAlgorithm: EC,
  };
}

async function extensions(options: CertificateOptions): Promise<X509.Extension[]> {
  const x509 = await library();
  const names = options.names ?? [options.commonName];
  const usage = options.usage ?? ['serverAuth', 'clientAuth'];
  return [
    new x509.BasicConstraintsExtension(false),
    new x509.ExtendedKeyUsageExtension(usage.map((name) => USAGE[name])),
    new x509.SubjectAlternativeNameExtension(
      names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
    ),
  ];
}

async function pair(certificate: X509.X509Certificate, keys: WebCrypto.CryptoKeyPair): Promise<KeyPair> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: new Secret(`-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`),
  };
}
