import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseGatewayVersion, parseStorageUrl } from '../../src/contract';
import { ResilienceError } from '../../src/errors';
import { silentLog } from '../../src/runtime/log';
import { openStore } from '../../src/store';
import { temporaryFolder } from '../../test/support/program';
import { pathFault } from '../faults/hostile-input';
import { writeFigure } from '../support/figures';
import { bytesOf, Hostile } from '../support/hostile';
import { must, promisesHeld } from '../support/parser';
import { random } from '../support/random';
import { recordFolder, times } from '../support/settings';

const ways = bytesOf(
  '../outside',
  '..',
  '%2e%2e/outside',
  '/outside/x',
  'a/../../outside',
  '..\\outside',
  'a\0b',
  './a',
  'a//b',
  'x'.repeat(300),
  '3.9.1/config.json',
  '3.9.1',
);

/** All that is in a folder, with its content. */
function listing(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name) =>
      statSync(join(folder, name)).isFile() ? `${name}=${readFileSync(join(folder, name), 'utf8')}` : name,
    )
    .join('\n');
}

/** Calls a store with buckets, prefixes, versions and keys that mean to leave it. */
export function traversal(): void {
  const { id, expected } = pathFault;
  const { answer, held } = expected.hostile;
  it(
    `reads and writes nothing outside the folder of a store, whatever bucket, prefix, version and key are: ${id}`,
    { timeout: 600_000 },
    async () => {
      const count = times({ short: 2_000, long: 50_000 });
      const parent = temporaryFolder();
      const outside = join(parent, 'outside');
      mkdirSync(join(outside, 'marker'), { recursive: true });
      writeFileSync(join(outside, 'x'), 'SECRET outside');
      mkdirSync(join(parent, 'bucket'));
      const before = listing(outside);
      let refused = 0;
      const told = new Set<string>();
      promisesHeld();
      for (let number = 0; number < count; number++) {
        const hostile = new Hostile(random(`traversal ${number}`));
        const url = parseStorageUrl(`file://${parent}/bucket${hostile.chance(0.3) ? `/${hostile.text(ways)}` : ''}`);
        if (!url.ok) {
          refused++;
          told.add(url.refusal.code);
          continue;
        }
        must(
          url.storage.bucket === join(parent, 'bucket') || url.storage.bucket.startsWith(join(parent, 'bucket/')),
          'a store is in the folder of its URL',
          () => url,
        );
        const version = parseGatewayVersion(hostile.text(ways));
        must(
          version === undefined || /^\d+(\.\d+){2,3}$/.test(version.text),
          'a version names no path',
          () => version?.text,
        );
        const store = await openStore(url.storage, {
          aws: {},
          google: {},
          timeoutMs: 30_000,
          log: silentLog,
        } as unknown as Parameters<typeof openStore>[1]);
        const key = hostile.text(ways);
        const calls = [
          async () =>
            void (await store.put(key, Buffer.from('written'), {
              condition: 'absent',
              metadata: {},
              contentType: 'application/json',
            })),
          async () => {
            for await (const chunk of (await store.get(key)).body)
              must(!Buffer.from(chunk).toString().includes('SECRET'), 'nothing outside is read', () => key);
          },
          async () => {
            const folders = await store.listFolders(key);
            must(!folders.includes('marker'), 'nothing outside is listed', () => key);
          },
        ];
        for (const call of calls) {
          try {
            await call();
          } catch (error) {
            // A key is made by the program: one that leaves its folder is a defect of it, and told so.
            const ofKey = error instanceof TypeError && /would leave its folder|null bytes/.test(error.message);
            if (!ofKey && !(error instanceof ResilienceError)) throw error;
            told.add(error instanceof ResilienceError ? error.code : error.name);
            refused++;
          }
        }
        store.close();
      }
      const there = [listing(outside), ...readdirSync(parent).sort()];
      must(there.join() === [before, 'bucket', 'outside'].join(), 'nothing outside is written', () => there);
      expect(promisesHeld()).toEqual([...held].sort());
      const allowed = typeof answer === 'string' ? [] : answer;
      expect([...told].filter((code) => !allowed.some((start) => code.startsWith(start)))).toEqual([]);
      expect(allowed.filter((start) => ![...told].some((code) => code.startsWith(start)))).toEqual([]);
      writeFigure(recordFolder, {
        suite: 'hostile-input',
        what: 'stores and keys that mean to leave their folder',
        count,
        note: `${refused} refusals; nothing outside read or written`,
      });
    },
  );
}
