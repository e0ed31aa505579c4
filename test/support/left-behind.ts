/**
 * For `npm run chaos`, which searches for secrets what the programs of all its suites wrote, on their streams and on the
 * disk: what each was given in secret, and what of it stands in a test's folders when they go. Without that, nothing here
 * does anything.
 */
import { appendFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { environmentVariables } from '../../src/contract';

/** A secret's name and its value. */
export type Secret = readonly [name: string, value: string];

type Environment = Readonly<Record<string, string | undefined>>;

const output = process.env['KONG_RESILIENCE_TEST_OUTPUT'];
const record = output === undefined ? undefined : dirname(output);

const secretNames = new Set(environmentVariables.filter(({ secret }) => secret).map(({ name }) => name));
/** Names of secrets, misspelt ones too. */
const soundsSecret = /KEY|SECRET|TOKEN|PASSW|SERVICE_AC|CREDENTIAL|PROXY_SERVER/;
/** What is shorter may stand anywhere by chance. */
const shortest = 12;

/** Secrets of this suite that no environment has, such as those of a table; see chaos/support/canaries.ts. */
const planted: Secret[] = [];
/** What the latest programs were given; a folder rarely outlives more of them. */
const recent: Secret[] = [];
/** Files that tests give secrets in, and folders in which the program may keep some. */
const inputs = new Set<string>();
const kept = new Set<string>();

export function plantSecrets(secrets: readonly Secret[]): void {
  planted.push(...secrets.filter((secret) => !planted.includes(secret)));
}

/** What of an environment is secret: for a key its lines, as they stand in whatever wraps it. */
export function secretsOf(environment: Environment): readonly Secret[] {
  return Object.entries(environment).flatMap(([name, value = '']): Secret[] => {
    if (!secretNames.has(name) && !soundsSecret.test(name)) return [];
    if (value.startsWith('/')) return linesOf(name, contentOf(value));
    if (name.includes('PROXY_SERVER')) {
      const password = /:([^:@/]{12,})@/.exec(value)?.[1];
      return password === undefined ? [] : [[name, password]];
    }
    return value.includes('-----BEGIN')
      ? linesOf(name, value)
      : value.length < shortest || value.startsWith('{vault://')
        ? []
        : [[name, value]];
  });
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The second line of a PEM's body: the first one is the same in all keys of a kind. */
function linesOf(name: string, pem: string): Secret[] {
  if (!pem.includes('PRIVATE KEY')) return [];
  const line = pem.split(/\n|\\n/)[2]?.trim() ?? '';
  return line.length < shortest ? [] : [[name, line]];
}

/** Remembers what a program was given. */
export function remember(environment: Environment): readonly Secret[] {
  if (record === undefined) return [];
  for (const [name, value = ''] of Object.entries(environment)) {
    if (/_DIR$/.test(name)) kept.add(value);
    else if (value.startsWith('/')) inputs.add(value);
  }
  const secrets = secretsOf(environment);
  recent.push(...secrets);
  recent.splice(0, Math.max(0, recent.length - 40));
  return [...secrets, ...planted];
}

/** Keeps what a program wrote, and beside it what it was given. */
export function keepOutput(name: string, text: string, secrets: readonly Secret[]): void {
  if (output === undefined || record === undefined || text === '') return;
  writeFileSync(join(output, `${name}.txt`), text);
  mkdirSync(join(record, 'secrets'), { recursive: true, mode: 0o700 });
  writeFileSync(join(record, 'secrets', `${name}.json`), JSON.stringify(secrets), { mode: 0o600 });
}

/** Looks through a folder that is about to go. */
export function inspectFolder(folder: string): void {
  if (record === undefined) return;
  const paths = filesBelow(folder);
  appendFileSync(join(record, 'inspected.txt'), '.'.repeat(paths.length));
  for (const path of paths) {
    const fault = faultOf(path);
    if (fault !== undefined)
      appendFileSync(join(record, 'left-behind.jsonl'), `${JSON.stringify({ path, ...fault })}\n`, { mode: 0o600 });
  }
}

/** What is wrong with a file: a secret in it that it may not have, or rights that it may not have. */
function faultOf(path: string): { readonly secret: string; readonly mode: string } | undefined {
  if (inputs.has(path)) return undefined;
  const [secret] = namesIn(readFileSync(path), [...recent, ...planted]);
  if (secret === undefined) return undefined;
  const name = basename(path);
  const mode = lstatSync(path).mode & 0o777;
  const own = [...kept].some((folder) => path.startsWith(`${folder}/`));
  // A stored object, the spool, the hand-over, or one of them that a killed process has not put in its place.
  const mayHold = own || name === 'config.json' || /^\.config\.json\./.test(name);
  const isPrivate = mode === 0o600 || mode === 0o640;
  return mayHold && isPrivate ? undefined : { secret, mode: mode.toString(8) };
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
    });
  } catch {
    // Gone, or not this user's.
    return [];
  }
}

/** The names of the secrets that stand in a text: plainly, in base64 at any place, URL-encoded, escaped for JSON, or in hexadecimal. */
export function namesIn(text: Buffer, secrets: readonly Secret[]): string[] {
  return secrets.filter(([, value]) => formsOf(value).some((form) => text.includes(form))).map(([name]) => name);
}

function formsOf(value: string): readonly string[] {
  const escaped = JSON.stringify(value).slice(1, -1);
  const forms = [value, escaped].flatMap((text) => {
    const bytes = Buffer.from(text);
    // Base64 of a text depends on where in three bytes it begins; its first and last letters on its neighbours.
    const inBase64 = [0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), bytes])
        .toString('base64')
        .slice(4, -4),
    );
    const forUrls = inBase64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'));
    const hex = bytes.toString('hex');
    return [text, encodeURIComponent(text), hex, hex.toUpperCase(), ...inBase64, ...forUrls];
  });
  return [...new Set(forms)].filter((form) => form.length >= shortest);
}
