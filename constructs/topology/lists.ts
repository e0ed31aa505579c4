import { isKnown, type Problem } from '../problems';
import { notAList } from './problems';

/** What is no list, where nothing checks types: a single text, or nothing. A token is judged by nobody before Terraform. */
export function listProblems(prop: string, value: unknown, example: string): Problem[] {
  if (Array.isArray(value) || (value !== undefined && !isKnown(value))) return [];
  return [notAList(prop, value, example)];
}
