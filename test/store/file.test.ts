import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ObjectStore, openReader, openStore, type StoreSettings } from '../../src/store';
import { commit, lockWith } from '../../src/store/file-lock';
import { compile, outputOf, type Program, start } from './children';
import { describeStore, failureOf, type Harness, json, readAll, text, timeoutMs } from './conformance';

const settings: StoreSettings = { aws: { putSettings: {} }, google: {}, timeoutMs };
const key = 'kong/3.9.1/config.json';
const absent = { condition: 'absent', contentType: json, metadata: { n: '1' } } as const;

async function harness(): Promise<Harness & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'kong-resilience-store-'));
  return {
    folder,
    settings,
    storage: { scheme: 'file', bucket: folder, prefix: '' },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

describeStore('file', harness);

describe('a folder as a store', () => {
  let place: Awaited<ReturnType<typeof harness>>;
  let store: ObjectStore;
  let folder: string;
  let path: string;
  beforeAll(async () => {
    place = await harness();
    store = await openStore({ ...place.storage, bucket: join(place.folder, 'made', 'when', 'needed') }, settings);
    path = join(place.folder, 'made', 'when', 'needed', key);
    folder = join(path, '..');
    await store.put(key, text('{"n":1}'), absent);
  });
  afterAll(() => place?.stop());

  it('holds exactly the bytes, for its owner alone', async () => {
    expect(await readFile(path, 'utf8')).toBe('{"n":1}');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const beside = (await readdir(folder)).filter((name) => name !== 'config.json');
    expect(beside).toEqual([expect.stringMatching(/^\.config\.json\.\d+-\d+\.meta$/)]);
    expect((await stat(join(folder, beside[0] ?? ''))).mode & 0o777).toBe(0o600);
  });

  it('never gives a version twice, also for the same bytes', async () => {
    const versions = [(await store.head(key)).version];
    for (const content of ['B', 'A', 'B', 'A']) {
      const version = versions.at(-1) ?? '';
      versions.push((await store.put(key, text(content), { ...absent, condition: { version } })).version);
    }
    expect(new Set(versions).size).toBe(5);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('leaves nothing behind after a conflict', async () => {
    const before = await readdir(folder);
    expect((await failureOf(store.put(key, text('{}'), absent))).code).toBe('KR_STORE_CONFLICT');
    expect(await readdir(folder)).toEqual(before);
  });

  it('reads a file that was put there by hand, without metadata, and replaces it only while it is the same', async () => {
    const foreign = 'kong/3.8.0/config.json';
    const file = join(folder, '..', '3.8.0', 'config.json');
    await mkdir(join(file, '..'));
    await writeFile(file, '{"by":"hand"}');
    const first = await store.head(foreign);
    expect(first).toMatchObject({ size: 13, metadata: {} });
    await writeFile(file, '{"by":"foot"}');
    await utimes(file, new Date(0), new Date(0));
    const over = { ...absent, condition: { version: first.version } };
    expect((await failureOf(store.put(foreign, text('{}'), over))).code).toBe('KR_STORE_CONFLICT');
    const { version } = await store.head(foreign);
    await store.put(foreign, text('{}'), { ...absent, condition: { version } });
    expect(await store.head(foreign)).toMatchObject({ size: 2, metadata: { n: '1' } });
  });

  it('does not take the metadata of the content before for a file that was changed by hand', async () => {
    const changed = 'kong/3.7.0/config.json';
    await store.put(changed, text('{"n":1}'), absent);
    await writeFile(join(folder, '..', '3.7.0', 'config.json'), '{"n":2}');
    await utimes(join(folder, '..', '3.7.0', 'config.json'), new Date(0), new Date(0));
    expect((await store.head(changed)).metadata).toEqual({});
  });

  it.each([
    ['2.8.0', '{}'],
    ['2.8.1', 'null'],
    ['2.8.2', '[]'],
    ['2.8.3', '{"version":1,"metadata":{}}'],
    ['2.8.4', '{"version":"v"}'],
    ['2.8.5', '{"version":"v","metadata":{"n":1}}'],
    ['2.8.6', '{"ver'],
  ])(
    'takes %s for one put there by hand where the metadata beside it is damaged to %s: once a crash, or unreachable',
    async (version, damaged) => {
      const damagedKey = `kong/${version}/config.json`;
      const beside = join(folder, '..', version);
      await store.put(damagedKey, text('{"n":1}'), absent);
      const [name = '', ...others] = (await readdir(beside)).filter((each) => each.endsWith('.meta'));
      expect(others).toEqual([]);
      await writeFile(join(beside, name), damaged);
      const found = await store.head(damagedKey);
      expect(found).toMatchObject({ size: 7, metadata: {}, version: expect.stringMatching(/^file-/) as string });
      await store.put(damagedKey, text('{"n":2}'), { ...absent, condition: { version: found.version } });
      expect(await store.head(damagedKey)).toMatchObject({ size: 7, metadata: { n: '1' } });
    },
  );

  it('calls a file that shrinks while it is read corrupt', async () => {
    const shrinking = 'kong/3.6.0/config.json';
    await store.put(shrinking, new Uint8Array(2 ** 20), absent);
    const { body } = await store.get(shrinking);
    await truncate(join(folder, '..', '3.6.0', 'config.json'), 1000);
    const error = await failureOf(readAll(body));
    expect(error.message).toBe(
      `${store.location}: ${shrinking} is damaged: it ends after 1000 of 1048576 bytes (1000 of 1048576 bytes were read). ` +
        'Read it again; if it stays so, restore an earlier version of the object, or let an exporter write it anew.',
    );
  });

  it('takes its own missing folder for an empty store, because a put makes it; whoever only reads is told', async () => {
    const storage = { ...place.storage, bucket: join(place.folder, 'missing') };
    const writer = await openStore(storage, settings);
    const reader = await openReader(storage, settings);
    for (const work of [() => writer.head(key), () => writer.get(key)]) {
      expect((await failureOf(work())).code).toBe('KR_STORE_ABSENT');
    }
    expect(await writer.listFolders('')).toEqual([]);
    for (const work of [() => reader.head(key), () => reader.get(key), () => reader.listFolders('')]) {
      expect((await failureOf(work())).message).toBe(
        `file://${storage.bucket}: the folder does not exist. Check KONG_CLUSTER_FALLBACK_CONFIG_STORAGE and that the ` +
          'folder is mounted here; only an exporter makes it.',
      );
    }
    await writeFile(storage.bucket, '');
    expect((await failureOf(reader.get(key))).code).toBe('KR_STORE_NO_BUCKET');
    expect((await failureOf(writer.put(key, text('{}'), absent))).reason).toBe(
      `file://${storage.bucket}: writing ${key} was refused: ENOTDIR: not a directory, mkdir '${storage.bucket}/kong/3.9.1'.`,
    );
    await rm(storage.bucket);
    await writer.put(key, text('{}'), absent);
    expect(await reader.listFolders('kong/')).toEqual(['3.9.1']);
  });

  it.runIf(existsSync('/proc/self'))('refuses a folder below /proc, where nothing can be made', async () => {
    const nowhere = await openStore({ ...place.storage, bucket: '/proc/kong-resilience/store' }, settings);
    expect((await failureOf(nowhere.put(key, text('{}'), absent))).reason).toBe(
      `file:///proc/kong-resilience/store: writing ${key} was refused: ENOENT: no such file or directory, mkdir '/proc/kong-resilience'.`,
    );
  });

  it('calls a folder in the place of an object absent', async () => {
    expect((await failureOf(store.get('kong/3.9.1'))).code).toBe('KR_STORE_ABSENT');
    expect((await failureOf(store.get(`${key}/config.json`))).code).toBe('KR_STORE_ABSENT');
  });

  it('stays in its folder', async () => {
    await expect(store.get('../config.json')).rejects.toThrow(
      new TypeError('the object key "../config.json" would leave its folder'),
    );
  });

  it('takes the lock of a dead writer over', async () => {
    const locked = 'kong/3.5.0/config.json';
    const { version } = await store.put(locked, text('{"n":1}'), absent);
    const lock = join(folder, '..', '3.5.0', '.config.json.lock');
    await mkdir(lock);
    await writeFile(join(lock, 'of-a-dead-writer'), '{"n":2');
    await store.put(locked, text('{"n":3}'), { ...absent, condition: { version } });
    expect((await readAll((await store.get(locked)).body)).toString()).toBe('{"n":3}');
    expect(await readdir(join(lock, '..'))).toHaveLength(2);
  });

  it('lets a writer that was frozen with the lock write nothing when it wakes', async () => {
    const contested = 'kong/3.4.0/config.json';
    const target = join(folder, '..', '3.4.0', 'config.json');
    const { version } = await store.put(contested, text('{"n":1}'), absent);
    const frozen = await lockWith(target, text('{"n":"frozen"}'), AbortSignal.timeout(timeoutMs));
    await store.put(contested, text('{"n":2}'), { ...absent, condition: { version } });
    expect(await commit(frozen, target)).toBe(false);
    expect(await readFile(target, 'utf8')).toBe('{"n":2}');
    expect(await readdir(join(target, '..'))).toHaveLength(2);
  });

  it('writes all the same where its lock is taken over before it comes to the commit', async () => {
    const frozen = 'kong/3.3.0/config.json';
    const { version } = await store.put(frozen, text('{"n":1}'), absent);
    const beside = join(folder, '..', '3.3.0');
    const sidecar = join(beside, (await readdir(beside)).find((name) => name.endsWith('.meta')) ?? '');
    const metadata = await readFile(sidecar);
    // The writer waits at this pipe when it has the lock and looks at what is there.
    await rm(sidecar);
    execFileSync('mkfifo', [sidecar]);
    const written = store.put(frozen, text('{"n":2}'), { ...absent, condition: { version } });
    const pipe = await open(sidecar, 'w');
    await rm(join(beside, '.config.json.lock'), { recursive: true });
    await rm(sidecar);
    await writeFile(sidecar, metadata);
    await pipe.writeFile(metadata);
    await pipe.close();
    await written;
    expect((await readAll((await store.get(frozen)).body)).toString()).toBe('{"n":2}');
    expect(await readdir(beside)).toHaveLength(2);
  });

  it('removes what a dead writer left behind, after an hour', async () => {
    const [old, recent] = ['.config.json.old.tmp', '.config.json.recent.tmp'].map((name) => join(folder, name));
    for (const left of [old, recent]) {
      await mkdir(left ?? '');
      await writeFile(join(left ?? '', 'content'), '{}');
    }
    const { storeDate, version } = await store.head(key);
    const long = new Date(storeDate.getTime() - 3_700_000);
    await utimes(old ?? '', long, long);
    await store.put(key, text('{}'), { ...absent, condition: { version } });
    const left = await readdir(folder);
    expect(left).not.toContain('.config.json.old.tmp');
    expect(left).toContain('.config.json.recent.tmp');
  });

  it('removes also the reading of the clock and the metadata that a killed writer left, and keeps those in use', async () => {
    const { storeDate, version } = await store.head(key);
    const inUse = (await readdir(folder)).filter((name) => name.endsWith('.meta'));
    const names = ['.clock.1', '.config.json.1-1.meta', '.clock.2', '.config.json.2-2.meta'];
    for (const name of names) await writeFile(join(folder, name), '{}');
    const long = new Date(storeDate.getTime() - 3_700_000);
    for (const name of [...inUse, ...names.slice(0, 2)]) await utimes(join(folder, name), long, long);
    await expect(store.put(key, text('{}'), { ...absent, condition: { version: 'another' } })).rejects.toThrow(
      'is not the version that this write was meant to replace',
    );
    const left = await readdir(folder);
    expect(names.filter((name) => left.includes(name))).toEqual(names.slice(2));
    expect((await store.head(key)).version).toBe(version);
  });
});

describe('a folder between processes', () => {
  let place: Awaited<ReturnType<typeof harness>>;
  let counter: Program;
  beforeAll(async () => {
    place = await harness();
    // Counts up by reading, adding one and writing over exactly what was read.
    counter = await compile(`
      import { FileStore } from './src/store/file';
      const [bucket, rounds] = process.argv.slice(2);
      const store = new FileStore({ scheme: 'file', bucket, prefix: '' }, { timeoutMs: 20000 });
      (async () => {
        for (let done = 0; done < Number(rounds); ) {
          const { version, metadata, body } = await store.get('count');
          let text = '';
          for await (const chunk of body) text += Buffer.from(chunk).toString();
          if (metadata.n !== text) throw new Error('metadata ' + metadata.n + ' with content ' + text);
          const n = String(Number(text) + 1);
          try {
            await store.put('count', Buffer.from(n), { condition: { version }, contentType: 'text/plain', metadata: { n } });
            done += 1;
            if (done === 3) process.send?.('counting');
          } catch (error) {
            if (error.code !== 'KR_STORE_CONFLICT') throw error;
          }
        }
        process.disconnect?.();
      })();
    `);
  });
  afterAll(async () => {
    await counter?.remove();
    await place?.stop();
  });
  const read = async (): Promise<number> => {
    const reader = await openReader(place.storage, settings);
    const { body, metadata } = await reader.get('count');
    const content = (await readAll(body)).toString();
    expect(metadata).toEqual({ n: content });
    return Number(content);
  };

  it('loses no write of four writers', async () => {
    const store = await openStore(place.storage, settings);
    await store.put('count', text('0'), { condition: 'absent', contentType: 'text/plain', metadata: { n: '0' } });
    const children = Array.from({ length: 4 }, () => start(counter, [place.folder, '25']));
    await Promise.all(children.map(outputOf));
    expect(await read()).toBe(100);
  });

  it('stays whole and writable when writers are killed in the middle', async () => {
    for (let round = 0; round < 4; round += 1) {
      const child = start(counter, [place.folder, '1000000']);
      await once(child, 'message');
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    const before = await read();
    await outputOf(start(counter, [place.folder, '2']));
    expect(await read()).toBe(before + 2);
  });
});

describe('a folder that this user may not use', () => {
  const unprivileged = process.getuid?.() === 0 ? 65534 : undefined;
  let place: Awaited<ReturnType<typeof harness>>;
  let program: Program;
  beforeAll(async () => {
    place = await harness();
    program = await compile(`
      import { FileReader, FileStore } from './src/store/file';
      const [bucket] = process.argv.slice(2);
      const storage = { scheme: 'file', bucket, prefix: '' } as const;
      const reader = new FileReader(storage, { timeoutMs: 20000 });
      const store = new FileStore(storage, { timeoutMs: 20000 });
      const put = (key: string) =>
        store.put(key, Buffer.from('{}'), { condition: 'absent', contentType: 'text/plain', metadata: {} });
      (async () => {
        const told: string[] = [];
        for (const work of [
          () => reader.get('readable/config.json').then(async ({ body }) => { for await (const _ of body); }),
          () => reader.get('readable/missing.json'),
          () => reader.get('secret/config.json'),
          () => reader.head('closed/config.json'),
          () => reader.listFolders('closed/'),
          () => put('readable/other.json'),
          () => put('new/config.json'),
        ]) {
          told.push(await work().then(() => 'ok', (error) => error.code));
        }
        process.stdout.write(told.join(' '));
        process.disconnect?.();
      })();
    `);
    for (const name of ['readable', 'secret', 'closed']) {
      await mkdir(join(place.folder, name));
      await writeFile(join(place.folder, name, 'config.json'), '{}', { mode: 0o644 });
    }
    await chmod(join(place.folder, 'secret', 'config.json'), 0o000);
    await chmod(join(place.folder, 'closed'), 0o000);
    for (const path of [place.folder, join(place.folder, 'readable'), join(place.folder, 'secret')]) {
      await chmod(path, 0o555);
    }
    // Owned by nobody that runs here: an owner could change the modes, root is stopped by none.
    if (unprivileged !== undefined) await chown(place.folder, 0, 0);
  });
  afterAll(async () => {
    for (const path of ['', 'closed', 'readable', 'secret']) await chmod(join(place.folder, path), 0o700);
    await program?.remove();
    await place?.stop();
  });

  it('tells what is denied from what is absent', async () => {
    const output = await outputOf(start(program, [place.folder], unprivileged));
    expect(output.split(' ')).toEqual([
      'ok',
      'KR_STORE_ABSENT',
      'KR_STORE_DENIED',
      'KR_STORE_DENIED',
      'KR_STORE_DENIED',
      'KR_STORE_DENIED',
      'KR_STORE_DENIED',
    ]);
  });
});
