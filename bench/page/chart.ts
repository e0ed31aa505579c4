/** One bar: the median, and the middle half of the samples as a line on it. */
export interface Bar {
  readonly label: string;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  /** Whether it is this program's. */
  readonly ours: boolean;
}

export interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Part {
  readonly label: string;
  readonly value: number;
}

const width = 760;
const labelWidth = 250;
const valueWidth = 80;
const line = 20;
const scaleWidth = width - labelWidth - valueWidth;
/** Read on white and on black. */
const style =
  'text{font:12px sans-serif;fill:#57606a}.t{font-weight:bold}.n{text-anchor:end}.o{fill:#0969da}.p{fill:#9aa4af}path{stroke:#57606a}';
const shades = ['#0969da', '#54aeff', '#9aa4af', '#57606a', '#bf8700', '#2da44e'];

/** Groups of horizontal bars, each group on a scale of its own. */
export function barChart(title: string, unit: string, groups: readonly Group[]): string {
  const parts: string[] = [];
  let y = 6;
  for (const group of groups) {
    const largest = Math.max(...group.bars.map(({ q3 }) => q3));
    const at = (value: number): number => round((value / largest) * scaleWidth);
    y += line;
    parts.push(`<text class="t" x="0" y="${y - 6}">${escape(group.title)}</text>`);
    for (const { label, q1, median, q3, ours } of group.bars) {
      parts.push(
        `<text class="n" x="${labelWidth - 8}" y="${y + 14}">${escape(label)}</text>`,
        `<rect class="${ours ? 'o' : 'p'}" x="${labelWidth}" y="${y + 3}" width="${at(median)}" height="14"/>`,
        `<path d="M${labelWidth + at(q1)} ${y + 10}H${labelWidth + at(q3)}"/>`,
        `<text x="${labelWidth + Math.max(at(median), at(q3)) + 6}" y="${y + 14}">${number(median)} ${unit}</text>`,
      );
      y += line;
    }
    y += 8;
  }
  return picture(title, y, parts);
}

/** One bar of parts that follow each other, for each group. */
export function partsChart(
  title: string,
  unit: string,
  groups: readonly { readonly title: string; readonly parts: readonly Part[] }[],
): string {
  const labels = [...new Set(groups.flatMap(({ parts }) => parts.map(({ label }) => label)))];
  const shade = (label: string): string => shades[labels.indexOf(label) % shades.length] ?? '#000';
  const whole = ({ parts }: (typeof groups)[number]): number => parts.reduce((sum, { value }) => sum + value, 0);
  const largest = Math.max(...groups.map(whole));
  const drawn: string[] = [];
  let y = 10;
  for (const group of groups) {
    let x = labelWidth;
    drawn.push(`<text class="n" x="${labelWidth - 8}" y="${y + 14}">${escape(group.title)}</text>`);
    for (const { label, value } of group.parts) {
      const length = round((value / largest) * scaleWidth);
      drawn.push(`<rect fill="${shade(label)}" x="${round(x)}" y="${y + 3}" width="${length}" height="14"/>`);
      x += length;
    }
    drawn.push(`<text x="${round(x) + 6}" y="${y + 14}">${number(whole(group))} ${unit}</text>`);
    y += line + 6;
  }
  for (const label of labels) {
    drawn.push(
      `<rect fill="${shade(label)}" x="${labelWidth}" y="${y + 4}" width="10" height="10"/>`,
      `<text x="${labelWidth + 16}" y="${y + 14}">${escape(label)}</text>`,
    );
    y += line;
  }
  return picture(title, y, drawn);
}

function picture(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + 4}" width="${width}" role="img"><title>${escape(title)}</title>`,
    `<style>${style}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

export function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const round = (value: number): number => Math.round(value * 10) / 10;

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
