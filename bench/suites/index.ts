import type { Suite } from '../bench';
import { longLived } from './exporter';
import { rpo } from './rpo';
import { rto } from './rto';
import { size } from './size';
import { synth } from './synth';
import { transfer } from './transfer';

/** In the order in which they run. */
export const suites: readonly Suite[] = [transfer, rpo, rto, longLived, synth, size];
