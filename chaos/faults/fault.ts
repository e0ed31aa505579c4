import type { Held } from '../support/history';

/** A line that the log must have. */
export interface Line {
  readonly level: 'error' | 'warn' | 'info';
  /** The stable name, where the line has one. */
  readonly event?: string;
  readonly code?: string;
  /** A part of its reason, or of its message where it has none. */
  readonly text: string;
}

/** The value of a metric, or that it has begun to count. */
export type Metrics = Readonly<Record<`kong_resilience_${string}`, number | 'counts'>>;

/** What becomes of an exporter that has stored one configuration and gets the next one while the fault lasts. */
export interface ExportOutcome {
  /** Absent: nothing is told, and nothing needs to be. */
  readonly log?: Line;
  /** Of `run` after SIGTERM, or of one that ends by itself. */
  readonly exitCode: number;
  readonly metrics: Metrics;
  /** What the store holds while the fault lasts. */
  readonly stored: 'the earlier one' | 'the newest' | 'nothing';
}

/** What becomes of an import without a control plane, with a file of an earlier import in the hand-over folder. */
export interface ImportOutcome {
  readonly log: Line;
  /** Of `import --strict`; without it, 0. */
  readonly exitCode: number;
  /** Of `import --hold`. */
  readonly metrics: Metrics;
  /** What the gateway finds in the hand-over folder. */
  readonly handedOver: 'what is stored' | 'the file of the earlier import' | 'nothing';
}

/** What becomes of a start of the gateway through the start script, while the control plane is down. */
export interface StartOutcome {
  /** A part of the script's line on stderr. */
  readonly said: string;
  /** What `KONG_DECLARATIVE_CONFIG` names then. */
  readonly file: 'the staged file' | "the user's own" | 'none';
  /** What the gateway serves; nothing is 404 for everything, and 503 on `/status/ready`. */
  readonly serves: 'what was handed over' | 'its cache' | "the user's own file" | 'nothing';
}

/** What becomes of the next change where several may export it; never is an older one put over it, nor twice in a term. */
export interface TakeoverOutcome {
  readonly stored: 'while it lasts' | 'when it is over at the latest';
  readonly by: 'another one' | 'one of them' | 'each of them';
}

/** What becomes of a program that is killed (SIGKILL) at random instants; of the next one, what the other outcomes say. */
export interface KillOutcome {
  /** What a kill leaves, whole: nothing else, each of them sometimes, and never an older one than was there before. */
  readonly leaves: readonly Held[];
  /** The files of its folder once the next one has ended: nothing of the killed ones is left. */
  readonly files: readonly string[];
}

/** What becomes of input that means no good. */
export interface HostileOutcome {
  /** Codes or names of errors, or status lines, that begin so; a plain refusal is a value that says what is wrong. */
  readonly answer: 'taken' | 'a plain refusal' | readonly string[];
  /** What is held against each answer, and nothing else is. */
  readonly held: readonly string[];
  /** Of a program that gets it. */
  readonly exitCode?: number;
}

/** A row of the fault table: the input of a suite of `npm run chaos`, and of docs/faults.md. */
export interface Fault<Injection> {
  /** Stable, in kebab case. */
  readonly id: string;
  /** One sentence. */
  readonly fault: string;
  /** How it is brought about. */
  readonly inject: Injection;
  readonly expected: {
    readonly export?: ExportOutcome;
    readonly import?: ImportOutcome;
    readonly start?: StartOutcome;
    readonly takeover?: TakeoverOutcome;
    readonly killed?: KillOutcome;
    readonly hostile?: HostileOutcome;
  };
}
