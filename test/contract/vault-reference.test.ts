import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVaultReference } from '../../src/contract';

/** What a reference means but for its text, or why it is none. */
function read(text: string): unknown {
  const result = parseVaultReference(text);
  if (!result.ok) return result.why;
  const { text: whole, ...parts } = result.reference;
  expect(whole).toBe(text);
  return parts;
}

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong/cluster-AbCdEf';

describe('a reference is read as Kong reads it', () => {
  it.each<[string, object]>([
    ['{vault://env/test}', { vault: 'env', secret: 'test' }],
    ['{vault://env/test-secret/test-key}', { vault: 'env', secret: 'test-secret', key: 'test-key' }],
    ['{vault://env/test%3Asecret/test%3Akey}', { vault: 'env', secret: 'test:secret', key: 'test:key' }],
    ['{vault://env//////test-secret//////test-key}', { vault: 'env', secret: 'test-secret', key: 'test-key' }],
    ['{vault://env/test-secret/test-key/}', { vault: 'env', secret: 'test-secret/test-key' }],
    ['{vault://env//a///b//}', { vault: 'env', secret: 'a/b' }],
    ['{vault://env/a/}', { vault: 'env', secret: 'a' }],
    ['{vault://env/test?prefix=SSL_}', { vault: 'env', secret: 'test', options: { prefix: 'SSL_' } }],
    [
      '{vault://env/cert/key?prefix=SSL_#1}',
      { vault: 'env', secret: 'cert', key: 'key', version: 1, options: { prefix: 'SSL_' } },
    ],
    ['{vault://env/test#2}', { vault: 'env', secret: 'test', version: 2 }],
    ['{vault://aws/kong/cluster/cert}', { vault: 'aws', secret: 'kong/cluster', key: 'cert' }],
    ['{vault://aws/kong%2Fcluster/cert}', { vault: 'aws', secret: 'kong/cluster', key: 'cert' }],
    [`{vault://aws/${arn}/cert}`, { vault: 'aws', secret: arn, key: 'cert' }],
    [`{vault://aws/${arn}/}`, { vault: 'aws', secret: arn }],
    ['{vault://aws/a%252Bb/c%2Bd}', { vault: 'aws', secret: 'a+b', key: 'c d' }],
    ['{vault://env/a+b/100%}', { vault: 'env', secret: 'a b', key: '100%' }],
    ['{vault://env/a/%C3%A4ö}', { vault: 'env', secret: 'a', key: 'äö' }],
    ['{vault://env/a/b}c}', { vault: 'env', secret: 'a', key: 'b}c' }],
    [
      '{vault://aws/a?region=eu-west-1&endpoint_url=https%3A%2F%2Fvpce.example.com&ttl=60&neg_ttl=1&resurrect_ttl=2#2}',
      {
        vault: 'aws',
        secret: 'a',
        version: 2,
        options: {
          region: 'eu-west-1',
          endpoint_url: 'https://vpce.example.com',
          ttl: '60',
          neg_ttl: '1',
          resurrect_ttl: '2',
        },
      },
    ],
    [
      '{vault://gcp/key/json?project_id=my-project#17}',
      { vault: 'gcp', secret: 'key', key: 'json', version: 17, options: { project_id: 'my-project' } },
    ],
  ])('%s', (text, parts) => {
    expect(read(text)).toEqual({ options: {}, ...parts });
  });

  const whole = 'a reference is the whole value, {vault://…}, and nothing may stand before or after it.';
  const noSecret = 'its reference names no secret. Write {vault://env/<secret>/<key>}.';
  const others = 'env, aws and gcp are read here, by these names';
  const entity = `its reference is to a vault of another name: ${others}. One that an entity of the gateway names is known to the gateway alone.`;
  const kongs = (name: string): string =>
    `its reference is to Kong's vault ${name}: ${others}. Give the value itself, or keep it in one of these.`;
  const version = (vault: string): string =>
    `its reference has a version, after "#", that ${vault} does not have: it must be 1, the current one, or 2, the one before.`;
  const option = (vault: string, options: string): string =>
    `its reference has an option, after "?", that is not taken here: ${vault} has ${options}, each with "=" and a value.`;
  const awsName = 'its reference must name the name or the ARN of a secret of AWS Secrets Manager.';
  it.each([
    ['vault://env/a', whole],
    ['{vault:/env/a}', whole],
    ['{valut://env/a}', whole],
    ['{vault://env/a} ', whole],
    ['{vault://env}', noSecret],
    ['{vault://env/}', noSecret],
    ['{vault://env/////}', noSecret],
    ['{vault://env?prefix=a}', noSecret],
    ['{vault://env/a b}', 'its reference has white space in it. Write %20 for a blank.'],
    ['{vault://env/a\n}', 'its reference has white space in it. Write %20 for a blank.'],
    ['{vault://env/a;b}', 'its reference has a ";", behind which Kong reads nothing. Write %3B.'],
    ['{vault://env/a%00}', 'its reference has a part that decodes to no text. Check what follows each "%".'],
    ['{vault://env/a/%ff}', 'its reference has a part that decodes to no text. Check what follows each "%".'],
    ['{vault://env/a%3Db}', 'its reference must name the name of an environment variable.'],
    ['{vault://}', entity],
    ['{vault:///a}', entity],
    ['{vault://my-vault/a}', entity],
    ['{vault://constructor/a}', entity],
    ['{vault://env:80/a}', entity],
    ['{vault://user@env/a}', entity],
    ['{vault://ENV/a}', 'its reference must name the vault in lower case, env, and without a port.'],
    ['{vault://hcv/a/b}', kongs('hcv')],
    ['{vault://konnect/a}', kongs('konnect')],
    ['{vault://azure/a}', kongs('azure')],
    ['{vault://conjur/a}', kongs('conjur')],
    ['{vault://env/a#}', version('env')],
    ['{vault://env/a#0}', version('env')],
    ['{vault://env/a#3}', version('env')],
    ['{vault://aws/a#latest}', version('aws')],
    ['{vault://aws/a#3}', version('aws')],
    ['{vault://aws/a#1.5}', version('aws')],
    [
      '{vault://gcp/a#0}',
      'its reference has a version, after "#", that gcp does not have: it must be 1 or more; without it the latest is read.',
    ],
    ['{vault://env/a?region=x}', option('env', 'prefix')],
    ['{vault://env/a?prefix}', option('env', 'prefix')],
    ['{vault://env/a?toString=1}', option('env', 'prefix')],
    ['{vault://aws/a?base64_decode=true}', option('aws', 'region, endpoint_url, ttl, neg_ttl, resurrect_ttl')],
    ['{vault://gcp/a?region=x}', option('gcp', 'project_id, ttl, neg_ttl, resurrect_ttl')],
    ['{vault://env/a?prefix=a&prefix=b}', 'its reference has the option prefix twice.'],
    ['{vault://env/a?prefix=}', 'its reference has an option prefix with a value that it cannot have.'],
    ['{vault://env/a?prefix=1}', 'its reference has an option prefix with a value that it cannot have.'],
    [
      '{vault://aws/a?endpoint_url=ftp://x}',
      'its reference has an option endpoint_url with a value that it cannot have.',
    ],
    [
      '{vault://aws/a?endpoint_url=https://u:p@x}',
      'its reference has an option endpoint_url with a value that it cannot have.',
    ],
    ['{vault://gcp/a?project_id=A B}', 'its reference has white space in it. Write %20 for a blank.'],
    [`{vault://aws/${arn}:cert::/}`, awsName],
    ['{vault://aws/arn:aws:s3:::bucket/}', awsName],
    ['{vault://aws/a:b}', awsName],
    ['{vault://gcp/a/b/c}', 'its reference must name the id of a secret of Google Secret Manager.'],
  ])('%s is refused', (text, why) => {
    expect(read(text)).toBe(why);
  });
});

