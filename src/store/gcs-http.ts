import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/**
 * Who an answer's body shows to speak: Google's API (its error document, or the plain text of a download), a program
 * that sends some other plain text, or a web server that sends a page.
 */
export type Speaker = 'google' | 'text' | 'page';

/** An answer that is no success: its status, and the text that the store gave. */
export class GcsFailure extends Error {
  constructor(
    readonly status: number,
    readonly text: string,
    readonly speaker: Speaker,
  ) {
    super(`HTTP ${status}${text === '' ? '' : ` ${text.replace(/\.$/, '')}`}`);
  }
}

export interface GcsRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Sent one after the other, so that a large body need not be copied into one buffer. */
  readonly parts?: readonly Uint8Array[];
}

const maxTextBytes = 16 * 1024 * 1024;

/**
 * HTTP as this driver needs it, over the JSON API. The library's own transport (teeny-request) cannot be aborted, hides
 * the `Date` header from uploads and checks downloads in JavaScript; its credentials are what is used of it.
 */
export class GcsHttp {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  /**
   * The answer, its body still to be read.
   *
   * @throws GcsFailure for any status but 2xx, the system's error where no answer came
   */
  async send({ method, url, headers, parts = [] }: GcsRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const agent = secure ? this.#https : this.#http;
      const request = (secure ? httpsRequest : httpRequest)(url, { method, headers, agent, signal }, resolve);
      request.on('error', reject);
      for (const part of parts) request.write(part);
      request.end();
    });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    const { text, speaker } = reasonIn(status, await textOf(answer));
    throw new GcsFailure(status, text, speaker);
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxTextBytes) throw new GcsFailure(answer.statusCode ?? 0, 'the answer is too long', 'page');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The message of Google's error document; of a plain text its first line; nothing of a page. */
function reasonIn(status: number, body: string): { text: string; speaker: Speaker } {
  try {
    const document = JSON.parse(body) as { error?: { code?: number; message?: string } } | null;
    const { code, message = '' } = document?.error ?? {};
    return { text: message.slice(0, 300), speaker: code === status ? 'google' : 'text' };
  } catch {
    // Not JSON: a download's or an emulator's plain text, or the page of something that is no store.
    if (body.trimStart().startsWith('<')) return { text: '', speaker: 'page' };
    const text = (body.split('\n')[0] ?? '').slice(0, 300);
    return { text, speaker: text.startsWith('No such object: ') ? 'google' : 'text' };
  }
}
