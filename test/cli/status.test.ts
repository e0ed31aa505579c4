import { expect, it } from 'vitest';
import { run } from '../support/program';
import { releasedLease } from './lease';
import { fileStore } from './stores';

it('tells a lease in one line, whatever its host calls itself: a line break once forged a line of its own', async () => {
  const bucket = await fileStore().bucket();
  await bucket.write('3.9.3/kong-resilience.json', releasedLease('x\n{"level":"info"}\u001b[31m'));
  const { code, stdout } = await run(['status'], {
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
  });
  expect([code, stdout]).toEqual([
    3,
    [
      `3.9.3  ${bucket.url()}/3.9.3/config.json`,
      '  nothing is stored: look at the log of the exporter of this version, whose errors have a fix',
      '  last confirmed current never; no leader now, last x\\u000a{"level":"info"}\\u001b[31m (term 3)',
      '',
    ].join('\n'),
  ]);
});

it('says of an object that is rubbish that its content was not examined, and which command examines it', async () => {
  const bucket = await fileStore().bucket();
  await bucket.write('3.9.3/config.json', '<html>');
  const environment = {
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
  };
  const text = await run(['status'], environment);
  expect([text.code, text.stdout.split('\n')[4]]).toEqual([
    0,
    '  content not examined; `kong-resilience check` examines it',
  ]);
  const json = await run(['status', '--json'], environment);
  expect(JSON.parse(json.stdout)).toMatchObject({
    versions: [{ configuration: { content: 'not examined; `kong-resilience check` examines it' } }],
  });
  expect((await run(['check'], environment)).code).toBe(5);
});
