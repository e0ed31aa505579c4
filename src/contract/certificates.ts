import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { systemReason } from './files';
import type { ReadFile } from './files';
import type { VariableName, VariableValues } from './environment-variables';
import type { ProblemList } from './problems';
import { Secret } from './secret';
import { show } from './show';

/** The PEM texts of a hybrid connection. */
export interface ClusterPem {
  readonly certificate?: string;
  readonly key?: Secret;
  readonly trusted: readonly string[];
  readonly trustSystem: boolean;
}

/** What certificates are read with. */
export interface CertificateReader {
  readonly values: VariableValues;
  readonly readFile: ReadFile;
  readonly now: Date;
  readonly problems: ProblemList;
}

type PemVariable = Extract<
  VariableName,
  'KONG_CLUSTER_CERT' | 'KONG_CLUSTER_CERT_KEY' | 'KONG_CLUSTER_CA_CERT' | 'KONG_LUA_SSL_TRUSTED_CERTIFICATE'
>;

/** Longest text that is taken for a path. */
const longestPath = 4096;

/** Reads and checks what a hybrid connection needs of certificates: each as a path, PEM, or base64 of PEM, as Kong takes them. */
export function readClusterPem(reader: CertificateReader): ClusterPem {
  const { values, problems } = reader;
  const trusted: string[] = [];
  const { KONG_CLUSTER_CA_CERT: ca, KONG_LUA_SSL_TRUSTED_CERTIFICATE: list } = values;
  if (ca !== undefined) trusted.push(...readCertificates('KONG_CLUSTER_CA_CERT', ca, reader));
  const entries = list.split(',').map((entry) => entry.trim());
  for (const entry of entries) {
    if (entry === 'system') continue;
    if (entry !== '') trusted.push(...readCertificates('KONG_LUA_SSL_TRUSTED_CERTIFICATE', entry, reader));
  }
  const certificate = readCertificate(reader);
  const key = readKey(reader);
  if (certificate !== undefined && key !== undefined && !certificate.first.checkPrivateKey(key.object)) {
    problems.add(
      'KR_ENV_KEY',
      'KONG_CLUSTER_CERT_KEY',
      'KONG_CLUSTER_CERT_KEY: the key does not belong to the certificate in KONG_CLUSTER_CERT. Give the two that were made together.',
    );
  }
  return {
    ...(certificate === undefined ? {} : { certificate: certificate.pem }),
    ...(key === undefined ? {} : { key: new Secret(key.pem) }),
    trusted,
    trustSystem: entries.includes('system'),
  };
}

function readCertificate(reader: CertificateReader): { pem: string; first: X509Certificate } | undefined {
  const text = required('KONG_CLUSTER_CERT', reader);
  if (text === undefined) return undefined;
  const [pem] = readCertificates('KONG_CLUSTER_CERT', text, reader);
  return pem === undefined ? undefined : { pem, first: new X509Certificate(pem) };
}

function readKey(reader: CertificateReader): { pem: string; object: KeyObject } | undefined {
  const name = 'KONG_CLUSTER_CERT_KEY';
  const text = required(name, reader);
  const pem = text === undefined ? undefined : readPem(name, text, reader);
  if (pem === undefined) return undefined;
  try {
    return { pem, object: createPrivateKey(pem) };
  } catch {
    reader.problems.add('KR_ENV_KEY', name, `${name}: ${explainKey(pem)}`);
    return undefined;
  }
}

function explainKey(pem: string): string {
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    return 'the key is encrypted, and Kong takes no passphrase. Give it decrypted.';
  }
  if (pem.includes('BEGIN CERTIFICATE')) return 'it holds a certificate, not a private key. Were the two mixed up?';
  return 'it is not a private key in PEM.';
}

