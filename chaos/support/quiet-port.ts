import { createServer } from 'node:net';

/** Below the ports that systems give to connections, of which many come and go here. */
const range = { from: 12_000, to: 32_000 };
let next = range.from + Math.floor(Math.random() * (range.to - range.from));

/** A port that is free now, is given once, and is not taken by a connection meanwhile. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = next++;
    if (next === range.to) next = range.from;
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
