import { environmentVariables } from '../../src/contract';
import { isKnown } from '../problems';
import type { EnvironmentBlock } from './block';

/** Seconds that a variable of a block says, or its default; where Terraform alone knows them, the default. */
export function secondsIn(block: EnvironmentBlock, name: string): number {
  const fallback = Number(environmentVariables.find((variable) => variable.name === name)?.default);
  const given = block.get(name);
  if (given === undefined || given.isSecret || !isKnown(given.toString())) return fallback;
  return Number(given.toString());
}
