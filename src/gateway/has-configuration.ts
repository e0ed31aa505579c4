import type { Secret } from '../contract';
import { causeOf } from '../errors';
import type { Log } from '../runtime/log';
import { LinkedAbort } from '../runtime/time';

/** What an empty gateway says its configuration's hash is. */
const EMPTY_HASH = '0'.repeat(32);

/**
 * Whether a running DB-less gateway has a configuration already: its `GET /status` has a `configuration_hash` other
 * than zeros. What cannot be told counts as no, and is said: an empty gateway must not stay empty for it.
 */
export async function hasConfiguration(options: {
  readonly url: URL;
  readonly token?: Secret;
  /** Total time limit in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}): Promise<boolean> {
  const { url, token, timeoutMs, signal, log } = options;
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/+$/, '')}/status`;
  const limit = new LinkedAbort([signal], timeoutMs);
  try {
    const answer = await fetch(target, {
      headers: token === undefined ? {} : { 'kong-admin-token': token.reveal() },
      redirect: 'manual',
      signal: limit.signal,
    });
    const text = await answer.text();
    if (answer.status === 200) {
      const hash = (JSON.parse(text) as { configuration_hash?: unknown } | null)?.configuration_hash;
      if (typeof hash === 'string') return hash !== EMPTY_HASH;
    }
    log.warn({ gateway: url.host, status: answer.status }, 'the gateway does not say whether it has a configuration');
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ gateway: url.host, reason: causeOf(error) }, 'the gateway does not say whether it has a configuration');
  } finally {
    limit.end();
  }
  return false;
}
