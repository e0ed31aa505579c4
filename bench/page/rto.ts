import { find, type Results } from '../results';
import { median } from '../statistics';
import { rtoSteps } from '../suites/rto';
import { partsChart } from './chart';
import type { Section } from './section';
import { markdownTable, spread, subjectsOf } from './tables';

export function rtoSection(results: Results): Section | undefined {
  const subjects = subjectsOf(results, 'rto');
  if (subjects.length === 0) return undefined;
  const wall = (of: readonly string[], by: string) => find(results.figures, { suite: 'rto', of, by, quantity: 'wall' });
  const columns = [...rtoSteps, 'RTO'];
  const rows = columns.map((by) => [
    by,
    ...subjects.map((of) => {
      const figure = wall(of, by);
      return figure === undefined ? '' : spread(figure);
    }),
  ]);
  const groups = subjects.map((of) => ({
    title: of.join(', '),
    parts: rtoSteps.map((label) => ({ label, value: median(wall(of, label)?.samples ?? [0]) })),
  }));
  return {
    text: [
      '## RTO',
      'From the start of the import on a cold node in an outage (the control plane refuses) to the first request that is served. **The gateway is the simulator’s** (`src/demo`); a real Kong 3.9.3 adds 1.4 s of its own start instead. A machine that has started before has our code cache; a new one, a new container say, has none unless its cache folder is kept.',
      '- decision: start of the process, environment, and the control plane found gone\n- fetch: SDK, credentials, and the store’s answer up to its first byte\n- verify: the body, checked as it comes, and written\n- hand-over: flushed to the disk, put in its place; the result; end of the process\n- start script: decides, in the gateway’s container, that what was handed over is used; the `kong config parse` that it asks is a stand-in, which answers at once\n- gateway: reads the file, listens, answers',
      '![Steps of a cold start](bench/rto.svg)',
      markdownTable(['', ...subjects.map((of) => of.join(', '))], rows),
    ].join('\n\n'),
    pictures: { rto: partsChart('Steps of a cold start', 'ms', groups) },
  };
}
