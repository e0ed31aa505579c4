// The way in and out of a network namespace that has nothing but its loopback: runs inside it.
//
//   node relay.mjs <JSON>
//     listen    addresses of the outside world: a connection goes on to a Unix socket, whose other end is outside
//     publish   a Unix socket: the first five bytes of a connection are the port inside that it goes on to
//
// Prints a line when all of it listens.
import { chmodSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const { listen, publish } = JSON.parse(process.argv[2]);

/** Each end that closes or fails takes the other with it. */
function join(one, other) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

await Promise.all([
  ...listen.map(({ host, port, socket }) => {
    const server = createServer({ allowHalfOpen: true }, (client) =>
      join(client, connect({ path: socket, allowHalfOpen: true })),
    );
    return new Promise((resolve) => server.listen(port, host, resolve));
  }),
  new Promise((resolve) => {
    const server = createServer((client) => {
      client.on('error', () => client.destroy());
      client.once('readable', () => {
        const port = client.read(5);
        if (port !== null) join(client, connect({ host: '127.0.0.1', port: Number(port.toString()) }));
      });
    });
    server.listen(publish, () => {
      chmodSync(publish, 0o600);
      resolve();
    });
  }),
]);
process.stdout.write('ready\n');
