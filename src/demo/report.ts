import type { LoadResult } from './load';

/** What the demo measured and whether every promise held; the form of `demo --json`. Durations are in milliseconds. */
export interface DemoReport {
  /** Whether every check held. */
  readonly ok: boolean;
  readonly checks: readonly DemoCheck[];
  /** From a change on the control plane to its durable copy in the store. Absent when the demo did not get so far. */
  readonly rpoMs?: number;
  /** From the start of the import to the first request that the cold node served. */
  readonly rtoMs?: number;
  /** The part of `rtoMs` that the import's process took, from start to end. */
  readonly importMs?: number;
  readonly stored?: { readonly key: string; readonly bytes: number; readonly configHash: string };
  /** The cold node that had only its control plane. */
  readonly without?: { readonly status: number; readonly ready: number };
  /** From the outage to the control plane's configuration on every node: so long the node without us served nothing. */
  readonly returnMs?: number;
  readonly load: { readonly warm?: LoadResult; readonly cold?: LoadResult };
  readonly timeline: readonly DemoEvent[];
  readonly tookMs: number;
}

export interface DemoCheck {
  readonly promise: string;
  readonly held: boolean;
  /** What was seen, where it did not hold. */
  readonly seen?: string;
}

export interface DemoEvent {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}

/** The end of what a person reads, line by line. */
export function summary(report: DemoReport): string[] {
  const { rpoMs, rtoMs, importMs, without, returnMs, load } = report;
  const lines = [''];
  if (rpoMs !== undefined) {
    lines.push(
      `RPO ${milliseconds(rpoMs)}: from a change on the control plane to its copy in the store.`,
      '    The demo exports at once; by default changes are gathered for 60 s, so up to that comes on top.',
    );
  }
  if (rtoMs !== undefined && importMs !== undefined) {
    lines.push(
      `RTO ${milliseconds(rtoMs)}: from the start of the import to the first request served; ${milliseconds(importMs)} of it is the import.`,
      '    The nodes are simulated: a real gateway adds its own start, 1.4 to 1.5 s for Kong 3.9.3 with 20 KB.',
    );
  }
  if (without !== undefined) {
    const until = returnMs === undefined ? '' : ` for ${seconds(returnMs)}, until the control plane returned`;
    lines.push(`Without it: ${without.status}, not ready${until}.`);
  }
  for (const [name, result] of Object.entries<LoadResult>(load)) {
    lines.push(`Requests to the ${name} node: ${grouped(result.requests)}, lost: ${grouped(result.lost)}.`);
  }
  lines.push('', ...report.checks.map(checkLine), '');
  lines.push(report.ok ? `Every promise held (${seconds(report.tookMs)}).` : 'NOT EVERY PROMISE HELD.');
  return lines;
}

export function eventLine({ atMs, who, what }: DemoEvent): string {
  return `${(atMs / 1000).toFixed(2).padStart(6)} s  ${who.padEnd(13)}  ${what}`;
}

function checkLine({ promise, held, seen }: DemoCheck): string {
  return `  ${held ? 'ok  ' : 'FAIL'}  ${promise}${seen === undefined ? '' : ` (seen: ${seen})`}`;
}

export function milliseconds(ms: number): string {
  return `${grouped(Math.round(ms))} ms`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `12,345` */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
