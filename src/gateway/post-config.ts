import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Secret } from '../contract';
import type { ResilienceError } from '../errors';
import { LinkedAbort, pause, type Log } from '../runtime';
import {
  gatewayBusy,
  gatewayDenied,
  gatewayExiting,
  gatewayFull,
  gatewayNotDbless,
  gatewayRefused,
  gatewayTimedOut,
  gatewayUnexpected,
  gatewayUnreachable,
  handoverFailed,
} from './errors';

export interface PostConfigOptions {
  /** The Admin API: `https://gateway:8444`, a path before `/config` included. */
  readonly url: URL;
  /** Sent as `Kong-Admin-Token`. */
  readonly token?: Secret;
  /** The configuration as a JSON file; it is streamed. */
  readonly file: string;
  /** Total time limit in milliseconds, waiting for a busy gateway included. */
  readonly timeoutMs: number;
  /** Gives up with its reason. */
  readonly signal?: AbortSignal;
  readonly log: Log;
}

/** `unchanged`: the gateway already ran exactly this configuration, and nothing was reloaded. */
export interface PostConfigResult {
  readonly outcome: 'loaded' | 'unchanged';
}

/** How long to wait when a busy or exiting gateway does not say. */
const PAUSE_MS = 1000;
/** Of a refusal: this much is read, and this many problems are told. */
const MAX_REFUSAL_BYTES = 1 << 20;
const MAX_PROBLEMS = 20;

/**
 * Loads a configuration into a running DB-less gateway: `POST /config?check_hash=1`.
 *
 * A busy gateway (429) is waited for as its `Retry-After` says, an exiting one (503) is asked again, both under the
 * total limit; everything else is final.
 *
 * @throws `KR_GATEWAY_REFUSED` (400), `_DENIED` (401, 403), `_NOT_DBLESS` (404, 405), `_FULL` (413), `_BUSY` (429),
 *   `_EXITING` (503), `_TIMED_OUT` (504), `_UNEXPECTED` (another status), `_UNREACHABLE` (no answer);
 *   `KR_HANDOVER_FAILED` (the file cannot be read); the signal's reason
 */
export async function postConfig(options: PostConfigOptions): Promise<PostConfigResult> {
  const limit = new LinkedAbort(options.signal === undefined ? [] : [options.signal], options.timeoutMs);
  try {
    return await postUntil(options, limit.signal);
  } finally {
    limit.end();
  }
}

