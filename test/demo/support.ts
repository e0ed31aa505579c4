import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type GatewayVersion, parseGatewayVersion } from '../../src/contract';
import { DataPlane, type DataPlaneOptions } from '../../src/demo';
import { HttpListener } from '../../src/demo/http-listener';

export function version(text: string): GatewayVersion {
  const parsed = parseGatewayVersion(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kong-resilience-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A data plane that is stopped after the test. */
export async function started(options: DataPlaneOptions): Promise<DataPlane> {
  const node = await DataPlane.start(options);
  onTestFinished(() => node.stop());
  return node;
}

/** Waits until it is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a service has been asked. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A service that answers with what it was asked, as JSON. */
export async function echo(): Promise<HttpListener> {
  const listener = new HttpListener((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method, url, headers, body }));
    });
  });
  await listener.listen();
  onTestFinished(() => listener.close());
  return listener;
}

/** The configuration that a real Kong 3.9.3 sent, with its services on `port` of this machine. */
export function capturedTable(port: number): string {
  const frame = readFileSync('test/fixtures/reconfigure-kong-3.9.3-for-node-3.9.3.json', 'utf8');
  const { config_table: table } = JSON.parse(frame) as { config_table: object };
  return JSON.stringify(table).replaceAll('9901', String(port)).replaceAll('127.0.0.2', '127.0.0.1');
}

/** A file with a configuration of one route, which answers 200 by itself. */
export function oneRoute(path: string): string {
  return JSON.stringify({
    _format_version: '3.0',
    _transform: false,
    routes: [{ id: 'r', name: 'one', paths: [path] }],
    plugins: [{ name: 'request-termination', route: 'r', config: { status_code: 200, message: path } }],
  });
}

export async function fileWith(text: string, name = 'config.json'): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, text);
  return path;
}
