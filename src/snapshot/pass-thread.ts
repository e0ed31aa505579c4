/**
 * The thread in which a large text is scanned and digested while the main one receives and writes it
 * (threaded-pass.ts). The build makes one piece of code of this file and what it imports.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ResilienceError } from '../errors';
import type { JsonStructure } from './json-scanner';
import { TextPass, type Passed, type ScanPlan } from './text-pass';

export interface ThreadData {
  readonly plan: ScanPlan;
  /** Shared: the slots, one behind the other. */
  readonly memory: SharedArrayBuffer;
  readonly slotBytes: number;
}

/** A slot that has been filled with so many bytes, or that no more will come. */
export type ToThread = { readonly slot: number; readonly length: number } | 'end';

/** A slot that may be filled again, or how the pass has ended. */
export type FromThread =
  | { readonly free: number }
  | { readonly passed: Passed }
  | { readonly refused: { readonly code: string; readonly reason: string; readonly fix: string } };

function main(data: ThreadData, tell: (message: FromThread) => void, close: () => void): (message: ToThread) => void {
  const pass = new TextPass(data.plan);
  return (message) => {
    try {
      if (message === 'end') {
        const { outer, inner, ...rest } = pass.end();
        tell({ passed: { ...rest, outer: plain(outer), inner: inner === undefined ? undefined : plain(inner) } });
        close();
      } else {
        pass.feed(new Uint8Array(data.memory, message.slot * data.slotBytes, message.length));
        tell({ free: message.slot });
      }
    } catch (error) {
      if (!(error instanceof ResilienceError)) throw error;
      tell({ refused: error.toJSON() });
      close();
    }
  };
}

/** What can be sent: an instance of a class arrives as what its own fields hold, private ones and accessors left out. */
function plain({ start, end, members, entityKeySeen }: JsonStructure): JsonStructure {
  return { start, end, members, entityKeySeen };
}

const port = parentPort;
if (port === null) throw new TypeError('this is the code of a thread');
port.on(
  'message',
  main(
    workerData as ThreadData,
    (message) => port.postMessage(message),
    () => port.close(),
  ),
);