/** Kong's parser stands on these two functions of LuaSocket. The path comes out in hexadecimal, part by part, decoded once. */
const lua = `
local url = require 'socket.url'
for line in io.lines() do
  local parsed = url.parse((line:gsub('..', function(hex) return string.char(tonumber(hex, 16)) end)))
  local path = url.parse_path((parsed.path or '/'):sub(2))
  local parts = {}
  for i, part in ipairs(path) do parts[i] = (part:gsub('.', function(c) return ('%02x'):format(c:byte()) end)) end
  print(table.concat({ parsed.host or '', tostring(path.is_directory == 1), parsed.query or '', parsed.fragment or '', table.concat(parts, '/') }, '\\t'))
end`;

/** @throws Error in CI, where a skip would hide that nothing was tested */
function luaSocketIsMissing(): boolean {
  if (spawnSync('luajit', ['-e', "require 'socket.url'"]).status === 0) return false;
  const message = 'not installed: LuaJIT or LuaSocket; run apt-get install luajit lua-socket';
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return true;
}

describe.skipIf(luaSocketIsMissing())('LuaSocket, by which Kong splits references,', () => {
  it('has the same parts of whatever is taken here', () => {
    const part = fc.stringMatching(/^(%[2-6][0-9A-F]|%25[2-6][0-9A-F]|[A-Za-z0-9_.@!+=-]){0,5}$/);
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    const end = fc.constantFrom('', '#1', '?prefix=a', '?prefix=a#2', '?ttl=1#1', '#1?x');
    const url = fc
      .tuple(fc.constantFrom('env', 'aws', 'gcp'), path, end)
      .map(([vault, rest, last]) => `vault://${vault}/${rest}${last}`);
    const urls = fc.sample(url, { numRuns: 4000, seed: 1 });
    const taken = urls.flatMap((text) => {
      const result = parseVaultReference(`{${text}}`);
      return result.ok ? [[text, result.reference] as const] : [];
    });
    expect(taken.length).toBeGreaterThan(500);
    const input = taken.map(([text]) => `${Buffer.from(text).toString('hex')}\n`).join('');
    const { stdout, status } = spawnSync('luajit', ['-e', lua], { input, encoding: 'utf8' });
    expect(status).toBe(0);
    const formDecoded = (hex: string): string =>
      Buffer.from(hex, 'hex')
        .toString('latin1')
        .replaceAll('+', ' ')
        .replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    stdout
      .trimEnd()
      .split('\n')
      .forEach((line, index) => {
        const [host = '', isDirectory, query, fragment = '', found = ''] = line.split('\t');
        const parts = found.split('/').map((hex) => Buffer.from(formDecoded(hex), 'latin1').toString());
        const key = parts.length > 1 && isDirectory === 'false' ? parts.pop() : undefined;
        const [text, reference] = taken[index] ?? ['', undefined];
        expect({ text, ...reference, options: Object.keys(reference?.options ?? {}).length }).toEqual({
          text: `{${text}}`,
          vault: host,
          secret: parts.join('/'),
          ...(key === undefined ? {} : { key }),
          ...(fragment === '' ? {} : { version: Number(fragment) }),
          options: query === '' ? 0 : 1,
        });
      });
  });
});
