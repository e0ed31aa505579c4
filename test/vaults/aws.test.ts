import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutSecretValueCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freePort, type Moto, motoIsMissing, motoKeys, motoRegion, startMoto } from '../support/servers';
import { failureOf, logged, processEnvironment, resolved } from './harness';

const limit = { timeout: 90_000 };
const canary = 'hunter2-CANARY';

beforeEach(() => {
  logged.length = 0;
  processEnvironment({
    AWS_ACCESS_KEY_ID: motoKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: motoKeys.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: undefined,
    AWS_PROFILE: undefined,
  });
});

describe.skipIf(motoIsMissing())('a reference to AWS, by the SDK at moto,', limit, () => {
  let moto: Moto;
  let arn: string;
  beforeAll(async () => {
    moto = await startMoto();
    arn = await moto.secret('kong/cluster+1', JSON.stringify({ cert: 'old', key: 'k' }));
    await moto.client.send(
      new PutSecretValueCommand({ SecretId: arn, SecretString: JSON.stringify({ cert: canary, 'a/b +%}': 'odd' }) }),
    );
    await moto.secret('plain', canary);
    await moto.secret('utf-8', Buffer.from('grüße'));
    await moto.secret('binary', Uint8Array.from([0xff, 0xfe]));
    await moto.secret('deleted', canary);
    await moto.client.send(new DeleteSecretCommand({ SecretId: 'deleted' }));
  }, 60_000);
  afterAll(() => moto.stop());
  const ask = async (reference: string): Promise<string | undefined> =>
    (await resolved({ X: reference }, { aws: { region: motoRegion, endpoint: moto.endpoint } }))['X'];

  it('by name or ARN, with a member or whole, current or the one before', async () => {
    expect(await ask('{vault://aws/kong/cluster%252B1/cert}')).toBe(canary);
    expect(await ask('{vault://aws/kong/cluster%252B1/a%252Fb%2520%252B%2525%257D}')).toBe('odd');
    const encoded = arn.replace('+', '%252B');
    expect(await ask(`{vault://aws/${encoded}/cert#1}`)).toBe(canary);
    expect(await ask(`{vault://aws/${encoded}/cert#2}`)).toBe('old');
    expect(await ask(`{vault://aws/${encoded}/#2}`)).toBe('{"cert":"old","key":"k"}');
    expect(await ask('{vault://aws/plain}')).toBe(canary);
    expect(await ask('{vault://aws/utf-8}')).toBe('grüße');
  });

  it('is asked in the region of its ARN, of its option, of the settings', async () => {
    const elsewhere = arn.replace(motoRegion, 'eu-west-1').replace('+', '%252B');
    for (const reference of [`{vault://aws/${elsewhere}/cert}`, '{vault://aws/plain?region=eu-west-1}']) {
      expect((await failureOf(ask(reference))).reason).toContain(': AWS Secrets Manager in eu-west-1 has no secret ');
    }
    const option = `{vault://aws/plain?endpoint_url=${encodeURIComponent(moto.endpoint.origin)}&region=${motoRegion}}`;
    expect(await resolved({ X: option })).toEqual({ X: canary });
  });

  it('to what is not there, is to be deleted, is binary, or has no such member, is told so', async () => {
    const absent = {
      code: 'KR_VAULT_ABSENT',
      reason:
        "X is {vault://aws/none}: AWS Secrets Manager in us-east-1 has no secret none with the label AWSCURRENT (HTTP 404 ResourceNotFoundException: Secrets Manager can't find the specified secret).",
      fix: 'Check the name, the version, and the region or project in which it is looked for; a part behind the last slash is the key, not the name.',
    };
    expect(await failureOf(ask('{vault://aws/none}'))).toEqual(absent);
    expect(await failureOf(ask('{vault://aws/plain#2}'))).toMatchObject({ code: 'KR_VAULT_ABSENT' });
    expect(await failureOf(ask('{vault://aws/deleted}'))).toMatchObject({ code: 'KR_VAULT_ABSENT' });
    expect(await failureOf(ask('{vault://aws/binary}'))).toMatchObject({
      code: 'KR_VAULT_CONTENT',
      reason: 'X is {vault://aws/binary}: its secret is binary, and no text.',
    });
    const told = await failureOf(ask('{vault://aws/plain/key}'));
    expect(told.reason).toBe('X is {vault://aws/plain/key}: its secret is no JSON, so it has no "key".');
    expect(JSON.stringify([told, logged])).not.toContain(canary);
  });

  it('that is denied is asked again for some seconds, as an identity may take them to be known', async () => {
    await moto.deny(true);
    onTestFinished(() => moto.deny(false));
    const asking = ask('{vault://aws/plain}');
    await expect.poll(() => logged.join('\n'), { timeout: 30_000 }).toContain('"code":"KR_VAULT_DENIED"');
    await moto.deny(false);
    expect(await asking).toBe(canary);
    expect(logged.join('\n')).toContain('the secret can be read');
    expect(logged.join('\n')).not.toContain(canary);
  });

  it('without credentials is denied', async () => {
    processEnvironment({
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    });
    const vaults = { aws: { region: motoRegion, endpoint: moto.endpoint } };
    expect(await failureOf(resolved({ X: '{vault://aws/plain}' }, vaults, { limitMs: 5_000 }))).toEqual({
      code: 'KR_VAULT_DENIED',
      reason:
        'X is {vault://aws/plain}: AWS Secrets Manager in us-east-1 does not let this node read it: no credentials were found. Looked for in: AWS_ACCESS_KEY_ID (not set), the profile "default" in /nonexistent and /nonexistent, AWS_WEB_IDENTITY_TOKEN_FILE (not set), AWS_CONTAINER_CREDENTIALS_… (not set), the role of the machine (off by AWS_EC2_METADATA_DISABLED).',
      fix: 'Attach a role or service account to what this program runs in, with the right to read this secret, or mend what is set.',
    });
  });

  it('without a region is refused', async () => {
    processEnvironment({ AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' });
    expect(await failureOf(resolved({ X: '{vault://aws/plain}' }))).toEqual({
      code: 'KR_VAULT_REFUSED',
      reason:
        'X is {vault://aws/plain}: AWS Secrets Manager did not take the request: its region is not known; set KONG_VAULT_AWS_REGION or AWS_REGION.',
      fix: 'Check the reference and the KONG_VAULT_… variables in docs/environment.md.',
    });
  });
});

describe('what answers in the place of AWS', limit, () => {
  /** A server for answers that moto does not give. */
  async function answering(answer: (response: ServerResponse) => void): Promise<URL> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => answer(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  const code = (name: string) => JSON.stringify({ __type: name, Message: 'the reason' });
  const ask = (endpoint: URL, limitMs: number) =>
    failureOf(resolved({ X: '{vault://aws/a}' }, { aws: { region: 'us-east-1', endpoint } }, { limitMs }));

  const answers: readonly (readonly [number, string, string, string])[] = [
    [
      400,
      code('AccessDeniedException'),
      'KR_VAULT_DENIED',
      'does not let this node read it: HTTP 400 AccessDeniedException: the reason.',
    ],
    [
      400,
      code('ExpiredTokenException'),
      'KR_VAULT_DENIED',
      'does not let this node read it: HTTP 400 ExpiredTokenException: the reason.',
    ],
    [
      400,
      code('ValidationException'),
      'KR_VAULT_REFUSED',
      'did not take the request: HTTP 400 ValidationException: the reason.',
    ],
    [
      400,
      code('ThrottlingException'),
      'KR_VAULT_UNREACHABLE',
      'was not read: HTTP 400 ThrottlingException: the reason.',
    ],
    [
      500,
      code('InternalServiceError'),
      'KR_VAULT_UNREACHABLE',
      'was not read: HTTP 500 InternalServiceError: the reason.',
    ],
    [
      403,
      `<html>${canary}`,
      'KR_VAULT_DENIED',
      'does not let this node read it: HTTP 403, and not as AWS Secrets Manager answers.',
    ],
    [
      404,
      `<html>${canary}`,
      'KR_VAULT_REFUSED',
      'did not take the request: HTTP 404, and not as AWS Secrets Manager answers; check KONG_VAULT_AWS_ENDPOINT_URL.',
    ],
    [
      200,
      `${canary} <html>`,
      'KR_VAULT_UNREACHABLE',
      'was not read: HTTP 200, and not as AWS Secrets Manager answers.',
    ],
    [200, '{}', 'KR_VAULT_UNREACHABLE', 'was not read: the answer is not one of AWS Secrets Manager.'],
    [502, `<html>${canary}`, 'KR_VAULT_UNREACHABLE', 'was not read: HTTP 502, and not as AWS Secrets Manager answers.'],
  ];

  /** All at once, each at a server of its own: most are asked again until the limit, which must be long for a first answer. */
  it('is told for what it is, and nothing of an answer', async () => {
    const told = await Promise.all(
      answers.map(async ([status, body]) =>
        ask(await answering((response) => response.writeHead(status).end(body)), 5_000),
      ),
    );
    for (const [index, [status, body, expected, why]] of answers.entries()) {
      expect(told[index], `HTTP ${status} ${body}`).toMatchObject({
        code: expected,
        reason: `X is {vault://aws/a}: AWS Secrets Manager in us-east-1 ${why}`,
      });
    }
    expect(JSON.stringify([told, logged])).not.toContain(canary);
  });

  it('and nothing listens, or never answers, is unreachable within the limit', async () => {
    const nobody = new URL(`http://127.0.0.1:${await freePort()}`);
    expect(await ask(nobody, 150)).toMatchObject({ code: 'KR_VAULT_UNREACHABLE' });
    const hanging = await answering(() => undefined);
    expect(await ask(hanging, 300)).toMatchObject({
      code: 'KR_VAULT_UNREACHABLE',
      reason: expect.stringMatching(
        /^X is \{vault:\/\/aws\/a\}: AWS Secrets Manager was not read: no complete answer within \d+ ms\.$/,
      ),
    });
  });

  it('is told by its answer when the limit cuts the next try short', async () => {
    let asked = 0;
    const endpoint = await answering((response) => {
      asked += 1;
      if (asked === 1) response.writeHead(400).end(code('ThrottlingException'));
    });
    expect(await ask(endpoint, 3_000)).toMatchObject({
      code: 'KR_VAULT_UNREACHABLE',
      reason: expect.stringContaining('was not read: HTTP 400 ThrottlingException: the reason.'),
    });
    expect(asked).toBe(2);
  });

  it('is asked again where it did not answer as it should, and once for all references to one secret', async () => {
    let asked = 0;
    const endpoint = await answering((response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end('');
      else response.end(JSON.stringify({ SecretString: JSON.stringify({ a: '1', b: '2' }) }));
    });
    const block = { A: '{vault://aws/a/a}', B: '{vault://aws/a/b}', AGAIN: '{vault://aws/a/a}' };
    const vaults = { aws: { region: 'us-east-1', endpoint } };
    expect(await resolved(block, vaults)).toEqual({ A: '1', B: '2', AGAIN: '1' });
    expect(asked).toBe(2);
    expect(logged.at(-1)).toContain('"references":2,"secrets":1');
  });

  it('is left at once when the program is asked to stop', async () => {
    const stop = new AbortController();
    const endpoint = await answering(() => stop.abort());
    const vaults = { aws: { region: 'us-east-1', endpoint } };
    expect(await failureOf(resolved({ X: '{vault://aws/a}' }, vaults, { signal: stop.signal }))).toEqual({
      code: 'KR_VAULT_STOPPED',
      reason: 'A signal stopped the program before the secrets were read that its environment refers to.',
      fix: 'Start it again.',
    });
  });
});
