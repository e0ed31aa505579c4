import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface RunningServer {
  readonly endpoint: URL;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** Where `npm run test:servers` puts the servers. */
const serversFolder =
  process.env['KONG_RESILIENCE_TEST_SERVERS'] ?? join(homedir(), '.cache', 'cdktf-kong-resilience', 'bin');

/** The path of a server's program, in that folder or on PATH. */
export function findServer(program: string): string | undefined {
  const folders = [serversFolder, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/**
 * Whether to skip the tests that need `program`: only where it is not installed, and never in CI.
 *
 * @throws Error in CI, where a skip would hide that nothing was tested
 */
export function isMissing(program: string): boolean {
  if (findServer(program) !== undefined) return false;
  const message = `${program} is not installed: run npm run test:servers`;
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return true;
}

/** Below the ports that systems give to connections and to whoever listens at port 0, of which many come and go here. */
const quiet = { from: 12_000, blocks: 200, blockSize: 100 };
/** What this process may give yet. */
const mine: number[] = [];

/** A port that is free now, is given once, and is taken by nobody meanwhile who does not ask for it by its number: no other test either. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = mine.shift();
    if (port === undefined) mine.push(...(await claimBlock()));
    else if (await isFree(port)) return port;
  }
}

/** Who listens at the first port of a block has the others, for as long as the process lives. */
async function claimBlock(): Promise<readonly number[]> {
  for (;;) {
    const first = quiet.from + quiet.blockSize * Math.floor(Math.random() * quiet.blocks);
    const guard = await listenAt(first);
    if (guard === undefined) continue;
    guard.unref();
    return Array.from({ length: quiet.blockSize - 1 }, (_, index) => first + 1 + index);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenAt(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** Nothing where somebody else listens. */
function listenAt(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server));
  });
}

export interface ServerPlan {
  readonly program: string;
  readonly args: (port: number, folder: string) => readonly string[] | Promise<readonly string[]>;
  readonly env?: Readonly<Record<string, string>>;
  /** A path that the server answers, with any status, once it is ready. */
  readonly readyPath: string;
}

const startWithinMs = 45_000;

/** Starts a server on 127.0.0.1 in a folder of its own and waits until it answers. */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  const path = findServer(plan.program);
  if (path === undefined) throw new Error(`${plan.program} is not installed: run npm run test:servers`);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), `${plan.program}-`));
  const args = await plan.args(port, folder);
  const child = spawn(path, args, {
    env: { ...process.env, ...plan.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
  });
  let output = '';
  const keep = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);

  const stop = async (): Promise<void> => {
    process.removeListener('exit', killNow);
    await ended(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const endpoint = new URL(`http://127.0.0.1:${port}`);
  try {
    await waitUntilReady(new URL(plan.readyPath, endpoint), child);
  } catch (error) {
    await stop();
    throw new Error(`${plan.program} did not start: ${output}`, { cause: error });
  }
  return { endpoint, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exit;
  clearTimeout(hard);
}

async function waitUntilReady(url: URL, child: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(startWithinMs);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      const answer = await fetch(url, { signal });
      await answer.body?.cancel();
      if (answer.status < 500) return;
    } catch (error) {
      if (signal.aborted) throw error;
      // Not listening yet.
    }
    await delay(20, undefined, { signal });
  }
}
