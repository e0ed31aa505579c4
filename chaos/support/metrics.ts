import type { Metrics } from '../faults/fault';

/** The expected metrics as they are, in the words of what is expected. */
export function asExpected(expected: Metrics, valueOf: (name: string) => number): Metrics {
  return Object.fromEntries(
    Object.entries(expected).map(([name, wanted]) => {
      const value = valueOf(name);
      return [name, wanted === 'counts' && value > 0 ? 'counts' : value];
    }),
  );
}

/** What of the expected metrics a listener shows. */
async function shown(listen: string, expected: Metrics): Promise<Metrics> {
  const text = await (await fetch(`http://${listen}/metrics`)).text();
  return asExpected(expected, (name) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]));
}

/** Waits until a listener shows them. @returns what it shows at last, where that never was so */
export async function metricsOf(listen: string, expected: Metrics, limitMs: number): Promise<Metrics> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await shown(listen, expected);
    if (JSON.stringify(found) === JSON.stringify(expected) || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
