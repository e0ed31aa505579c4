import * as z from 'zod/mini';
import { nearest } from './edit-distance';
import { explainVersion, parseGatewayVersion } from './gateway-version';
import type { GatewayVersion } from './gateway-version';
import type { ProblemCodeName } from './problem-codes';
import { oneOf, show } from './show';
import { parseStorageUrl, storageForms } from './storage-url';
import type { StorageUrl } from './storage-url';
import { envPrefix, projectId } from './vault-reference';

/** A kind of value: how it may be written, and the schema that reads it. A message of the schema follows after `NAME is "value": `. */
export interface ValueType<T> {
  /** For the table and the messages. */
  readonly allowed: string;
  readonly schema: z.ZodMiniType<T, string>;
}

/** Reports a problem with the value being read and gives what a transform returns then. */
export type Refuse = (code: ProblemCodeName, text: string) => never;

/** Makes a value type of a function that reads a text. Each call of `refuse` is one problem. */
export function valueType<T>(allowed: string, read: (value: string, refuse: Refuse) => T): ValueType<T> {
  const schema = z.pipe(
    z.string(),
    z.transform((value: string, context): T => {
      const refuse: Refuse = (code, text) => {
        context.issues.push({ code: 'custom', input: value, message: text, params: { code } });
        return z.NEVER;
      };
      return read(value, refuse);
    }),
  );
  return { allowed, schema };
}

export const anyText = valueType('any text', (value) => value);

/** A name of a host that a certificate can hold. */
export const hostName = valueType('host name', (value, refuse) =>
  /^[A-Za-z0-9_*][A-Za-z0-9._-]*$/.test(value)
    ? value
    : refuse(
        'KR_ENV_ADDRESS',
        'it must be the name in the certificate, such as cp.example.com, without scheme and port.',
      ),
);

export const region = valueType('name of a region', (value, refuse) =>
  /^[A-Za-z0-9-]+$/.test(value)
    ? value
    : refuse('KR_ENV_REGION', 'it must be the name of a region, such as us-east-2.'),
);

/** What stands before the names that references to the environment name. Kong leaves out a wrong one and says nothing: we refuse it. */
export const vaultPrefix = valueType('letters, digits, `_` and `-`, no digit first', (value, refuse) =>
  envPrefix.test(value)
    ? value
    : refuse('KR_ENV_VAULT', 'it must have letters, digits, "_" and "-" alone, and no digit first, such as SECRETS_.'),
);

export const googleProject = valueType('id or number of a project', (value, refuse) =>
  projectId.test(value)
    ? value
    : refuse('KR_ENV_VAULT', 'it must be the id or the number of a project of Google Cloud, such as my-project.'),
);

/** What Kong's loader takes. It reads every other word as off and says nothing: we refuse it. */
export const onOff = valueType('`on`, `true`, `off` or `false`', (value, refuse) => {
  if (value === 'on' || value === 'true') return true;
  if (value === 'off' || value === 'false') return false;
  const word = value.toLowerCase();
  const meant = ['on', 'true', 'yes', 'y', '1', 'enabled'].includes(word)
    ? 'on'
    : ['off', 'false', 'no', 'n', '0', 'disabled'].includes(word)
      ? 'off'
      : undefined;
  const intent = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return refuse(
    'KR_ENV_BOOLEAN',
    `Kong takes on, true, off and false, in lower case, and reads all else as off.${intent}`,
  );
});

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

function number(value: string, bounds: Bounds, unit: string, pattern: RegExp, kind: string, refuse: Refuse): number {
  const allowed = `${kind} from ${bounds.min} to ${bounds.max}`;
  if (!pattern.test(value)) {
    const intent = /^[\d.]+\s*[a-z]+$/i.test(value) ? ` Leave the unit out: it is always ${unit}.` : '';
    return refuse('KR_ENV_NUMBER', `it must be ${allowed}.${intent}`);
  }
  const parsed = Number(value);
  if (parsed < bounds.min || parsed > bounds.max) return refuse('KR_ENV_RANGE', `it must be ${allowed}.`);
  return parsed;
}

/** Seconds, with a fraction if wanted; read as milliseconds. */
export function seconds(bounds: Bounds): ValueType<number> {
  return valueType(`${bounds.min} to ${bounds.max}`, (value, refuse) =>
    Math.round(1000 * number(value, bounds, 'seconds', /^-?\d+(\.\d+)?$/, 'a number of seconds', refuse)),
  );
}

