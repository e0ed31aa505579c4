import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `condition` holds; fails after a generous limit, saying what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const started = performance.now();
  while (!(await condition())) {
    if (performance.now() - started > limitMs) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await delay(10);
  }
}
