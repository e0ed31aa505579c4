import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Frames } from '../../bench/frames';
import { kongTable, openPath } from '../../bench/tables';
import { checkTable, decodeReconfigure } from '../../src/snapshot';

const options = { maxConfigBytes: 1e9, receivedAt: new Date(0) };

describe('a table to measure with', () => {
  const table = kongTable({ bytes: 300_000, seed: 'a', upstreamPort: 8123 });

  it('is one that a control plane may send, of the size that was asked for', () => {
    expect(() => checkTable(table)).not.toThrow();
    expect(table.length).toBeGreaterThan(300_000);
    expect(table.length).toBeLessThan(305_000);
  });

  it('is the same for the same seed, and another for another', () => {
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(kongTable({ bytes: 300_000, seed: 'a', upstreamPort: 8123 }))).toBe(digest(table));
    expect(digest(kongTable({ bytes: 300_000, seed: 'b', upstreamPort: 8123 }))).not.toBe(digest(table));
  });

  it('compresses as badly as real ones', () => {
    const ratio = table.length / gzipSync(table).length;
    expect(ratio).toBeGreaterThan(1.6);
    expect(ratio).toBeLessThan(2.8);
  });

  it('has an open route to the upstream', () => {
    const { services, routes } = JSON.parse(table.toString()) as {
      services: { id: string; port: number }[];
      routes: { service: string; paths: string[] }[];
    };
    const route = routes.find(({ paths }) => paths.includes(openPath));
    expect(services.find(({ id }) => id === route?.service)?.port).toBe(8123);
  });
});

describe('a prepared frame', () => {
  const table = kongTable({ bytes: 50_000, seed: 'frame' });
  const frames = new Frames(table);

  it('is what a control plane sends: the table as it is, under the hash', async () => {
    for (const hash of ['0123456789abcdef0123456789abcdef', 'f'.repeat(32)]) {
      const decoded = await decodeReconfigure(frames.of(hash), options);
      expect(Buffer.from(decoded.table).equals(table)).toBe(true);
      expect(decoded.configHash).toBe(hash);
    }
  });

  it('is one whole gzip', () => {
    expect(JSON.parse(gunzipSync(frames.of('a'.repeat(32))).toString())).toMatchObject({ type: 'reconfigure' });
  });
});
