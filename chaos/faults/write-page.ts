import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { faultsPage } from './page';

/** Writes docs/faults.md from the table; `npm run chaos` fails where it is not current. */
async function write(): Promise<void> {
  writeFileSync('docs/faults.md', await format(faultsPage(), { parser: 'markdown' }));
}

void write();
