import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkTable, decodeReconfigure, readConfiguration } from '../../src/snapshot';
import { chunks, parsed, refusal, smallTable, table, text } from './support';

const said = (value: unknown): Promise<string> => refusal(() => checkTable(text(value)));
const isKong = 'Check that the object is a Kong configuration and not some other file.';

describe('checkTable', () => {
  it('describes the captured table', () => {
    const info = checkTable(table);
    expect(info).toMatchObject({ formatVersion: '3.0', transform: false, hashesPasswords: false, hasWsId: false });
    const lists = Object.entries(parsed.config_table).filter(([, value]) => Array.isArray(value));
    expect(info.entityCounts).toEqual(Object.fromEntries(lists.map(([key, value]) => [key, (value as []).length])));
    expect(Object.keys(info.topLevel).sort()).toEqual(Object.keys(parsed.config_table).sort());
    expect(info.topLevel['_transform']).toBe('false');
  });

  it('tells when a gateway would hash passwords again', () => {
    expect(checkTable(text(smallTable({ _transform: true })))).toMatchObject({
      transform: true,
      hashesPasswords: true,
    });
    const absent = checkTable(text(smallTable({ _transform: undefined })));
    expect(absent.hashesPasswords).toBe(true);
    expect('transform' in absent).toBe(false);
  });

  it('sees a ws_id', () => {
    expect(checkTable(text(smallTable({ routes: [{ ws_id: 'w' }] }))).hasWsId).toBe(true);
  });

  it('takes null for a list, and notes about the file', () => {
    const { entityCounts } = checkTable(text(smallTable({ routes: null, _comment: 'x', _info: { a: 1 } })));
    expect(entityCounts).toEqual({ services: 1, routes: 0 });
  });

  it.each(['1.1', '2.1', '3.0', '3.9'])('takes the format version %s', (version) => {
    expect(checkTable(text(smallTable({ _format_version: version }))).formatVersion).toBe(version);
  });

  it.each([
    [undefined, 'missing'],
    [3, 'not a short string'],
    ['x'.repeat(5000), 'not a short string'],
    ['secret', 'not of the form "3.0"'],
    ['3', 'not of the form "3.0"'],
    ['0.9', '"0.9"'],
    ['4.0', '"4.0"'],
  ])('refuses the format version %j', async (version, found) => {
    expect(await said(smallTable({ _format_version: version }))).toBe(
      `The configuration's "_format_version" is ${found}; it must be a string such as "3.0", "2.1" or "1.1". Check that the object is a Kong configuration, as a gateway of version 3 or earlier exports it.`,
    );
  });

  it('refuses what has not the shape of a table, and says what is wrong', async () => {
    expect(await said(smallTable({ _transform: 'no' }))).toBe(
      `The configuration's "_transform" is a string; it must be true or false. A table that a gateway exported has false: with true, passwords that are hashed already are hashed again.`,
    );
    expect(await said(smallTable({ routes: { a: 1 } }))).toBe(
      `The configuration's "routes" is an object; it must be a list of entities. ${isKong}`,
    );
    expect(await said('"text"')).toBe(
      `The configuration is a string; it must be an object, with "_format_version" and lists of entities. ${isKong}`,
    );
    expect(await said({ error: 'AccessDenied' })).toMatch(/^The configuration's "_format_version" is missing;/);
  });

  it.each([
    ['null', null],
    ['a list', []],
    ['a string', 'secret'],
    ['a number', 1],
    ['true', true],
    ['false', false],
  ])('refuses %s among the entities, and says where', async (kind, stranger) => {
    const refused = (index: number): string =>
      `The configuration's "routes" has ${kind} at index ${index}; each of its elements must be an entity, which is an object. Restore an earlier version of the object, or let an exporter write it anew; a source that sends this must be asked again.`;
    expect(await said(smallTable({ routes: [stranger] }))).toBe(refused(0));
    expect(await said(smallTable({ routes: [{}, {}, stranger, 7], plugins: [{}] }))).toBe(refused(2));
    const reconfigure = text({ type: 'reconfigure', config_table: smallTable({ routes: [{}, stranger] }) });
    for (const bytes of [reconfigure, gzipSync(reconfigure)]) {
      expect(await refusal(() => readConfiguration(chunks(bytes, 7), { maxConfigBytes: 1e6 }))).toBe(refused(1));
    }
    expect(
      await refusal(() => decodeReconfigure(gzipSync(reconfigure), { maxConfigBytes: 1e6, receivedAt: new Date(0) })),
    ).toBe(refused(1));
  });

  it('takes lists of anything inside an entity, and in notes about the file', async () => {
    const paths = ['/', null, 1];
    expect(await said(smallTable({ routes: [{ paths }, { paths }], _info: { select_tags: ['a'] }, _list: [1] }))).toBe(
      'no error',
    );
    expect(await said({ _list: [1], ...smallTable() })).toBe('no error');
  });

  it('refuses a table without a proxied entity, and takes one with a single one', async () => {
    const empty = {
      _format_version: '3.0',
      _transform: false,
      workspaces: [{}],
      parameters: [{}],
      services: [],
      routes: null,
    };
    expect(await said(empty)).toBe(
      'The configuration is empty: it has no entity besides "workspaces" and "parameters". Configure the control plane first; an empty configuration is never stored and never handed to a gateway.',
    );
    expect(await said({ ...empty, vaults: [{}] })).toBe('no error');
  });
});