/** A group of the system by its number: a name may stand for another group in the gateway's container. */
export const groupNumber: ValueType<number> = valueType('0 to 4294967294', (value, refuse) =>
  /^[A-Za-z_]/.test(value)
    ? refuse('KR_ENV_NUMBER', 'it must be the number of the group, not its name; "getent group" prints both.')
    : number(value, { min: 0, max: 4_294_967_294 }, 'a number', /^-?\d+$/, 'a whole number', refuse),
);

export function wholeNumber(bounds: Bounds, unit: string): ValueType<number> {
  return valueType(`${bounds.min} to ${bounds.max}`, (value, refuse) =>
    number(value, bounds, unit, /^-?\d+$/, 'a whole number', refuse),
  );
}

/** One of some words; each stands for a value of its own. */
export function choice<T>(words: Readonly<Record<string, T>>): ValueType<T> {
  const names = Object.keys(words);
  return valueType(oneOf(names.map((name) => `\`${name}\``)), (value, refuse) => {
    const found = Object.entries(words).find(([name]) => name === value);
    if (found !== undefined) return found[1];
    const word = value.toLowerCase().replaceAll('-', '_');
    const meant = names.find((name) => word.startsWith(name)) ?? nearest(word, names, () => 2);
    const intent = meant === undefined ? '' : ` Did you mean ${meant}?`;
    return refuse('KR_ENV_CHOICE', `allowed is ${oneOf(names)}.${intent}`);
  });
}

export const storageUrl: ValueType<StorageUrl> = valueType(storageForms, (value, refuse) => {
  const result = parseStorageUrl(value);
  return result.ok ? result.storage : refuse(result.refusal.code, result.refusal.text);
});

/** One full version or several, with commas between. */
export const versionList: ValueType<readonly [GatewayVersion, ...GatewayVersion[]]> = valueType(
  'full versions: `3.9.1`, `3.10.0.2`',
  (value, refuse) => {
    const versions: GatewayVersion[] = [];
    for (const text of value.split(',').map((part) => part.trim())) {
      const version = parseGatewayVersion(text);
      if (version === undefined) {
        return refuse(
          'KR_ENV_VERSION',
          `${show(text)} is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); ${explainVersion(text)}`,
        );
      }
      if (versions.some((other) => other.text === text)) {
        return refuse('KR_ENV_VERSION', `the version ${text} stands in it twice.`);
      }
      versions.push(version);
    }
    const [first, ...others] = versions;
    return first === undefined ? refuse('KR_ENV_VERSION', 'it has no version.') : [first, ...others];
  },
);

