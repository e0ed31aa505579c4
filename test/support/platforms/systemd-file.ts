/** One line of a unit's file that sets something. */
export interface Assignment {
  readonly section: string;
  readonly name: string;
  readonly value: string;
}

/** What a unit's file sets, in its order, by systemd.syntax(7). */
export function assignmentsOf(text: string): Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  for (const line of text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((one) => one.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const [, header] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (header !== undefined) {
      section = header;
      continue;
    }
    const [, name = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    found.push({ section, name, value });
  }
  return found;
}
