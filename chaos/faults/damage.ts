import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Damage, Exchange } from '../support/damaging-proxy';

/** Whether a request is about the configuration itself, and neither its lease nor a listing. */
export function isConfiguration({ target }: Exchange): boolean {
  return /config\.json/.test(decodeURIComponent(target)) && !/list-type/.test(target);
}

export const isWrite = ({ method }: Exchange): boolean => method === 'PUT' || method === 'POST';
/** Whether the answer is the configuration's bytes: Google describes an object first. */
function isBody(exchange: Exchange): boolean {
  const described = exchange.target.startsWith('/storage/') && !exchange.target.includes('alt=media');
  return exchange.method === 'GET' && isConfiguration(exchange) && !described;
}

/** Only what `matches` is damaged. */
export function only(matches: (exchange: Exchange) => boolean, damage: Damage): Damage {
  return async (exchange) => {
    if (matches(exchange)) await damage(exchange);
    else exchange.send(await exchange.forward());
  };
}

/** The request never comes to the store, and nothing comes back. */
export const hang: Damage = () => undefined;

/** The store does as it was asked, and its answer is lost. */
export const loseAnswer: Damage = async (exchange) => {
  await exchange.forward();
};

/** An error as the store that is spoken to words it. */
export function failing(status: number, code: string, message: string): Damage {
  return (exchange) => {
    const google = /^\/(storage|upload|download)\//.test(exchange.target);
    const body = google
      ? JSON.stringify({ error: { code: status, message, errors: [{ reason: code, message }] } })
      : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    exchange.response.writeHead(status, { 'content-type': google ? 'application/json' : 'application/xml' });
    exchange.response.end(exchange.method === 'HEAD' ? undefined : body);
  };
}

/** A page, as a proxy or load balancer in between sends it. */
export function page(status: number, title: string, headers: Readonly<Record<string, string>> = {}): Damage {
  return ({ response, method }) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers });
    response.end(method === 'HEAD' ? undefined : `<!doctype html><html><head><title>${title}</title></head></html>`);
  };
}

/** 403 in place of 404, as AWS answers who may not list; listings pass, or are denied too. */
export function missingIsDenied(mayList: boolean): Damage {
  const denied = failing(403, 'AccessDenied', 'Access Denied');
  return async (exchange) => {
    const listing = /list-type/.test(exchange.target);
    if (listing && !mayList) return denied(exchange);
    const answer = await exchange.forward();
    if (answer.status === 404 && !listing) return denied(exchange);
    exchange.send(answer);
  };
}

const bytesPerSecond = 1024;

/** 1 KB/s, in both directions. */
export const slow: Damage = async (exchange) => {
  const { gone, requestBytes, response } = exchange;
  await delay((requestBytes / bytesPerSecond) * 1000, undefined, { signal: gone });
  const answer = await exchange.forward();
  response.writeHead(answer.status, [...answer.headers]);
  const step = bytesPerSecond / 8;
  for (let at = 0; at < answer.body.length; at += step) {
    response.write(answer.body.subarray(at, at + step));
    await delay(125, undefined, { signal: gone });
  }
  response.end();
};

/** The connection ends after so many bytes of the configuration's body. */
export function cutAt(offset: (body: Buffer) => number): Damage {
  return only(isBody, async (exchange) => {
    const { response } = exchange;
    const answer = await exchange.forward();
    response.writeHead(answer.status, [...answer.headers]);
    // What came before the cut arrives.
    response.write(answer.body.subarray(0, offset(answer.body)), () => response.destroy());
    response.flushHeaders();
  });
}

/** One bit of the configuration's body is another one. */
export function flipBit(place: (body: Buffer) => number): Damage {
  return only(isBody, async (exchange) => {
    const answer = await exchange.forward();
    exchange.send(withBit(answer, place(answer.body)));
  });
}

function withBit(answer: Answer, place: number): Answer {
  const body = Buffer.from(answer.body);
  body[place >> 3] = (body[place >> 3] ?? 0) ^ (1 << (place & 7));
  return { ...answer, body };
}

/** Without the headers whose names match. */
export function withoutHeaders(name: RegExp): Damage {
  return async (exchange) => {
    const answer = await exchange.forward();
    const headers = answer.headers.flatMap((entry, index, all) =>
      index % 2 === 0 && !name.test(entry) ? [entry, all[index + 1] ?? ''] : [],
    );
    exchange.send({ ...answer, headers });
  };
}
