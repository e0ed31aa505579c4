import type { Results } from '../results';
import { exporterSection } from './exporter';
import type { Section } from './section';
import { rpoSection } from './rpo';
import { rtoSection } from './rto';
import { sizeSection } from './size';
import { synthSection } from './synth';
import { transferSection } from './transfer';

/** In the order of the page; one is left out where its suite was not run. */
export const sections: readonly ((results: Results) => Section | undefined)[] = [
  (results) => transferSection(results, 'import'),
  (results) => transferSection(results, 'export'),
  rpoSection,
  rtoSection,
  exporterSection,
  synthSection,
  sizeSection,
];
