import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeReconfigure, encodeReconfigure, ReconfigureDecoder, sealTable } from '../../src/snapshot';
import { until } from '../support/until';
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

describe('a decoded table', () => {
  it('is sealed in its own memory, whatever stood behind it, the first time alone', async () => {
    const inner = JSON.stringify(smallTable());
    for (const behind of ['', `,"note":"${'x'.repeat(500)}"`]) {
      const { table: decoded } = await decode(gzipSync(`{"type":"reconfigure","config_table":${inner}${behind}}`));
      const first = sealTable(decoded, { term: 1, counter: 1 });
      expect([first.buffer === decoded.buffer, first.byteOffset]).toEqual([true, decoded.byteOffset]);
      expect(Buffer.compare(first, sealTable(text(inner), { term: 1, counter: 1 }))).toBe(0);
      const second = sealTable(decoded, { term: 1, counter: 2 });
      expect(second.buffer === decoded.buffer).toBe(false);
      expect(Buffer.compare(second, sealTable(text(inner), { term: 1, counter: 2 }))).toBe(0);
      expect(Buffer.compare(first, sealTable(text(inner), { term: 1, counter: 1 }))).toBe(0);
    }
  });
});

describe('a decoder that is fed while a frame arrives', () => {
  // Of random names, so that the frame is several pieces long too.
  const long = JSON.stringify(
    smallTable({ routes: Array.from({ length: 30_000 }, (_, id) => ({ id, name: randomBytes(24).toString('hex') })) }),
  );
  const large = gzipSync(`{"type":"reconfigure","config_table":${long},"config_hash":"${'a'.repeat(32)}"}`);
  const feed = (bytes: Uint8Array, upTo: number, size: number, maxConfigBytes = 1 << 24): ReconfigureDecoder => {
    const decoder = new ReconfigureDecoder(bytes.length, maxConfigBytes);
    for (let at = 0; at < upTo; at += size) decoder.feed(bytes.subarray(at, Math.min(at + size, upTo)));
    return decoder;
  };
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
  };

  it('gives the same as one that gets the frame whole, however much had come and in whatever slices', async () => {
    const whole = await decode(large);
    expect(large.length > 3 * 256 * 1024).toBe(true);
    for (const upTo of [0, 1, 256 * 1024 - 1, 256 * 1024, 600_000, large.length - 1, large.length]) {
      for (const size of [1_000, 16_384, 262_144, 1_000_000]) {
        for (const wait of [0, 50]) {
          const decoder = feed(large, upTo, size);
          await turns(wait);
          const told = await decoder.decode(large, receivedAt);
          expect(Buffer.from(told.table).toString() === long).toBe(true);
          expect(told.digests?.with(text('\n'))).toEqual(whole.digests?.with(text('\n')));
          expect([told.configHash, told.info, told.receivedAt]).toEqual([whole.configHash, whole.info, receivedAt]);
        }
      }
    }
  });

  it('inflates before the frame is whole', async () => {
    const decoder = feed(large, 700_000, 16_384);
    const rest = Buffer.concat([Buffer.alloc(256 * 1024, 'x'), large.subarray(256 * 1024)]);
    await until('two slices are inflated', () => decoder.begunBytes === 2 * 256 * 1024);
    // What was inflated is not read again.
    expect(Buffer.from((await decoder.decode(rest, receivedAt)).table).toString() === long).toBe(true);
  });

  it('reads a frame of several gzip members, cut where slices are', async () => {
    const inflated = text(`{"type":"reconfigure","config_table":${long}}`);
    const members = [0, 500_000, 1_000_000, inflated.length].map((start, n, all) =>
      gzipSync(inflated.subarray(start, all[n + 1])),
    );
    const frames = Buffer.concat(members.slice(0, 3));
    for (const size of [members[0]?.length ?? 0, 100_000]) {
      const decoder = feed(frames, frames.length, size);
      await turns(20);
      expect(Buffer.from((await decoder.decode(frames, receivedAt)).table).toString() === long).toBe(true);
    }
  });

  it('says what is wrong with a cut and a damaged frame, and with what is no configuration', async () => {
    const bad = async (bytes: Buffer): Promise<string> => {
      const decoder = feed(bytes, bytes.length, 16_384);
      await turns(20);
      return refusal(() => decoder.decode(bytes, receivedAt));
    };
    const damaged = Buffer.from(large);
    damaged.writeUInt32LE(0, damaged.length - 8);
    const noJson = gzipSync(randomBytes(600_000));
    const other = gzipSync(`{"type":"error","config_table":${long}}`);
    for (const bytes of [large.subarray(0, -10), damaged, noJson, other]) {
      expect(await bad(bytes)).toBe(await refusal(() => decode(bytes)));
    }
    expect(await bad(randomBytes(600_000))).toMatch(
      /^The configuration is compressed with gzip, and is cut or damaged: /,
    );
  });

  it('inflates up to the bound and not beyond, a bomb included, and then keeps nothing of what comes', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 27, ' '), { level: 1 });
    const tooLarge = await refusal(() => decode(bomb, 1 << 20));
    expect(tooLarge).toMatch(/^The configuration is larger than 1048576 bytes/);
    expect(bomb.length > 256 * 1024).toBe(true);
    const decoder = feed(bomb, 256 * 1024, 16_384, 1 << 20);
    await until('it is closed', () => decoder.closed);
    decoder.feed(bomb.subarray(256 * 1024));
    expect(decoder.begunBytes).toBe(256 * 1024);
    expect(await refusal(() => decoder.decode(bomb, receivedAt))).toBe(tooLarge);
    const { length } = text(`{"type":"reconfigure","config_table":${long},"config_hash":"${'a'.repeat(32)}"}`);
    expect(await refusal(() => feed(large, 600_000, 16_384, length).decode(large, receivedAt))).toBe('no error');
    expect(await refusal(() => feed(large, 600_000, 16_384, length - 1).decode(large, receivedAt))).toBe(
      tooLarge.replace('1048576', String(length - 1)),
    );
  });

  it('lets go when it is closed, at whatever it is, and takes nothing any more', async () => {
    for (const upTo of [0, 1_000, 256 * 1024, large.length]) {
      for (const wait of [0, 1, 20]) {
        const decoder = feed(large, upTo, 16_384);
        await turns(wait);
        decoder.close();
        decoder.feed(large);
        const begun = decoder.begunBytes;
        await turns(20);
        expect([decoder.closed, decoder.begunBytes]).toEqual([true, begun]);
      }
    }
    const decoder = feed(large, 600_000, 16_384);
    const decoding = refusal(() => decoder.decode(large, receivedAt));
    decoder.close();
    expect(await decoding).toMatch(/cut or damaged: closed/);
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
