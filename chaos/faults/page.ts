import type { Fault, ImportOutcome, ExportOutcome, Line, Metrics, StartOutcome, TakeoverOutcome } from './fault';
import { controlPlaneFaults } from './control-plane';
import { alone, hurts, together } from './exporters';
import { gatewayFaults } from './gateway';
import { storeFaults } from './store';

export type Row = Fault<unknown>;

interface Part {
  readonly heading: string;
  readonly about: string;
  readonly rows: readonly Row[];
  readonly columns?: readonly string[];
}

const agentColumns = ['row', 'fault', 'against', 'log', 'exit code', 'metrics', 'stored, or handed over'];

export const parts: readonly Part[] = [
  {
    heading: 'The store',
    about:
      'An exporter has stored one configuration and is sent the next one while the fault lasts; when it is over, that one is stored, in each row. An import has ' +
      'no control plane, and finds the file of an earlier import in the hand-over folder. S3 is versitygw, and MinIO too in the long form; Google Cloud Storage is fake-gcs-server: ' +
      'each behind a proxy that does the damage.',
    rows: storeFaults,
  },
  {
    heading: 'The control plane',
    about:
      'The store holds an earlier configuration. When the fault is over, what the control plane sends then is stored, in each row. The faults are those of a scripted server that speaks the ' +
      'hybrid protocol as it was measured, over real TLS; the one that sends nothing for want of a plugin is the control plane of this package.',
    rows: controlPlaneFaults,
  },
  {
    heading: 'The exporters',
    about:
      'The first six happen in turn to the exporter that leads, and sometimes to any of them, with changes before, during and afterwards, in each of the three rows that follow, on versitygw and on MinIO. ' +
      'What the store took is compared whole: never an older configuration after a newer one, one writer in a term. Nobody ends of it, and all end with 0 after SIGTERM.',
    rows: [...hurts, ...together, ...alone],
    columns: ['row', 'fault', 'the next change is stored', 'by'],
  },
  {
    heading: 'The gateway',
    about:
      "A start in an outage: `import` as a process stages what is stored, then `start.sh` decides in front of the gateway. Script and reader of the cache are the real ones, and the caches are Kong 3.9.3's own or of its format; " +
      '`kong` and the gateway are stand-ins that do what was measured on a real one. The start ends as the command that it starts, and each row is decided a second time, with the same result.',
    rows: gatewayFaults,
    columns: ['row', 'fault', 'the script says', '`KONG_DECLARATIVE_CONFIG`', 'the gateway serves'],
  },
];

const head = `# Faults

What each fault does to an exporter (\`run\`) and to an import: what the log says, the exit code, the metrics, what is stored and what is handed over. This table is
the input of the suites \`store\`, \`control-plane\`, \`exporters\` and \`gateway\` of \`npm run chaos\`, which bring each fault about with the program as a process and compare; it is written by
\`npx tsx chaos/faults/write-page.ts\`. The codes are those of [errors.md](errors.md), the events and metrics those of [metrics.md](metrics.md).

- The exit code of an exporter is that after SIGTERM, because it goes on trying; that of an import is the one with \`--strict\`, and 0 without it.
- The metrics of an import are those of \`import --hold\`. "Counts" is any number above 0.
`;

/** The text of docs/faults.md. */
export function faultsPage(): string {
  return [head, ...parts.map(section)].join('\n');
}

function section({ heading, about, rows, columns = agentColumns }: Part): string {
  const lines = rows.flatMap(({ id, fault, expected }) => {
    const sides = [
      expected.export === undefined ? [] : [['export', ...exportCells(expected.export)]],
      expected.import === undefined ? [] : [['import', ...importCells(expected.import)]],
      expected.start === undefined ? [] : [startCells(expected.start)],
      expected.takeover === undefined ? [] : [takeoverCells(expected.takeover)],
    ].flat();
    return sides.map((cells, index) => line([...(index === 0 ? [`\`${id}\``, fault] : ['', '']), ...cells]));
  });
  return [`## ${heading}`, '', about, '', line(columns), line(columns.map(() => '---')), ...lines, ''].join('\n');
}

function startCells({ said, file, serves }: StartOutcome): string[] {
  return [`"${said}"`, file, serves];
}

function takeoverCells({ stored, by }: TakeoverOutcome): string[] {
  return [stored, by];
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
