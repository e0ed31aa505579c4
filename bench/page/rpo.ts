import { find, type Results } from '../results';
import { median, perRound, summarize } from '../statistics';
import { barChart, number } from './chart';
import type { Section } from './section';
import { markdownTable, spread, subjectsOf } from './tables';

export function rpoSection(results: Results): Section | undefined {
  const subjects = subjectsOf(results, 'rpo');
  if (subjects.length === 0) return undefined;
  const wall = (of: readonly string[], by: string) => find(results.figures, { suite: 'rpo', of, by, quantity: 'wall' });
  const rows = subjects.map((of) => {
    const [all, after, bare] = ['RPO', 'last byte to acknowledged put', 'bare put'].map((by) => wall(of, by));
    const more =
      after === undefined || bare === undefined
        ? ''
        : `${number(median(perRound(after.samples, bare.samples, (a, b) => a - b)))} ms`;
    return [of.join(', '), ...[all, after, bare].map((figure) => (figure === undefined ? '' : spread(figure))), more];
  });
  const bars = subjects
    .filter(([, kind]) => kind !== 'delay of 60 s')
    .flatMap((of) => {
      const figure = wall(of, 'RPO');
      return figure === undefined ? [] : [{ label: of.join(', '), ours: true, ...summarize(figure.samples) }];
    });
  return {
    text: [
      '## RPO',
      'From the first byte of a changed configuration that the control plane sends (a `reconfigure` frame, over TLS) to the exporter’s word that the object is stored. `KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY` is 0, but where a row says 60 s, by which changes are gathered by default: a change is then stored a minute after that before it. Sizes are those of compressed frames, the largest just below Kong’s default limit of 16 MiB. One change comes at a time, when what follows the export before it is over. Of five versions, each has a connection and an object of its own, and the last one counts. `last byte to put` begins when the sender has given the frame’s last byte to the system; the bare put is of the same bytes, by the SDK, in a process that is warm.',
      '![RPO by size of the frame](bench/rpo.svg)',
      markdownTable(['frame', 'RPO', 'last byte to put', 'bare put', 'more'], rows),
    ].join('\n\n'),
    pictures: { rpo: barChart('RPO by size of the frame', 'ms', [{ title: 'RPO, without a delay', bars }]) },
  };
}
