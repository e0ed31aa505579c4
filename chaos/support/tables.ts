import { createHash } from 'node:crypto';
import { named, type Table } from '../../test/cli/cluster';

/** A configuration of about so many bytes that hardly compresses, so that each byte takes its time; another name, other bytes. */
export function padded(name: string, bytes: number): Table {
  const tags: string[] = [];
  for (let made = 0; made < bytes; made += 91)
    tags.push(createHash('sha512').update(`${name} ${made}`).digest('base64'));
  return named(name, { consumers: [{ id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0003', username: name, tags }] });
}