/** @param signal aborts with the caller's, and when the time limit has passed */
async function postUntil(options: PostConfigOptions, signal: AbortSignal): Promise<PostConfigResult> {
  const { timeoutMs, log } = options;
  const target = new URL(options.url);
  target.pathname = `${target.pathname.replace(/\/+$/, '')}/config`;
  target.search = '?check_hash=1';
  const place = `${target.protocol}//${target.host}${target.pathname}`;
  const end = performance.now() + timeoutMs;
  const { size } = await stat(options.file).catch((error: unknown) => {
    throw handoverFailed(options.file, 'reading the configuration', error);
  });

  let told: ResilienceError | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    let answer: Answer;
    try {
      answer = await send(target, options, size, signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (handoverFailed.is(error)) throw error;
      if (!signal.aborted) throw gatewayUnreachable(place, error);
      // A last try that has milliseconds left must not hide what the gateway said before it.
      throw told ?? gatewayUnreachable(place, new Error(`no answer within ${timeoutMs} ms`));
    }
    switch (answer.status) {
      case 200:
      case 201:
        return { outcome: 'loaded' };
      case 304:
        return { outcome: 'unchanged' };
      case 400:
        throw gatewayRefused(place, problemsIn(answer.body));
      case 401:
      case 403:
        throw gatewayDenied(place, answer.status);
      case 404:
      case 405:
        throw gatewayNotDbless(place, answer.status);
      case 413:
        throw gatewayFull(place, size);
      case 504:
        throw gatewayTimedOut(place);
      case 429:
        told = gatewayBusy(place, timeoutMs);
        break;
      case 503:
        told = gatewayExiting(place, timeoutMs);
        break;
      default:
        throw gatewayUnexpected(place, answer.status);
    }
    const wait = retryAfter(answer) ?? PAUSE_MS;
    if (performance.now() + wait >= end) throw told;
    log.info({ place, status: answer.status, waitMs: Math.round(wait) }, 'the gateway cannot load now; waiting');
    // Ends early when somebody gives up; the loop's first line then tells.
    await pause(wait, signal);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Of a refusal alone: an accepted configuration is echoed with its secrets, and not kept. */
  readonly body: string;
}

function send(target: URL, options: PostConfigOptions, size: number, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = createReadStream(options.file);
    const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, {
      method: 'POST',
      agent: false, // one call: no socket is kept that would hold the process
      signal,
      headers: {
        // Of a body that is JSON by its type Kong computes no hash, and so never says 304. As YAML it reads JSON too, and
        // first: then its hash is the MD5 of the file, as after a start from it.
        'content-type': 'text/yaml',
        'content-length': size,
        ...(options.token === undefined ? {} : { 'kong-admin-token': options.token.reveal() }),
      },
    });
    let answered = false;
    const fail = (error: Error): void => {
      body.destroy();
      request.destroy();
      reject(error);
    };
    body.on('error', (error) => fail(handoverFailed(options.file, 'reading the configuration', error)));
    // A gateway that refuses need not read the body: its answer counts, and not that the rest could not be sent.
    request.on('error', (error) => {
      if (!answered) fail(error);
    });
    request.on('response', (response) => {
      answered = true;
      const status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let kept = 0;
      response.on('data', (chunk: Buffer) => {
        if (status !== 400 || kept >= MAX_REFUSAL_BYTES) return;
        kept += chunk.length;
        chunks.push(chunk);
      });
      const done = (): void => {
        body.destroy();
        request.destroy();
        resolve({ status, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') });
      };
      response.on('end', done);
      // The status has come; a body that is cut after it changes nothing.
      response.on('error', () => (signal.aborted ? fail(new Error('the answer did not end in time')) : done()));
    });
    body.pipe(request);
  });
}

/** Milliseconds that `Retry-After` asks for: seconds, or a date, which is compared with the server's own `Date`. */
function retryAfter(answer: Answer): number | undefined {
  const value = answer.headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  const now = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(at) || Number.isNaN(now) ? undefined : Math.max(0, at - now);
}

/** The problems that a refusal names: entity, field and Kong's message, with what it quotes left out, as that may be a secret. */
function problemsIn(body: string): string {
  let refusal: unknown;
  try {
    refusal = JSON.parse(body);
  } catch {
    return 'it says no more (its answer is not JSON)';
  }
  const problems = listOf(field(refusal, 'flattened_errors')).flatMap((entity) => {
    const name = textOf(field(entity, 'entity_name')) ?? textOf(field(entity, 'entity_id'));
    const which = `${textOf(field(entity, 'entity_type')) ?? 'entity'}${name === undefined ? '' : ` ${clean(name)}`}`;
    return listOf(field(entity, 'errors')).map((error) => {
      const where = textOf(field(error, 'field'));
      const what = textOf(field(error, 'message')) ?? listOf(field(error, 'messages')).map(textOf).join(', ');
      return `${which}${where === undefined ? '' : `: ${clean(where)}`}: ${withoutValues(what)}`;
    });
  });
  if (problems.length === 0) return withoutValues(textOf(field(refusal, 'message')) ?? 'it says no more');
  const rest = problems.length - MAX_PROBLEMS;
  return [...problems.slice(0, MAX_PROBLEMS), ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}

function withoutValues(message: string): string {
  return clean(message.replace(/'[^']*'|"[^"]*"/g, '[hidden]'));
}

function clean(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
