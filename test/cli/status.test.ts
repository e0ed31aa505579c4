import { expect, it } from 'vitest';
import { run } from '../support/program';
import { fileStore } from './stores';

it('tells a lease in one line, whatever its host calls itself: a line break once forged a line of its own', async () => {
  const bucket = await fileStore().bucket();
  const lease = {
    format: 1,
    term: 3,
    holder: 'h',
    host: 'x\n{"level":"info"}\u001b[31m',
    lease_seconds: 2,
    renewals: 1,
    released: true,
    writing: null,
    confirmed_at: null,
    configuration: null,
  };
  await bucket.write('3.9.3/kong-resilience.json', JSON.stringify(lease));
  const { code, stdout } = await run(['status'], {
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
  });
  expect([code, stdout]).toEqual([
    3,
    [
      `3.9.3  ${bucket.url()}/3.9.3/config.json`,
      '  nothing is stored',
      '  last confirmed current never; no leader now, last x\\u000a{"level":"info"}\\u001b[31m (term 3)',
      '',
    ].join('\n'),
  ]);
});
