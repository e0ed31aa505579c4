import { Tokenization } from 'cdktf';
import { isKnown, type Problem } from '../problems';
import { notAPort } from './problems';

/** What is wrong with a port; nothing for a token. */
export function portProblems(prop: string, port: number): Problem[] {
  if (!isKnown(port) || (Number.isInteger(port) && port >= 1 && port <= 65_535)) return [];
  return [notAPort(prop, port)];
}

/** A listener on every address, for the probes of a platform. */
export function everyAddress(port: number): string {
  return `0.0.0.0:${Tokenization.stringifyNumber(port)}`;
}
