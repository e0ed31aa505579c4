import { createHash } from 'node:crypto';
import { mulberry32 } from '../../test/support/mulberry32';
import { seed } from './settings';

/** A stream of random numbers that the seed of the run and its own name decide. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number;
  /** One of them. */
  of<T>(choices: readonly T[]): T;
}

/** @param name what it is for, such as `kill file 17`: another name is another stream, and adding one shifts no other */
export function random(name: string): Random {
  const next = mulberry32(createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE());
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    of: (choices) => {
      const chosen = choices[Math.floor(next() * choices.length)];
      if (chosen === undefined) throw new Error('nothing to choose from');
      return chosen;
    },
  };
}