function required(
  name: 'KONG_CLUSTER_CERT' | 'KONG_CLUSTER_CERT_KEY',
  { values, problems }: CertificateReader,
): string | undefined {
  const text = values[name];
  const reported = problems.concerns(name) || problems.concerns(`${name}_FILE`);
  if (text === undefined && !reported) {
    const what = name === 'KONG_CLUSTER_CERT' ? 'certificate' : 'private key';
    problems.add(
      'KR_ENV_MISSING',
      name,
      `${name} is not set, and the control plane is reached with it. Give the ${what} of the data planes as a path, PEM, or base64 of PEM.`,
    );
  }
  return text;
}

/** The PEM text of one or more certificates as a list of one, or none when something is wrong. */
function readCertificates(name: PemVariable, text: string, reader: CertificateReader): readonly string[] {
  const pem = readPem(name, text, reader);
  if (pem === undefined) return [];
  const blocks =
    pem.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END [A-Z0-9 ]*CERTIFICATE-----/g) ?? [];
  const { problems, now } = reader;
  if (blocks.length === 0) {
    const mixed = pem.includes('PRIVATE KEY')
      ? 'it holds a private key, not a certificate. Were the two mixed up?'
      : 'it is not a certificate in PEM.';
    problems.add('KR_ENV_CERTIFICATE', name, `${name}: ${mixed}`);
    return [];
  }
  const certificates: X509Certificate[] = [];
  for (const block of blocks) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      problems.add(
        'KR_ENV_CERTIFICATE',
        name,
        `${name}: its PEM is damaged and cannot be decoded. Copy the file again, as it is.`,
      );
      return [];
    }
  }
  // A bundle of trusted certificates may well hold an expired one among many: only the first matters to the reader of a warning.
  const [first] = certificates;
  if (first !== undefined) warnOfValidity(name, first, now, problems);
  return [pem];
}

function warnOfValidity(name: string, certificate: X509Certificate, now: Date, problems: ProblemList): void {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (now > to) {
    problems.add('KR_ENV_VALIDITY', name, `${name}: the certificate expired at ${to.toISOString()}. Replace it.`);
  } else if (now < from) {
    problems.add(
      'KR_ENV_VALIDITY',
      name,
      `${name}: the certificate is valid only from ${from.toISOString()} on. Check the clock.`,
    );
  }
}

/** Finds out in which of the three forms a text stands, and gives its PEM. */
function readPem(name: PemVariable, text: string, { readFile, problems }: CertificateReader): string | undefined {
  const code = name === 'KONG_CLUSTER_CERT_KEY' ? 'KR_ENV_KEY' : 'KR_ENV_CERTIFICATE';
  const lines = (pem: string): string | undefined => {
    if (!/\\r?\\n|\\n/.test(pem)) return pem;
    problems.add(
      code,
      name,
      `${name}: its PEM holds "\\n" as two characters. Write real line breaks (in YAML after "|"), base64 of the PEM, or a path.`,
    );
    return undefined;
  };
  if (text.includes('-----BEGIN')) return lines(text);
  if (/^[A-Za-z0-9+/=\s]+$/.test(text)) {
    const decoded = Buffer.from(text, 'base64').toString();
    if (decoded.includes('-----BEGIN')) return lines(decoded);
  }
  const forms = 'a path, PEM, or base64 of PEM';
  // eslint-disable-next-line no-control-regex -- no path holds a control character
  if (text.length > longestPath || /[\u0000-\u001f]/.test(text)) {
    problems.add(code, name, `${name}: it must be ${forms}, and is none of them.`);
    return undefined;
  }
  // What does not look like a path may be a part of a secret that lost its first line.
  const shown =
    code === 'KR_ENV_CERTIFICATE' &&
    !problems.fromVault.has(name) &&
    /^(\.{0,2}\/|[\w.-]+\.(crt|pem|cer|cert)$)/.test(text)
      ? ` is ${show(text)}`
      : '';
  try {
    return lines(readFile(text));
  } catch (error) {
    const reason = systemReason(error);
    problems.add(code, name, `${name}${shown}: it must be ${forms}, and no such file can be read (${reason}).`);
    return undefined;
  }
}
