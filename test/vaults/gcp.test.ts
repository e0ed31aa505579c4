import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VaultSettings } from '../../src/contract';
import { failure, payload, type SecretManager, startSecretManager } from '../support/servers';
import { failureOf, logged, processEnvironment, resolved } from './harness';

const limit = { timeout: 90_000 };
const canary = 'hunter2-CANARY';

let manager: SecretManager;
beforeEach(async () => {
  manager = await startSecretManager();
  logged.length = 0;
  processEnvironment({
    GCE_METADATA_HOST: manager.endpoint.host,
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
    GOOGLE_CLOUD_PROJECT: undefined,
    GCLOUD_PROJECT: undefined,
    // No credentials of who runs the tests.
    HOME: '/nonexistent',
    CLOUDSDK_CONFIG: '/nonexistent',
    PATH: '',
  });
});
afterEach(() => manager.stop());

const ask = async (
  reference: string,
  settings: VaultSettings['gcp'] = {},
  limitMs = 60_000,
): Promise<string | undefined> =>
  (await resolved({ X: reference }, { gcp: { endpoint: manager.endpoint, ...settings } }, { limitMs }))['X'];

/** The stub is written from the references of the two APIs: see test/support/servers/secret-manager.ts. */
describe('a reference to Google, as the attached identity,', limit, () => {
  it('is read in the project of the reference, of the settings, of the identity', async () => {
    for (const project of ['by-option', 'by-setting', 'attached-project']) {
      manager.answers.set(`projects/${project}/secrets/s/versions/latest`, payload(`of ${project}`));
    }
    expect(await ask('{vault://gcp/s?project_id=by-option}', { project: 'by-setting' })).toBe('of by-option');
    expect(await ask('{vault://gcp/s}', { project: 'by-setting' })).toBe('of by-setting');
    expect(await ask('{vault://gcp/s}')).toBe('of attached-project');
    expect(manager.asked.map(({ authorization }) => authorization)).toEqual(Array(3).fill('Bearer attached-TOKEN'));
  });

  it('has its version and its member, and is asked once for all members', async () => {
    manager.answers.set('projects/p/secrets/s/versions/7', payload(JSON.stringify({ a: '1', b: 'ü' })));
    const block = { A: '{vault://gcp/s/a#7}', B: '{vault://gcp/s/b#7}' };
    expect(await resolved(block, { gcp: { endpoint: manager.endpoint, project: 'p' } })).toEqual({ A: '1', B: 'ü' });
    expect(manager.asked).toHaveLength(1);
  });

  it('is told for what it is, and nothing of an answer', async () => {
    const cases = [
      [
        undefined,
        'KR_VAULT_ABSENT',
        ` has no secret s0 with a version latest that may be read (HTTP 404 Secret [projects/p/secrets/s0/versions/latest] not found or has no versions).`,
      ],
      [
        failure(400, 'FAILED_PRECONDITION', 'it is in DISABLED state.'),
        'KR_VAULT_ABSENT',
        ' has no secret s1 with a version latest that may be read (HTTP 400 it is in DISABLED state).',
      ],
      [
        failure(403, 'PERMISSION_DENIED', 'Permission denied.'),
        'KR_VAULT_DENIED',
        ' does not let this node read it: HTTP 403 Permission denied.',
      ],
      [failure(401, 'UNAUTHENTICATED', 'no.'), 'KR_VAULT_DENIED', ' does not let this node read it: HTTP 401 no.'],
      [failure(400, 'INVALID_ARGUMENT', 'bad.'), 'KR_VAULT_REFUSED', ' did not take the request: HTTP 400 bad.'],
      [failure(429, 'RESOURCE_EXHAUSTED', 'quota.'), 'KR_VAULT_UNREACHABLE', ' was not read: HTTP 429 quota.'],
      [failure(503, 'UNAVAILABLE', 'later.'), 'KR_VAULT_UNREACHABLE', ' was not read: HTTP 503 later.'],
      [
        { status: 404, body: `<html>${canary}` },
        'KR_VAULT_REFUSED',
        ' did not take the request: HTTP 404, and not as Google Secret Manager answers; check KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT.',
      ],
      [
        { status: 502, body: canary },
        'KR_VAULT_UNREACHABLE',
        ' was not read: HTTP 502, and not as Google Secret Manager answers.',
      ],
      [
        { status: 200, body: canary },
        'KR_VAULT_UNREACHABLE',
        ' was not read: the answer is not one of Google Secret Manager.',
      ],
      [payload(Uint8Array.from([0xff])), 'KR_VAULT_CONTENT', undefined],
    ] as const;
    // All at once: most are asked again until the limit, which must be long for a first answer.
    const told = await Promise.all(
      cases.map(([answer], index) => {
        if (answer !== undefined) manager.answers.set(`projects/p/secrets/s${index}/versions/latest`, answer);
        return failureOf(ask(`{vault://gcp/s${index}}`, { project: 'p' }, 5_000));
      }),
    );
    for (const [index, [, code, why = ': its secret is binary, and no text.']] of cases.entries()) {
      const where = code === 'KR_VAULT_CONTENT' ? '' : ': Google Secret Manager in p';
      expect(told[index]).toMatchObject({ code, reason: `X is {vault://gcp/s${index}}${where}${why}` });
    }
    expect(JSON.stringify([told, logged])).not.toContain(canary);
  });

  it('whose identity is not known yet is asked again', async () => {
    manager.identity = false;
    manager.answers.set('projects/p/secrets/s/versions/latest', payload(canary));
    const asking = ask('{vault://gcp/s}', { project: 'p' });
    await expect.poll(() => logged.join('\n'), { timeout: 30_000 }).toContain('"code":"KR_VAULT_DENIED"');
    manager.identity = true;
    expect(await asking).toBe(canary);
    expect(logged.join('\n')).not.toContain(canary);
  });

  it('that is never answered ends at the limit', async () => {
    manager.answers.set('projects/p/secrets/s/versions/latest', () => 'nothing');
    expect(await failureOf(ask('{vault://gcp/s}', { project: 'p' }, 6_000))).toMatchObject({
      code: 'KR_VAULT_UNREACHABLE',
      reason: expect.stringMatching(
        /^X is \{vault:\/\/gcp\/s\}: Google Secret Manager was not read: no complete answer within \d+ ms\.$/,
      ),
    });
  });
});