/** Whether a host is this machine, so that nothing crosses a network. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

/** A URL of an HTTP service, without credentials, query and fragment. */
export const httpUrl: ValueType<URL> = valueType('`http://` or `https://` URL', (value, refuse) => {
  const example = 'a URL such as https://store.example.com:9000';
  if (!/^https?:\/\//.test(value)) {
    const bare = /^[A-Za-z0-9.-]+(:\d+)?\/?$/.test(value);
    return refuse(
      'KR_ENV_URL',
      bare
        ? `it has no scheme. Did you mean https://${value} or, without TLS, http://${value}?`
        : `it must be ${example}, with http:// or https://.`,
    );
  }
  if (!URL.canParse(value) || /\s/.test(value)) return refuse('KR_ENV_URL', `it must be ${example}.`);
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') {
    return refuse('KR_ENV_URL', 'it holds credentials before the "@". Give them in their own variables.');
  }
  if (/[?#]/.test(value)) return refuse('KR_ENV_URL', 'it has a query or a fragment ("?" or "#"). Leave it out.');
  return url;
});

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const hostPortPattern = /^([A-Za-z0-9_](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/;

function readHostPort(value: string, lowestPort: number, example: string, refuse: Refuse): HostPort {
  const match = hostPortPattern.exec(value);
  const [, host = '', digits = ''] = match ?? [];
  const port = Number(digits);
  if (match !== null && port >= lowestPort && port <= 65535) return { host, port };
  if (match !== null) return refuse('KR_ENV_ADDRESS', `the port must be from ${lowestPort} to 65535.`);
  const form = `it must be host:port, such as ${example}`;
  if (value.includes('://')) return refuse('KR_ENV_ADDRESS', `${form}, without a scheme such as http://.`);
  if (value.includes(',')) return refuse('KR_ENV_ADDRESS', `${form}; only one address is possible.`);
  if (value.includes('/')) return refuse('KR_ENV_ADDRESS', `${form}, without a path.`);
  if (value.includes('@')) return refuse('KR_ENV_ADDRESS', `${form}, without credentials.`);
  if (/^\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]*\]?$/.test(value)) {
    return refuse('KR_ENV_ADDRESS', `${form}; an IPv6 address stands in brackets: [::1]:8005.`);
  }
  if (/^:?\d+$/.test(value)) return refuse('KR_ENV_ADDRESS', `${form}; the host is missing.`);
  if (!value.includes(':')) return refuse('KR_ENV_ADDRESS', `${form}; the port is missing.`);
  return refuse('KR_ENV_ADDRESS', `${form}.`);
}

export const controlPlaneAddress: ValueType<HostPort> = valueType('`host:port`', (value, refuse) =>
  readHostPort(value, 1, 'cp.example.com:8005', refuse),
);

/** An address to listen on, or undefined for off. Port 0 is any free one. */
export const listenAddress: ValueType<HostPort | undefined> = valueType('`off` or `host:port`', (value, refuse) =>
  value === 'off' ? undefined : readHostPort(value, 0, '0.0.0.0:8101, or off', refuse),
);

export const folder = valueType('absolute path', (value, refuse) => {
  const parts = value.split('/');
  if (!value.startsWith('/'))
    return refuse('KR_ENV_PATH', 'it must be an absolute path of a folder, such as /var/lib/x.');
  if (parts.includes('..') || parts.includes('.'))
    return refuse('KR_ENV_PATH', 'it has a part "." or "..". Write the path out.');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value)) return refuse('KR_ENV_PATH', 'it has a control character. Leave it out.');
  const path = value.replace(/\/+/g, '/').replace(/\/$/, '');
  return path === '' ? refuse('KR_ENV_PATH', 'it must be a folder of its own, not the root.') : path;
});

export const uuid = valueType('a UUID', (value, refuse) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
    ? value.toLowerCase()
    : refuse('KR_ENV_NODE_ID', 'it must be a UUID, such as 3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10.'),
);

/** Kong's list of plugins: `bundled`, `off` and names. Gives the names beside those two. */
export const pluginList: ValueType<readonly string[]> = valueType('names, `bundled`, `off`', (value, refuse) => {
  const names = value.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
      return refuse('KR_ENV_LIST', `${show(name)} is not the name of a plugin. Write names with commas between.`);
    }
  }
  return [...new Set(names)].filter((name) => name !== 'bundled' && name !== 'off');
});

/** Labels of a data plane: `key:value,key:value`. */
export const labelList: ValueType<Readonly<Record<string, string>>> = valueType(
  '`key:value,key:value`',
  (value, refuse) => {
    const labels = new Map<string, string>();
    for (const entry of value.split(',').map((part) => part.trim())) {
      const colon = entry.indexOf(':');
      const key = entry.slice(0, Math.max(colon, 0)).trim();
      const text = entry.slice(colon + 1).trim();
      const part = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
      if (!part.test(key) || !part.test(text)) {
        return refuse(
          'KR_ENV_LIST',
          `${show(entry)} is not key:value, each of 1 to 63 letters, digits, dots, hyphens and underscores.`,
        );
      }
      if (labels.has(key)) return refuse('KR_ENV_LIST', `the label ${show(key)} stands in it twice.`);
      labels.set(key, text);
    }
    return Object.fromEntries(labels);
  },
);

/** The proxy of KONG_PROXY_SERVER. Its text is a secret: no message quotes it. */
export const proxyUrl: ValueType<URL> = valueType('`http(s)://[user:password@]host:port`', (value, refuse) => {
  const form = 'it must be http://host:port or https://host:port, with user:password@ before the host if needed';
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) {
    return refuse('KR_ENV_URL', `${form}; special characters in user and password are percent-encoded.`);
  }
  const url = new URL(value);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refuse('KR_ENV_URL', `${form}, and nothing after the port.`);
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    return refuse('KR_ENV_URL', `${form}; a "%" in user or password must be written %25.`);
  }
  return url;
});
