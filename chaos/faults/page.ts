import type {
  ExportOutcome,
  Fault,
  HostileOutcome,
  ImportOutcome,
  KillOutcome,
  Line,
  Metrics,
  StartOutcome,
  TakeoverOutcome,
} from './fault';
import { controlPlaneFaults } from './control-plane';
import { alone, hurts, together } from './exporters';
import { gatewayFaults } from './gateway';
import { keyFault, nameFaults, parserFaults, pathFault, requestFaults } from './hostile-input';
import { killedFaults } from './killed';
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
    heading: 'Killed programs',
    about:
      'Each is killed (SIGKILL) at random instants, and some at chosen ones. What a kill leaves is whole, and never older than what was there or had been told to be stored. ' +
      'Then come the next one, undisturbed, which does and says what the row has, and the files of its folder (the spool, the hand-over; of the start script, what it remembers): nothing of the killed ones is among them.',
    rows: killedFaults,
    columns: [
      'row',
      'killed',
      'a kill leaves',
      'the next one',
      'says',
      'exit code',
      'metrics',
      'what is there then',
      'files',
    ],
  },
  {
    heading: 'The exporters',
    about:
      'In each of the last three rows, on versitygw and on MinIO, each exporter first leads in turn, while the others are paused. Then the first six happen in turn to the one that leads, and sometimes to any of them, ' +
      'with changes before, during and afterwards. What the store took is compared whole: never an older configuration after a newer one, one writer in a term. Nobody ends of it, and all end with 0 after SIGTERM.',
    rows: [...hurts, ...together],
    columns: ['row', 'fault', 'the next change is stored', 'by'],
  },
  {
    heading: 'An exporter with a wrong clock',
    about:
      'It exports alone, on versitygw and on MinIO, which date their answers rightly and refuse a signature of another hour; what it stores says by its time that its clock was wrong indeed.',
    rows: alone,
  },
  {
    heading: 'The gateway',
    about:
      "A start in an outage: `import` as a process stages what is stored, then `start.sh` decides in front of the gateway. Script and reader of the cache are the real ones, and the caches are Kong 3.9.3's own or of its format; " +
      '`kong` and the gateway are stand-ins that do what was measured on a real one. The start ends as the command that it starts, and each row is decided a second time, with the same result.',
    rows: gatewayFaults,
    columns: ['row', 'fault', 'the script says', '`KONG_DECLARATIVE_CONFIG`', 'the gateway serves'],
  },
  {
    heading: 'Hostile input: parsers',
    about:
      'Each is fed valid input with something wrong in it, and noise, in process. What is not valid is answered with a code of ours that begins so, or with a plain refusal: a value that says what is wrong. ' +
      'Each of the last column is held against the answers, and nothing else is; no case takes longer than 30 s, and every object inherits afterwards what it did before.',
    rows: parserFaults,
    columns: ['row', 'hostile', 'answer', 'what is held'],
  },
  {
    heading: 'Hostile input: paths, names and keys',
    about:
      'Paths are given to a `file://` store in process; names and keys to the program: an exporter, an import with `--strict`, `status`, and a `run` with a wrong environment. The exit code is that of the program that gets them.',
    rows: [pathFault, ...nameFaults, keyFault],
    columns: ['row', 'hostile', 'answer', 'what is held', 'exit code'],
  },
  {
    heading: 'Hostile input: requests to the status server',
    about:
      'All of them at once, to an exporter that has exported: the first two on 150 connections each, the last one on one, and the others on 20; in the long form on ten times as many. The exit code is that of the exporter after SIGTERM.',
    rows: requestFaults,
    columns: ['row', 'hostile', 'answer', 'what is held', 'exit code'],
  },
];

const head = `# Faults

What each fault does to an exporter (\`run\`), to an import, and to a gateway that starts: what the log says, the exit code, the metrics, what is stored and what is handed over. This table is
the input of the suites \`store\`, \`control-plane\`, \`kill\`, \`exporters\`, \`gateway\` and \`hostile-input\` of \`npm run chaos\`, which bring each fault about with the program as a process and compare; it is written by
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
    const { killed, hostile } = expected;
    if (killed !== undefined) return [line([`\`${id}\``, fault, ...killCells(killed, expected)])];
    if (hostile !== undefined) return [line([`\`${id}\``, fault, ...hostileCells(hostile)])];
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

/** What a kill leaves, and what the next one does. */
function killCells({ leaves, files }: KillOutcome, expected: Row['expected']): string[] {
  const left = files.length === 0 ? 'none' : files.map((name) => `\`${name}\``).join(', ');
  return [leaves.join(', or '), ...nextCells(expected), left];
}

function nextCells({ export: exported, import: imported, start }: Row['expected']): string[] {
  if (exported !== undefined) return ['`run`', ...exportCells(exported)];
  if (imported !== undefined) return ['`import`', ...importCells(imported)];
  if (start === undefined) return [];
  const [said = '', file = '', serves = ''] = startCells(start);
  return ['`start.sh`', said, "the command's", 'none', `${file}; the gateway serves ${serves}`];
}

function hostileCells({ answer, held, exitCode }: HostileOutcome): string[] {
  const answers =
    typeof answer === 'string'
      ? answer
      : answer.map((start) => `\`${start}${/_$/.test(start) ? '…' : ''}\``).join(', ');
  return [answers, held.join('; '), ...(exitCode === undefined ? [] : [String(exitCode)])];
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
