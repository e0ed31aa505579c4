import { program } from '../budgets';
import { find, type Results } from '../results';
import { summarize } from '../statistics';
import { barChart, type Group } from './chart';
import type { Section } from './section';
import { peersTable, rowsOf, subjectsOf } from './tables';

const told = {
  import: {
    title: 'Import',
    text: 'One object from the store into a file. `import` is told at once that the control plane is not there, checks what it reads, flushes it to the disk and leaves its start script; of the others none checks more than the transfer.',
  },
  export: {
    title: 'Export',
    text: '`export --once` against one upload. It does what none of the others does: it joins the control plane over TLS, takes the configuration as a compressed frame, checks it, takes the lease, and keeps a copy in its spool; the others read a file that is there.',
  },
};

export function transferSection(results: Results, suite: 'import' | 'export'): Section | undefined {
  const subjects = subjectsOf(results, suite);
  if (subjects.length === 0) return undefined;
  const stores = [...new Set(subjects.map(([store = '']) => store))];
  const { title, text } = told[suite];
  const pictures: Record<string, string> = {};
  const parts = stores.flatMap((store) => {
    const name = `${suite}-${store.toLowerCase()}`;
    const own = subjects.filter(([of]) => of === store);
    pictures[name] = barChart(
      `${title}, ${store}: time`,
      'ms',
      own.map((of) => groupOf(results, suite, of)),
    );
    return [
      `### ${title}, ${store}`,
      `![Time of each, by size](bench/${name}.svg)`,
      ...own.flatMap((of) => [`${of.slice(1).join(', ')}:`, peersTable(results, suite, of)]),
    ];
  });
  return { text: [`## ${title}`, text, ...parts].join('\n\n'), pictures };
}

function groupOf(results: Results, suite: string, of: readonly string[]): Group {
  const bars = rowsOf(results, suite, of).flatMap((by) => {
    const figure = find(results.figures, { suite, of, by, quantity: 'wall' });
    return figure === undefined ? [] : [{ label: by, ours: by.startsWith(program), ...summarize(figure.samples) }];
  });
  return { title: of.slice(1).join(', '), bars };
}
