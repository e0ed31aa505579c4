import { printable } from '../contract';

/** Data goes to stdout, and nothing else does. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** One line, whatever names from a store stand in it. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** Seconds as a person says them: `12 s`, `5 min`, `3.2 h`, `4.5 d`. */
export function humanSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/** Bytes as a person says them, in powers of 1,024. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
