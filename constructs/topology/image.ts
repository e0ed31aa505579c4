import { Token } from 'cdktf';
import type { Problem } from '../problems';
import { looseImage } from './problems';

/** What is wrong with an image that must be pinned, by digest or full tag; nothing for a token. */
export function imageProblems(prop: string, image: string): Problem[] {
  if (Token.isUnresolved(image)) return [];
  // Who writes no TypeScript may leave it out.
  if (typeof (image as unknown) !== 'string') return [looseImage(prop, image)];
  const [name = '', digest] = image.split('@');
  const tag = /:([\w][\w.-]{0,127})$/.exec(name)?.[1];
  const pinned = digest === undefined ? tag !== undefined && tag !== 'latest' : /^sha256:[0-9a-f]{64}$/.test(digest);
  return pinned && /^[^\s@:/]+(:\d+)?(\/[^\s@:/]+)*(:[\w.-]+)?$/.test(name) ? [] : [looseImage(prop, image)];
}
