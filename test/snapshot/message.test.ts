import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeReconfigure, encodeReconfigure } from '../../src/snapshot';
import { frame, message, parsed, refusal, smallTable, table, text } from './support';

const receivedAt = new Date(0);
const decode = (bytes: Uint8Array, maxConfigBytes = 1 << 24): ReturnType<typeof decodeReconfigure> =>
  decodeReconfigure(bytes, { maxConfigBytes, receivedAt });
const sent = (value: unknown): Promise<string> => refusal(() => decode(gzipSync(text(value))));
const isKong =
  'Check that KONG_CLUSTER_CONTROL_PLANE names the cluster port (8005) of a Kong control plane that speaks the hybrid protocol v1.';
const notOne = (problem: string): string =>
  `The control plane sent a frame that is not a configuration: ${problem}. ${isKong}`;

describe('decodeReconfigure', () => {
  it('gives the captured table byte for byte, with the hashes as they were sent', async () => {
    const configuration = await decode(frame);
    expect(Buffer.compare(configuration.table, table)).toBe(0);
    expect(configuration).toMatchObject({ configHash: parsed.config_hash, hashes: parsed.hashes, receivedAt });
    expect(configuration.info.entityCounts['routes']).toBe(5);
  });

  it('keeps white space, escapes and the order of keys inside the table, and none around it', async () => {
    const inner = '{ "services" :[ {"name":"\\u00fc\\/", "id":1.50 } ],\n"_format_version":"3.0" }';
    const configuration = await decode(gzipSync(text(`{"config_table" : \n ${inner} , "type":"reconfigure"}`)));
    expect(Buffer.from(configuration.table).toString()).toBe(inner);
    expect('configHash' in configuration).toBe(false);
    expect('hashes' in configuration).toBe(false);
  });

  it('digests the table alone, whatever surrounds it and however long it is', async () => {
    const hex = (name: string, bytes: Uint8Array): string => createHash(name).update(bytes).digest('hex');
    // The second one begins and ends in the middle of a piece, and is several pieces long.
    const long = smallTable({ routes: Array.from({ length: 30_000 }, (_, id) => ({ id, name: `route-${id}` })) });
    for (const value of [smallTable(), long]) {
      const inner = JSON.stringify(value);
      const around = JSON.stringify({ note: 'x'.repeat(600_000), type: 'reconfigure' }).slice(0, -1);
      for (const whole of [`${around},"config_table":${inner}}`, `{"config_table":${inner},${around.slice(1)}}`]) {
        const { table: found, digests } = await decode(gzipSync(whole));
        expect(Buffer.from(found).toString() === inner).toBe(true);
        for (const end of ['', '\n \t']) {
          const told = { md5: hex('md5', text(inner + end)), sha256: hex('sha256', text(inner + end)) };
          expect(digests?.with(text(end))).toEqual(told);
        }
      }
    }
  });

  it('reads a frame of several gzip members, whose end tells the length of the last one alone', async () => {
    const long = text({ type: 'reconfigure', config_table: smallTable({ _comment: 'x'.repeat(1_000_000) }) });
    const cut = [0, 10, 600_000, 700_000, 1_000_010, long.length];
    const members = cut.slice(1).map((end, index) => gzipSync(long.subarray(cut[index], end)));
    expect(Buffer.from((await decode(Buffer.concat(members))).table).toString()).toBe(
      JSON.stringify(smallTable({ _comment: 'x'.repeat(1_000_000) })),
    );
  });

  it('refuses every other frame, and says why', async () => {
    const config_table = smallTable();
    expect(await refusal(() => decode(message))).toBe(notOne('it is not compressed with gzip'));
    expect(await refusal(() => decode(new Uint8Array(0)))).toBe(notOne('it is not compressed with gzip'));
    expect(await sent([])).toBe(notOne('it is no JSON object'));
    expect(await sent({ config_table })).toBe(notOne('its "type" is not "reconfigure"'));
    expect(await sent({ type: 'error', config_table })).toBe(notOne('its "type" is not "reconfigure"'));
    expect(await sent({ type: 'reconfigure' })).toBe(notOne('it has no object "config_table"'));
    expect(await sent({ type: 'reconfigure', config_table: [config_table] })).toBe(
      notOne('it has no object "config_table"'),
    );
    expect(await sent({ type: 'reconfigure', config_table: {} })).toMatch(
      /^The configuration's "_format_version" is missing/,
    );
    expect(await sent({ type: 'reconfigure', config_table: smallTable({ services: [] }) })).toMatch(
      /^The configuration is empty/,
    );
    expect(await sent('{"type":"reconfigure",')).toMatch(/^The configuration is not JSON: at byte 22, /);
    expect(await sent({ type: 'reconfigure', config_table })).toBe('no error');
  });

  it('takes null for a hash that is left out, and refuses what no gateway takes for one', async () => {
    const hash = 'a'.repeat(32);
    const of = (more: object): Promise<string> => sent({ type: 'reconfigure', config_table: smallTable(), ...more });
    const bad = (field: string): string =>
      `The message's ${field} is not a string of 32 hexadecimal digits. Check what stands between this program and the control plane, and that both speak the hybrid protocol v1.`;
    expect(await of({ config_hash: null, hashes: null })).toBe('no error');
    expect(await of({ config_hash: hash, hashes: { config: hash } })).toBe('no error');
    expect(await of({ config_hash: hash.slice(1) })).toBe(bad('"config_hash"'));
    expect(await of({ config_hash: 1 })).toBe(bad('"config_hash"'));
    expect(await of({ config_hash: 'a'.repeat(5000) })).toBe(bad('"config_hash"'));
    expect(await of({ hashes: [hash] })).toBe(bad('"hashes", or one of them,'));
    expect(await of({ hashes: { config: 'x' } })).toBe(bad('"hashes", or one of them,'));
  });

  it('refuses a cut and a damaged frame', async () => {
    const fix =
      'Restore an earlier version of the object, or let an exporter write it anew; a source that sends this must be asked again.';
    expect(await refusal(() => decode(frame.subarray(0, -10)))).toBe(
      `The configuration is compressed with gzip, and is cut or damaged: unexpected end of file (Z_BUF_ERROR). ${fix}`,
    );
    for (const cut of [2, 3, 4, 17]) {
      expect(await refusal(() => decode(frame.subarray(0, cut)))).toBe(
        `The configuration is compressed with gzip, and is cut or damaged: unexpected end of file (Z_BUF_ERROR). ${fix}`,
      );
    }
    const alsoNoJson = gzipSync('x'.repeat(1_000_000));
    expect(await refusal(() => decode(alsoNoJson.subarray(0, -1)))).toBe(
      `The configuration is compressed with gzip, and is cut or damaged: unexpected end of file (Z_BUF_ERROR). ${fix}`,
    );
    expect(await refusal(() => decode(alsoNoJson))).toMatch(
      /^The configuration is not JSON: at byte 0, no value where one must stand\. /,
    );
    const damaged = Buffer.from(frame);
    damaged.writeUInt32LE(0, damaged.length - 8);
    expect(await refusal(() => decode(damaged))).toBe(
      `The configuration is compressed with gzip, and is cut or damaged: incorrect data check (Z_DATA_ERROR). ${fix}`,
    );
  });

  it('inflates up to the bound and not beyond, a bomb included', async () => {
    expect(await refusal(() => decode(frame, message.length))).toBe('no error');
    const tooLarge = (bytes: number): string =>
      `The configuration is larger than ${bytes} bytes, which is what KONG_RESILIENCE_MAX_CONFIG_BYTES allows. Raise KONG_RESILIENCE_MAX_CONFIG_BYTES if it is really that large; the limit is for the inflated text.`;
    expect(await refusal(() => decode(frame, message.length - 1))).toBe(tooLarge(message.length - 1));
    expect(await refusal(() => decode(gzipSync(Buffer.alloc(1 << 26, ' ')), 1 << 20))).toBe(tooLarge(1 << 20));
  });
});

describe('encodeReconfigure', () => {
  it('carries a table byte for byte, with the hashes and without', async () => {
    const { config_hash: configHash, hashes } = parsed;
    const whole = await encodeReconfigure(table, { configHash, hashes, timestamp: 1795356397.608 });
    expect(JSON.parse(gunzipSync(whole).toString())).toEqual({ ...parsed, timestamp: 1795356397.608 });
    const configuration = await decode(whole);
    expect(Buffer.compare(configuration.table, table)).toBe(0);
    expect(configuration.hashes).toEqual(hashes);

    const bare = await encodeReconfigure(table, { timestamp: 1 });
    expect(gunzipSync(bare).toString()).toBe(`{"type":"reconfigure","timestamp":1,"config_table":${table.toString()}}`);
  });
});
