import { createPrivateKey } from 'node:crypto';
import * as z from 'zod/mini';
import { Secret } from './secret';
import { valueType } from './value-types';
import type { ValueType } from './value-types';

/** The part of a Google service account key that signs requests. */
export type ServiceAccount = Readonly<{ client_email: string; private_key: string; project_id?: string }>;

const object = z.record(z.string(), z.unknown());

/** Other kinds of credentials that Google's tools write: named in a message, as their name is no secret. */
const otherTypes = [
  'authorized_user',
  'external_account',
  'external_account_authorized_user',
  'impersonated_service_account',
];

/** GCP_SERVICE_ACCOUNT: the key file's content. Its text is a secret: no message quotes any of it. */
export const serviceAccount: ValueType<Secret<ServiceAccount>> = valueType(
  'JSON of a key of the type `service_account`',
  (value, refuse) => {
    const json = parse(value);
    if (json === undefined) {
      if (/^[~./]|\.json$/.test(value)) {
        return refuse(
          'KR_ENV_GOOGLE_KEY',
          'it looks like a path, and Kong takes the JSON text itself. Put the content of the file here, or the path into GOOGLE_APPLICATION_CREDENTIALS.',
        );
      }
      if (parse(Buffer.from(value, 'base64').toString()) !== undefined) {
        return refuse('KR_ENV_GOOGLE_KEY', 'it is base64, and Kong takes the JSON text itself. Decode it.');
      }
      return refuse(
        'KR_ENV_GOOGLE_KEY',
        'it is not JSON. Put the whole content of the key file here, in single quotes in YAML.',
      );
    }
    const key = z.safeParse(object, json.value);
    if (!key.success)
      return refuse('KR_ENV_GOOGLE_KEY', 'it must be a JSON object: the whole content of the key file.');
    const { type, client_email, private_key, project_id } = key.data;
    if (type !== 'service_account') {
      const known = otherTypes.find((other) => other === type);
      const found = known === undefined ? 'it has not' : `it has ${known}, not`;
      return refuse(
        'KR_ENV_GOOGLE_KEY',
        `${found} the type service_account, the only one that Kong takes. For other credentials leave it unset and use GOOGLE_APPLICATION_CREDENTIALS or the workload's identity.`,
      );
    }
    const missing = Object.entries({ client_email, private_key }).filter(([, part]) => !isFilled(part));
    if (missing.length > 0) {
      const names = missing.map(([name]) => name).join(' and ');
      return refuse('KR_ENV_GOOGLE_KEY', `it lacks ${names}. Put the whole content of the key file here.`);
    }
    const pem = String(private_key);
    if (!/[\r\n]/.test(pem) && pem.includes('\\n')) {
      return refuse(
        'KR_ENV_GOOGLE_KEY',
        'its private_key holds "\\n" as two characters: the JSON was escaped twice. Put the content of the key file here as it is.',
      );
    }
    if (!isPrivateKey(pem)) return refuse('KR_ENV_GOOGLE_KEY', 'its private_key is not a private key in PEM.');
    return new Secret<ServiceAccount>({
      client_email: String(client_email),
      private_key: pem,
      ...(isFilled(project_id) ? { project_id } : {}),
    });
  },
);

/** Not by a schema: zod asks whatever it is given for its length, and dies of some JSON. */
function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
