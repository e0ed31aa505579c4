import type { ResilienceError } from '../errors';
import { encodeBasicInfo, pluginNames } from '../protocol';
import type { Log } from '../runtime/log';
import type { ReconfigureDecoder } from '../snapshot';
import {
  closed,
  closedEarly,
  dead,
  networkFailed,
  payloadTooLarge,
  protocolBroken,
  silent,
  versionRefused,
} from './errors';
import { LookAhead } from './look-ahead';
import type { Outlet } from './open-outlet';
import type { HybridTiming } from './timing';

export interface AttendOptions {
  /** For messages: `control plane host:port`. */
  readonly place: string;
  readonly version: string;
  readonly plugins: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly maxPayloadBytes: number;
  readonly silenceMs: number;
  /** After this the connection is ended on purpose, to be sent the current configuration anew. */
  readonly reconnectMs: number;
  readonly timing: HybridTiming;
  readonly log: Log;
}

export interface AttendHooks {
  /** A message of so many bytes begins to arrive. @returns what is to follow it meanwhile, if anything */
  onFrameBegun(length: number): ReconfigureDecoder | undefined;
  /** A frame with a configuration, undecoded; `begun` has followed it, and is the hook's to end. */
  onFrame(frame: Buffer, begun: ReconfigureDecoder | undefined): void;
  onSilent(problem: ResilienceError): void;
  /** The hash that the next ping reports. */
  hash(): string;
}

/** One accepted connection, from the node's first message to its end. */
export interface Attendance {
  /** Reports the hash now, besides the regular pings. */
  ping(): void;
  /** Ends it on purpose, as when its time is over. */
  renew(): void;
  /** What ended the connection: a problem, or `renew` when its time was over, or `stopped` when `signal` aborted. */
  readonly ended: Promise<ResilienceError | 'renew' | 'stopped'>;
}

/** How many times within `deadMs` it is looked whether bytes came. */
const LOOKS = 9;

/** Serves an accepted connection: introduces the node, pings, hands on what comes, and tells what ended it. */
export function attend(outlet: Outlet, options: AttendOptions, hooks: AttendHooks, signal: AbortSignal): Attendance {
  const { webSocket, socket } = outlet;
  const { place, timing, log } = options;
  const lookAhead = new LookAhead(options.maxPayloadBytes, (length) => hooks.onFrameBegun(length));
  const ping = (): void => {
    if (webSocket.readyState === webSocket.OPEN) webSocket.ping(hooks.hash());
  };

  let renew = (): void => undefined;
  const ended = new Promise<ResilienceError | 'renew' | 'stopped'>((resolve) => {
    let received = false;
    let refusing = true;
    let bytes = socket.bytesRead;
    let quiet = 0;

    let over = false;
    const end = (outcome: ResilienceError | 'renew' | 'stopped'): void => {
      if (over) return;
      over = true;
      lookAhead.close();
      timers.forEach(clearTimeout);
      signal.removeEventListener('abort', stop);
      // A closing handshake that is not answered soon is given up; the timer alone keeps no process alive.
      webSocket.close();
      setTimeout(() => webSocket.terminate(), 1_000).unref();
      resolve(outcome);
    };
    const stop = (): void => end('stopped');
    renew = () => end('renew');

    const timers = [
      setInterval(ping, timing.pingMs),
      setInterval(() => {
        // Bytes, not messages: a large frame on a slow line is life too.
        quiet = socket.bytesRead === bytes ? quiet + 1 : 0;
        bytes = socket.bytesRead;
        if (quiet === LOOKS) end(dead(place, timing.deadMs));
      }, timing.deadMs / LOOKS),
      setTimeout(() => {
        refusing = false;
      }, timing.refusalMs),
      setTimeout(() => {
        if (!received) hooks.onSilent(silent(place, options.silenceMs, options.version));
      }, options.silenceMs),
      setTimeout(renew, options.reconnectMs),
    ];
    signal.addEventListener('abort', stop, { once: true });

    // Before the library's own listener, which may hand over a message at once.
    socket.prependListener('data', (chunk: Buffer) => lookAhead.feed(chunk));
    webSocket.on('message', (data, isBinary) => {
      if (!isBinary) {
        log.debug(
          { bytes: (data as Buffer).length },
          'the control plane sent a text frame, which the protocol does not have; ignored',
        );
        return;
      }
      received = true;
      const frame = data as Buffer;
      hooks.onFrame(frame, lookAhead.take(frame.length));
    });
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') end(payloadTooLarge(place, options.maxPayloadBytes));
      else if (error.code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS')
        end(protocolBroken(place, 'it sent a fragmented message'));
      else if (error.code?.startsWith('WS_ERR_') === true)
        end(protocolBroken(place, `it broke the WebSocket protocol: ${error.message}`));
      else end(networkFailed(place, 'the connection', error));
    });
    webSocket.on('close', (code) => {
      if (received) end(closed(place, code));
      else if (code === 1005 && refusing) end(versionRefused(place, options.version));
      else end(closedEarly(place, code));
    });

    webSocket.send(
      encodeBasicInfo({
        plugins: pluginNames(options.version, options.plugins).map((name) => ({ name })),
        labels: options.labels,
      }),
      { binary: true },
    );
    ping();
    webSocket.resume();
    if (signal.aborted) stop();
  });
  return { ping, renew: () => renew(), ended };
}
