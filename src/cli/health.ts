import { request } from 'node:http';
import { causeOf } from '../errors';
import { withoutBrackets } from './status-server';
import { printJson, printLine } from './print';
import { noStatusListener } from './errors';

const limitMs = 5_000;

/** Asks the running agent on this host; says yes or no, with the exit code as well. */
export async function probeCommand(what: 'health' | 'ready', options: { json: boolean }): Promise<number> {
  // This variable alone: a probe must not fail for what is wrong elsewhere.
  const listen = (process.env['KONG_RESILIENCE_STATUS_LISTEN'] ?? '').trim();
  const [, host, port] = /^(\[[^\]]+\]|[^:\s]+):(\d{1,5})$/.exec(listen) ?? [];
  if (host === undefined || port === undefined) throw noStatusListener(listen);
  const bare = withoutBrackets(host);
  const target = bare === '0.0.0.0' ? '127.0.0.1' : bare === '::' ? '::1' : bare;
  let answer: { ok: boolean; detail: unknown };
  try {
    answer = await ask(target, Number(port), `/${what}`);
  } catch (error) {
    answer = { ok: false, detail: causeOf(error) };
  }
  if (options.json) printJson({ [what === 'health' ? 'healthy' : 'ready']: answer.ok, detail: answer.detail });
  else printLine(answer.ok ? 'yes' : `no: ${JSON.stringify(answer.detail)}`);
  return answer.ok ? 0 : 1;
}

function ask(host: string, port: number, path: string): Promise<{ ok: boolean; detail: unknown }> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path, signal: AbortSignal.timeout(limitMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve({ ok: response.statusCode === 200, detail: JSON.parse(text) as unknown });
        } catch {
          reject(new Error(`what answers on ${host}:${port} is not kong-resilience`));
        }
      });
    });
    call.on('error', reject).end();
  });
}
