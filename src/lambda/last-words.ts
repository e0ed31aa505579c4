/** Bytes of the end of a log that are kept: a report of the environment with many problems fits. */
const keptBytes = 16 * 1024;
/** Lambda's answer is no log: what is longer is cut. */
const longest = 2_000;

/** Why a program failed, as its stderr says it. */
export class LastWords {
  private kept = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    this.kept = Buffer.concat([this.kept, bytes]);
    if (this.kept.byteLength > keptBytes) this.kept = this.kept.subarray(-keptBytes);
  }

  /** The program's closing message; else the last error in its log; else its last line. */
  get reason(): string {
    const text = this.kept.toString('utf8').trimEnd();
    const lines = text.split('\n');
    const closing = lines.findLastIndex((line) => line.startsWith('kong-resilience: '));
    const said =
      closing >= 0
        ? lines.slice(closing).join('\n').replace('kong-resilience: ', '')
        : (lines.map(errorOf).findLast((reason) => reason !== undefined) ?? lines.at(-1) ?? '');
    if (said === '') return 'it said nothing.';
    return said.length > longest ? `${said.slice(0, longest)}…` : said;
  }
}

/** What a line of the log tells of an error; undefined for any other line. */
function errorOf(line: string): string | undefined {
  let entry: { level?: unknown; code?: unknown; reason?: unknown; message?: unknown } | null;
  try {
    entry = JSON.parse(line) as typeof entry;
  } catch {
    return undefined;
  }
  if (entry === null || (entry.level !== 'error' && entry.level !== 'fatal')) return undefined;
  if (typeof entry.code === 'string' && typeof entry.reason === 'string') return `${entry.code}: ${entry.reason}`;
  return typeof entry.message === 'string' ? entry.message : undefined;
}
