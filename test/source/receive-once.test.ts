import { describe, expect, it } from 'vitest';

import { ResilienceError } from '../../src/errors';
import type { Configuration } from '../../src/snapshot';
import { type ConfigurationSource, receiveOnce, type SourceListener } from '../../src/source';
import { until } from '../support/until';

const CONFIGURATION: Configuration = { table: Buffer.from('{}'), receivedAt: new Date(0) };
const problem = (text: string): ResilienceError => new ResilienceError('KR_TEST', text, 'Mend it.');

/** A source that does what the test says. */
class Puppet implements ConfigurationSource {
  readonly name = 'puppet';
  listener: SourceListener | undefined;
  ended = false;
  run(listener: SourceListener, signal: AbortSignal): Promise<void> {
    this.listener = listener;
    return new Promise((resolve) => {
      const end = (): void => {
        this.ended = true;
        resolve();
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });
  }
  refresh(): void {
    throw new Error('nobody asked for it');
  }
}

describe('receiving once', () => {
  it('resolves with the first configuration, and stops the source', async () => {
    const source = new Puppet();
    const reception = receiveOnce(source, new AbortController().signal);
    source.listener?.onConfiguration(CONFIGURATION);
    source.listener?.onConfiguration({ ...CONFIGURATION, receivedAt: new Date(1) });
    expect(await reception.configuration).toBe(CONFIGURATION);
    expect(await reception.firstProblem).toBeUndefined();
    expect(source.ended).toBe(true);
  });

  it('tells the first problem at once, and goes on', async () => {
    const source = new Puppet();
    const reception = receiveOnce(source, new AbortController().signal);
    source.listener?.onProblem(problem('first.'));
    source.listener?.onProblem(problem('second.'));
    expect((await reception.firstProblem)?.reason).toBe('first.');
    expect(reception.problems.map((one) => one.reason)).toEqual(['first.', 'second.']);
    expect(source.ended).toBe(false);
    source.listener?.onConfiguration(CONFIGURATION);
    expect(await reception.configuration).toBe(CONFIGURATION);
  });

  it('rejects with the reason of its signal, and not before', async () => {
    const source = new Puppet();
    const stop = new AbortController();
    const reception = receiveOnce(source, stop.signal);
    source.listener?.onProblem(problem('still trying.'));
    let settled = false;
    void reception.configuration.catch(() => undefined).then(() => (settled = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    stop.abort(new Error('the deadline has passed'));
    await expect(reception.configuration).rejects.toThrow('the deadline has passed');
    expect(source.ended).toBe(true);
  });

  it('may be given a signal that has aborted, and may be left unawaited', async () => {
    const source = new Puppet();
    const reception = receiveOnce(source, AbortSignal.abort(new Error('too late')));
    expect(await reception.firstProblem).toBeUndefined();
    await until('the source has ended', () => source.ended);
    await expect(reception.configuration).rejects.toThrow('too late');
  });

  it('passes on a programming error of the source', async () => {
    const source = new Puppet();
    source.run = () => Promise.reject(new TypeError('a bug'));
    await expect(receiveOnce(source, new AbortController().signal).configuration).rejects.toThrow('a bug');
  });
});
