import { named, type Table } from '../../test/cli/cluster';

/** A configuration of about so many bytes that does not compress, so that each byte takes its time. */
export function padded(name: string, bytes: number): Table {
  let state = 1;
  const word = (): string => ((state = Math.imul(state, 48_271) % 0x7fffffff) >>> 0).toString(36);
  let tag = '';
  const tags: string[] = [];
  for (let size = 0; size < bytes; size += tag.length + 3) tags.push((tag = word() + word() + word() + word()));
  return named(name, { consumers: [{ id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0003', username: name, tags }] });
}
