import { describe, expect, it } from 'vitest';
import { storeDenied, storeRefused, storeUnreachable } from '../../src/store/errors';

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

describe('what is to be done about a store', () => {
  it.each([
    ['s3://b', 'AWS_CONFIG_STORAGE_ENDPOINT and the region', 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG'],
    ['gcs://b', 'the network and KONG_RESILIENCE_GCS_ENDPOINT', 'the bucket name and KONG_RESILIENCE_GCS_ENDPOINT'],
    ['file:///var/store', 'the volume and the room', 'the folder in KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'],
  ])('at %s names what that kind of store has, and nothing of another', (location, unreachable, refused) => {
    const fixes = [storeUnreachable(location, 'writing', full).fix, storeRefused(location, 'writing', full).fix];
    expect(fixes).toEqual([expect.stringContaining(unreachable), expect.stringContaining(refused)]);
    const others = { 's3:': /GCS/, 'gcs:': /AWS|S3/, 'file:': /AWS|S3|GCS|network/ };
    const [scheme = ''] = location.split('//');
    expect(fixes.join()).not.toMatch(others[scheme as keyof typeof others]);
  });

  it('ends a reason with one full stop, also where the cause ends with its own', () => {
    expect(storeDenied('gcs://b', 'getting credentials', new Error('Could not load them...')).reason).toBe(
      'gcs://b: getting credentials was denied: Could not load them.',
    );
  });
});
