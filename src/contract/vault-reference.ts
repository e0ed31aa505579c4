/** A reference of Kong's vaults, `{vault://<vault>/<secret>/<key>?<options>#<version>}`, in its parts. */
export interface VaultReference {
  /** As it is written; the place of a secret is none. */
  readonly text: string;
  /** `env`, `aws` or `gcp`. */
  readonly vault: string;
  readonly secret: string;
  /** Member of the secret's JSON text; absent: the whole text. */
  readonly key?: string;
  /** A whole number: on AWS and in the environment 1 is the current one and 2 the one before, on Google it is the secret's own. */
  readonly version?: number;
  readonly options: Readonly<Record<string, string>>;
}

/** Why a text is no reference that the agent resolves: not written as one, or of a vault that it does not read. */
export interface VaultReferenceRefusal {
  readonly ok: false;
  readonly kind: 'grammar' | 'vault';
  /** Follows after `NAME: `; quotes nothing of the text but the name of a vault of Kong's. */
  readonly why: string;
}

export type VaultReferenceResult = { readonly ok: true; readonly reference: VaultReference } | VaultReferenceRefusal;

/** Vaults of Kong that are not read here. */
const othersOfKong = ['azure', 'conjur', 'hcv', 'konnect'];

/** How long the gateway keeps a secret; the agent reads it once, when it starts. */
const keeping: Readonly<Record<string, RegExp>> = { ttl: /^\d+$/, neg_ttl: /^\d+$/, resurrect_ttl: /^\d+$/ };

/** What a prefix of the environment's vault may be; anything else Kong leaves out without a word. */
export const envPrefix = /^[A-Za-z_-][A-Za-z0-9_-]*$/;
/** Id or number of a project of Google. */
export const projectId = /^([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*$/;

interface Vault {
  /** Options that a reference may have, and how they are written. */
  readonly options: Readonly<Record<string, RegExp>>;
  readonly secret: RegExp;
  readonly secretForm: string;
  readonly versions: (version: number) => boolean;
  readonly versionForm: string;
}

const currentOrPrevious = {
  versions: (version: number): boolean => version === 1 || version === 2,
  versionForm: '1, the current one, or 2, the one before',
};

const vaults: Readonly<Record<string, Vault>> = {
  env: {
    options: { prefix: envPrefix },
    secret: /^[^=]+$/,
    secretForm: 'the name of an environment variable',
    ...currentOrPrevious,
  },
  aws: {
    options: { region: /^[A-Za-z0-9-]+$/, endpoint_url: /^https?:\/\/[^\s/?#@]+\/?$/, ...keeping },
    secret:
      /^(?!arn:)[A-Za-z0-9/_+=.@!-]{1,512}$|^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@!-]+$/,
    secretForm: 'the name or the ARN of a secret of AWS Secrets Manager',
    ...currentOrPrevious,
  },
  gcp: {
    options: { project_id: projectId, ...keeping },
    secret: /^[A-Za-z0-9_-]{1,255}$/,
    secretForm: 'the id of a secret of Google Secret Manager',
    versions: (version) => version >= 1,
    versionForm: '1 or more; without it the latest is read',
  },
};

/** Whether Kong takes a text for a reference. */
export function isVaultReference(text: string): boolean {
  return text.startsWith('{vault://') && text.endsWith('}');
}

/**
 * Reads a reference as Kong's open-source loader does: white space is none of it, the path is split at its slashes, of
 * which several are one, and decoded twice, a plus being a blank the second time; its last part is the key, unless it
 * ends with a slash or has one part alone. What Kong would leave out without a word (parameters after a semicolon, a
 * port, an option that it does not know) is refused.
 */
export function parseVaultReference(text: string): VaultReferenceResult {
  if (!isVaultReference(text)) {
    return refused('a reference is the whole value, {vault://…}, and nothing may stand before or after it.');
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f]/.test(text))
    return refused('its reference has white space in it. Write %20 for a blank.');
  const url = text.slice('{vault://'.length, -1);
  const [, name = '', path = '', query, fragment] = /^([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(url) ?? [];
  const vault = Object.hasOwn(vaults, name) ? vaults[name] : undefined;
  if (vault === undefined) return refusedVault(name);
  if (path.includes(';')) return refused('its reference has a ";", behind which Kong reads nothing. Write %3B.');
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const key = parts.length > 1 && !path.endsWith('/') ? parts.pop() : undefined;
  const secret = parts.join('/');
  if (secret === '') return refused(`its reference names no secret. Write {vault://${name}/<secret>/<key>}.`);
  if (/\p{Cc}|\ufffd/u.test(secret + (key ?? ''))) {
    return refused('its reference has a part that decodes to no text. Check what follows each "%".');
  }
  if (!vault.secret.test(secret)) return refused(`its reference must name ${vault.secretForm}.`);
  if (fragment !== undefined && !(/^\d{1,15}$/.test(fragment) && vault.versions(Number(fragment)))) {
    return refused(
      `its reference has a version, after "#", that ${name} does not have: it must be ${vault.versionForm}.`,
    );
  }
  const options = readOptions(query ?? '', name, vault);
  if ('why' in options) return options;
  return {
    ok: true,
    reference: {
      text,
      vault: name,
      secret,
      ...(key === undefined ? {} : { key }),
      ...(fragment === undefined ? {} : { version: Number(fragment) }),
      options: options.read,
    },
  };
}

function readOptions(
  query: string,
  name: string,
  { options }: Vault,
): { readonly read: Readonly<Record<string, string>> } | VaultReferenceRefusal {
  const read = new Map<string, string>();
  for (const argument of query === '' ? [] : query.split('&')) {
    const at = argument.indexOf('=');
    const option = once(argument.slice(0, Math.max(at, 0)));
    const value = once(argument.slice(at + 1));
    const form = Object.hasOwn(options, option) ? options[option] : undefined;
    if (form === undefined) {
      return refused(
        `its reference has an option, after "?", that is not taken here: ${name} has ${Object.keys(options).join(', ')}, each with "=" and a value.`,
      );
    }
    if (read.has(option)) return refused(`its reference has the option ${option} twice.`);
    if (!form.test(value)) return refused(`its reference has an option ${option} with a value that it cannot have.`);
    read.set(option, value);
  }
  return { read: Object.fromEntries(read) };
}

function refused(why: string): VaultReferenceRefusal {
  return { ok: false, kind: 'grammar', why };
}

function refusedVault(name: string): VaultReferenceRefusal {
  const taken = 'env, aws and gcp are read here, by these names';
  if (othersOfKong.includes(name)) {
    return {
      ok: false,
      kind: 'vault',
      why: `its reference is to Kong's vault ${name}: ${taken}. Give the value itself, or keep it in one of these.`,
    };
  }
  const known = Object.keys(vaults).find((other) => other === name.toLowerCase());
  if (known !== undefined)
    return refused(`its reference must name the vault in lower case, ${known}, and without a port.`);
  return {
    ok: false,
    kind: 'vault',
    why: `its reference is to a vault of another name: ${taken}. One that an entity of the gateway names is known to the gateway alone.`,
  };
}

/** Twice, as Kong does. */
function decoded(part: string): string {
  return once(unescaped(part));
}

/** As a form's field: a plus is a blank. */
function once(text: string): string {
  return unescaped(text.replaceAll('+', ' '));
}

/** What is no escape stays as it is. */
function unescaped(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  const plain = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1').toString();
}
