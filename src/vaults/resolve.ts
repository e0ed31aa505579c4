import type { VariableReference, VaultReference, VaultSettings } from '../contract';
import { ResilienceError } from '../errors';
import { Backoff, monotonicMs, Outage, pause, systemClock, type Log } from '../runtime';
import { vaultAbsent, vaultContent, vaultDenied, vaultRefused, vaultStopped, vaultUnreachable } from './errors';
import { valueOf } from './member';
import type { Place, Vault } from './vault';
import { TimeLimit, within } from './within';

export interface ResolveOptions {
  readonly references: readonly VariableReference[];
  readonly vaults: VaultSettings;
  /** What `{vault://env/…}` reads. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Total time limit in milliseconds. */
  readonly limitMs: number;
  readonly log: Log;
  /** Aborts when the program is asked to stop. */
  readonly signal: AbortSignal;
}

/** The longest that one try may take: the next one may meet another server. */
const tryMs = 10_000;
/** How long a denial is retried: an identity may take some seconds to be known (Workload Identity, Pod Identity), not more. */
const deniedForMs = 15_000;

/**
 * Reads each secret that the references name, once, all at the same time and under one time limit.
 *
 * What does not answer is asked again until the limit, and what denies for some seconds. A vault's library is loaded only
 * for a reference to it.
 *
 * @returns what each reference means, by the reference as it is written
 * @throws ResilienceError with all references that could not be resolved in one report, and the code of the failure that
 *   another try is the likeliest to mend; KR_VAULT_STOPPED
 */
export async function resolveReferences(options: ResolveOptions): Promise<ReadonlyMap<string, string>> {
  const { references, log, signal } = options;
  const startedAt = monotonicMs();
  const open = new Map<string, Promise<Vault>>();
  const secrets = new Map<string, Promise<string>>();
  const values = new Map<string, string>();
  const failures: Failure[] = [];
  try {
    await Promise.all(
      references.map(async ({ variable, reference }) => {
        const place = placeOf(reference);
        const id = JSON.stringify(place);
        const secret = secrets.get(id) ?? readPatiently(place, open, startedAt, options);
        secrets.set(id, secret);
        try {
          values.set(reference.text, valueOf(reference, await secret));
        } catch (error) {
          if (!(error instanceof ResilienceError)) throw error;
          failures.push({ variable, reference, error });
        }
      }),
    );
  } finally {
    for (const vault of open.values()) void vault.then((each) => each.close()).catch(() => undefined);
  }
  if (signal.aborted) throw vaultStopped();
  if (failures.length > 0) throw unresolved(failures);
  const tookMs = Math.round(monotonicMs() - startedAt);
  log.info(
    { references: values.size, secrets: secrets.size, tookMs },
    'the secrets that the environment refers to are read',
  );
  return values;
}

interface Failure extends VariableReference {
  readonly error: ResilienceError;
}

function placeOf({ vault, secret, version, options }: VaultReference): Place {
  return { vault, secret, ...(version === undefined ? {} : { version }), options };
}

async function readPatiently(
  place: Place,
  open: Map<string, Promise<Vault>>,
  startedAt: number,
  options: ResolveOptions,
): Promise<string> {
  const { limitMs, log, signal } = options;
  const backoff = new Backoff({ initialMs: 200, maxMs: 5_000 });
  const outage = new Outage({
    log: log.child({ vault: place.vault, secret: place.secret }),
    clock: systemClock,
    failing: 'a secret that the environment refers to cannot be read',
    over: 'the secret can be read',
  });
  let told: ResilienceError | undefined;
  for (;;) {
    const leftMs = limitMs - (monotonicMs() - startedAt);
    try {
      const vault = await opened(place.vault, open, options);
      const text = await within(Math.min(tryMs, leftMs), signal, (over) => vault.read(place, over));
      outage.succeeded();
      return text;
    } catch (thrown) {
      if (signal.aborted) throw vaultStopped();
      // A last try that has milliseconds left must not hide what the vault said before it.
      const before = leftMs < tryMs ? told : undefined;
      const error = thrown instanceof TimeLimit ? (before ?? vaultUnreachable(nameOf(place), thrown.message)) : thrown;
      if (!(error instanceof ResilienceError)) throw error;
      told = error;
      const tookMs = monotonicMs() - startedAt;
      const again = vaultUnreachable.is(error) || (vaultDenied.is(error) && tookMs < deniedForMs);
      const waitMs = backoff.next();
      if (!again || tookMs + waitMs >= limitMs) throw error;
      outage.failed(error, { retryInMs: Math.round(waitMs) });
      await pause(waitMs, signal);
      if (signal.aborted) throw vaultStopped();
    }
  }
}

function opened(name: string, open: Map<string, Promise<Vault>>, options: ResolveOptions): Promise<Vault> {
  const vault = open.get(name) ?? openVault(name, options);
  open.set(name, vault);
  return vault;
}

async function openVault(name: string, { env, vaults }: ResolveOptions): Promise<Vault> {
  switch (name) {
    case 'env':
      return new (await import('./env')).EnvVault(env, vaults.env);
    case 'aws':
      return new (await import('./aws')).AwsVault(vaults.aws);
    case 'gcp':
      return new (await import('./gcp')).GcpVault(vaults.gcp);
    default:
      throw new TypeError(`the contract let the vault ${name} pass`);
  }
}

function nameOf({ vault }: Place): string {
  return vault === 'aws' ? 'AWS Secrets Manager' : 'Google Secret Manager';
}

/** The first of these that occurs is the code of the report: what may pass by itself comes first. */
const byHope = [vaultUnreachable, vaultDenied, vaultAbsent, vaultRefused, vaultContent];

function unresolved(failures: readonly Failure[]): ResilienceError {
  const sorted = [...failures].sort((a, b) => (a.variable < b.variable ? -1 : 1));
  const lines = sorted.map(({ variable, reference, error }) => `${variable} is ${reference.text}: ${error.reason}`);
  const [error = vaultStopped()] = byHope.flatMap((kind) =>
    sorted.map((failure) => failure.error).filter((each) => kind.is(each)),
  );
  if (sorted.length === 1) return new ResilienceError(error.code, lines.join(''), error.fix, error);
  const report = sorted.map((failure, index) => `  ${failure.error.code} ${lines[index]} ${failure.error.fix}`);
  return new ResilienceError(
    error.code,
    [`${sorted.length} references cannot be resolved:`, ...report].join('\n'),
    'Mend each of them; docs/environment.md says how references are read.',
    error,
  );
}
