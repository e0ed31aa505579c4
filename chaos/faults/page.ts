import type { Fault, ImportOutcome, ExportOutcome, Line, Metrics } from './fault';
import { storeFaults } from './store';

export type Row = Fault<unknown>;

interface Part {
  readonly heading: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

export const parts: readonly Part[] = [
  {
    heading: 'The store',
    about:
      'An exporter has stored one configuration and is sent the next one while the fault lasts; when it is over, that one is stored, in each row. An import has ' +
      'no control plane, and finds the file of an earlier import in the hand-over folder. S3 is versitygw, and MinIO too in the long form; Google Cloud Storage is fake-gcs-server: ' +
      'each behind a proxy that does the damage.',
    rows: storeFaults,
  },
];

const head = `# Faults

What each fault does to an exporter (\`run\`) and to an import: what the log says, the exit code, the metrics, what is stored and what is handed over. This table is
the input of the suites \`store\`, \`control-plane\` and \`gateway\` of \`npm run chaos\`, which bring each fault about with the program as a process and compare; it is written by
\`npx tsx chaos/faults/write-page.ts\`. The codes are those of [errors.md](errors.md), the events and metrics those of [metrics.md](metrics.md).

- The exit code of an exporter is that after SIGTERM, because it goes on trying; that of an import is the one with \`--strict\`, and 0 without it.
- The metrics of an import are those of \`import --hold\`. "Counts" is any number above 0.
`;

/** The text of docs/faults.md. */
export function faultsPage(): string {
  return [head, ...parts.map(section)].join('\n');
}

function section({ heading, about, rows }: Part): string {
  const lines = rows.flatMap((row) => {
    const { id, fault, expected } = row;
    const sides = [
      expected.export === undefined ? [] : [['export', ...exportCells(expected.export)]],
      expected.import === undefined ? [] : [['import', ...importCells(expected.import)]],
    ].flat();
    return sides.map((cells, index) => line([index === 0 ? `\`${id}\`` : '', index === 0 ? fault : '', ...cells]));
  });
  const columns = ['row', 'fault', 'against', 'log', 'exit code', 'metrics', 'stored, or handed over'];
  return [`## ${heading}`, '', about, '', line(columns), line(columns.map(() => '---')), ...lines, ''].join('\n');
}

function exportCells({ log, exitCode, metrics, stored }: ExportOutcome): string[] {
  return [log === undefined ? 'nothing' : told(log), String(exitCode), counted(metrics), stored];
}

function importCells({ log, exitCode, metrics, handedOver }: ImportOutcome): string[] {
  return [told(log), String(exitCode), counted(metrics), handedOver];
}

function told({ level, event, code, text }: Line): string {
  const name = [event, code].flatMap((part) => (part === undefined ? [] : [`\`${part}\``])).join(' ');
  return `${level}${name === '' ? '' : `, ${name}`}: "${text}"`;
}

function counted(metrics: Metrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `\`${name}\` ${value}`)
    .join(', ');
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
