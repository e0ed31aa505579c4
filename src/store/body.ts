import type { Readable } from 'node:stream';
import { causeOf } from '../errors';
import type { Call } from './call';
import { storeCorrupt } from './errors';

/**
 * The bytes of one object, once, chunk by chunk as they arrive and without a copy.
 *
 * Ends the call. Throws `KR_STORE_CORRUPT` where the stream breaks off, is longer than `size` or fails its checksum,
 * and `KR_STORE_UNREACHABLE` where the call's time limit passes, also when nobody has begun to read.
 *
 * @param verify called with each chunk, and once more with nothing at the end; throws where the bytes are damaged
 */
export function bodyOf(
  stream: Readable,
  key: string,
  size: number,
  call: Call,
  verify?: Verify,
): AsyncIterable<Uint8Array> {
  let failure: Error | undefined;
  const onAbort = (): void => void stream.destroy(new Error('the call ended'));
  const onError = (error: Error): void => void (failure ??= error);
  // Kept after the end too: a late error of a socket must not become an uncaught one.
  stream.on('error', onError);
  if (call.signal.aborted) onAbort();
  else call.signal.addEventListener('abort', onAbort, { once: true });

  let taken = false;
  async function* read(): AsyncGenerator<Uint8Array> {
    let received = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        if (received > size) throw new Error(`it is longer than its ${size} bytes`);
        verify?.(chunk);
        yield chunk;
      }
      if (received < size) throw new Error(`it ends after ${received} of ${size} bytes`);
      verify?.();
    } catch (error) {
      const what = `${key} is damaged: ${causeOf(failure ?? error)} (${received} of ${size} bytes were read)`;
      throw call.outcome(storeCorrupt(call.location, what, failure ?? error));
    } finally {
      call.signal.removeEventListener('abort', onAbort);
      call.end();
      stream.destroy();
    }
  }
  return {
    [Symbol.asyncIterator]() {
      if (taken) throw new TypeError(`the body of ${key} can be read only once`);
      taken = true;
      return read();
    },
  };
}

export type Verify = (chunk?: Uint8Array) => void;
