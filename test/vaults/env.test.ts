import { describe, expect, it } from 'vitest';
import { failureOf, resolved } from './harness';

const env = {
  TEST_SECRET: 'text',
  TEST_SECRET_PREVIOUS: 'before',
  MY_PREFIX_TEST_SECRET: 'prefixed',
  OTHER_TEST_SECRET: 'by option',
  JSON_SECRET: '{"username":"user","number":1,"flag":true,"none":null,"list":[],"object":{},"":"unnamed","empty":" "}',
  LIST: '[1]',
  EMPTY: ' ',
  ['STRAßE']: 'sharp',
};
const value = async (reference: string, prefix?: string): Promise<string | undefined> =>
  (await resolved({ X: reference }, prefix === undefined ? {} : { env: { prefix } }, { env }))['X'];

describe('a reference to the environment', () => {
  it.each([
    ['{vault://env/test-secret}', 'text'],
    ['{vault://env/Test_Secret}', 'text'],
    ['{vault://env/test-secret#1}', 'text'],
    ['{vault://env/test-secret#2}', 'before'],
    ['{vault://env/test-secret?prefix=other-}', 'by option'],
    ['{vault://env/json-secret/username}', 'user'],
    ['{vault://env/json-secret}', env.JSON_SECRET],
    ['{vault://env/stra%C3%9Fe}', 'sharp'],
  ])('%s is %s', async (reference, expected) => {
    expect(await value(reference)).toBe(expected);
  });

  it('has the prefix of KONG_VAULT_ENV_PREFIX, unless it has its own', async () => {
    expect(await value('{vault://env/test-secret}', 'my-prefix_')).toBe('prefixed');
    expect(await value('{vault://env/test-secret?prefix=other_}', 'my_prefix_')).toBe('by option');
  });

  const content = (what: string): object => ({
    code: 'KR_VAULT_CONTENT',
    reason: expect.stringMatching(`^X is \\{vault://env/[^}]*\\}: its secret ${what}\\.$`) as unknown,
    fix: 'With a key, {vault://<vault>/<secret>/<key>}, the secret is a JSON object of texts; without one its whole text is taken. A name with slashes and without a key ends with a slash.',
  });
  it.each([
    ['{vault://env/test-secret/key}', 'is no JSON, so it has no "key"'],
    ['{vault://env/list/0}', 'is JSON, but no object, so it has no "0"'],
    ['{vault://env/json-secret/toString}', 'is a JSON object without "toString"'],
    ['{vault://env/json-secret/number}', 'has a "number" that is a number, and only a text is taken, as in Kong'],
    ['{vault://env/json-secret/flag}', 'has a "flag" that is a boolean, and only a text is taken, as in Kong'],
    ['{vault://env/json-secret/none}', 'has a "none" that is null, and only a text is taken, as in Kong'],
    ['{vault://env/json-secret/list}', 'has a "list" that is a list, and only a text is taken, as in Kong'],
    ['{vault://env/json-secret/object}', 'has a "object" that is an object, and only a text is taken, as in Kong'],
    ['{vault://env/json-secret/empty}', 'has an empty "empty"'],
    ['{vault://env/empty}', 'is empty'],
  ])('%s is refused', async (reference, what) => {
    expect(await failureOf(value(reference))).toEqual(content(what));
  });

  it('to a variable that is not set is absent', async () => {
    expect(await failureOf(value('{vault://env/no-such/key#2}', 'P_'))).toEqual({
      code: 'KR_VAULT_ABSENT',
      reason: 'X is {vault://env/no-such/key#2}: the environment of this program has no variable P_NO_SUCH_PREVIOUS.',
      fix: 'Check the name, the version, and the region or project in which it is looked for; a part behind the last slash is the key, not the name.',
    });
  });

  it('is resolved once: what it holds may look like one', async () => {
    expect(await resolved({ X: '{vault://env/a}' }, {}, { env: { A: '{vault://env/b}', B: 'b' } })).toEqual({
      X: '{vault://env/b}',
    });
  });

  it('is told with all others that cannot be resolved, by variable', async () => {
    const block = { B: '{vault://env/none}', A: '{vault://env/test-secret/key}', C: '{vault://env/test-secret}' };
    expect(await failureOf(resolved(block, {}, { env }))).toEqual({
      code: 'KR_VAULT_ABSENT',
      reason: [
        '2 references cannot be resolved:',
        '  KR_VAULT_CONTENT A is {vault://env/test-secret/key}: its secret is no JSON, so it has no "key". With a key, {vault://<vault>/<secret>/<key>}, the secret is a JSON object of texts; without one its whole text is taken. A name with slashes and without a key ends with a slash.',
        '  KR_VAULT_ABSENT B is {vault://env/none}: the environment of this program has no variable NONE. Check the name, the version, and the region or project in which it is looked for; a part behind the last slash is the key, not the name.',
      ].join('\n'),
      fix: 'Mend each of them; docs/environment.md says how references are read.',
    });
  });
});
