import { Token } from 'cdktf';
import type { Problem } from '../problems';
import { noReference, unresolvedReference } from './problems';
import { resolutionOf, type VaultReferences } from './references';
import { referenceProblems, secretArn } from './rendering';
import { replacing, Text, type Escape } from './text';
import type { EnvValueSource } from './value';

/** A slash ends a part, and a plus would be a blank: Kong decodes twice. */
const inArn = replacing(['+', '%252B']);
const inKey: Escape = {
  text: (text) => encodeURIComponent(encodeURIComponent(text)),
  expression: (expression) => `urlencode(urlencode(${expression}))`,
};

/** A secret of AWS or Google as a reference; what it cannot say is a problem. */
export function referenceTo(
  name: string,
  source: Extract<EnvValueSource, { kind: 'aws-secret' | 'google-secret' }>,
  references: VaultReferences,
  problems: Problem[],
): Text {
  const refusal = resolutionOf(references).refusal(name, source.kind === 'aws-secret' ? 'aws' : 'gcp');
  if (refusal !== undefined) problems.push(unresolvedReference(name, refusal));
  return source.kind === 'aws-secret' ? awsReference(name, source, problems) : googleReference(name, source, problems);
}

function awsReference(
  name: string,
  { arn, jsonKey, versionId }: Extract<EnvValueSource, { kind: 'aws-secret' }>,
  problems: Problem[],
): Text {
  const before = problems.length;
  problems.push(
    ...referenceProblems(name, [
      secretArn(arn),
      { part: 'jsonKey', given: jsonKey, pattern: /^[^\p{Cc}\p{Cs}]+$/u, allowed: 'a text without control characters' },
    ]),
  );
  if (versionId !== undefined) {
    const allowed = 'left out, as a reference of Kong’s vaults names no version by its id';
    problems.push(noReference(name, 'versionId', versionId, allowed));
  }
  // Without a key it ends with a slash: the ARN may have some.
  const key = jsonKey === undefined || problems.length > before ? '' : Text.of(jsonKey, inKey);
  return Text.join(['{vault://aws/', Text.of(arn, inArn), '/', key, '}']);
}

function googleReference(
  name: string,
  { secret, version }: Extract<EnvValueSource, { kind: 'google-secret' }>,
  problems: Problem[],
): Text {
  problems.push(
    ...referenceProblems(name, [
      {
        part: 'secret',
        given: secret,
        pattern: /^(projects\/[^/]+\/secrets\/)?[A-Za-z0-9_-]{1,255}$/,
        allowed: 'the id of a secret, or projects/<project>/secrets/<id>',
      },
      {
        part: 'version',
        given: version,
        pattern: /^(latest|[1-9]\d{0,14})$/,
        allowed: '"latest" or a number, as a reference of Kong’s vaults names no alias',
      },
    ]),
  );
  return Text.join(['{vault://gcp/', ...placeOf(secret), versionOf(version), '}']);
}

function placeOf(secret: string): readonly (Text | string)[] {
  if (Token.isUnresolved(secret)) return [Text.by(secret, idOf), Text.by(secret, projectQueryOf)];
  const [, project, id = secret] = /^projects\/([^/]+)\/secrets\/(.*)$/.exec(secret) ?? [];
  return [id, project === undefined ? '' : `?project_id=${project}`];
}

function versionOf(version: string): Text | string {
  if (Token.isUnresolved(version)) return Text.by(version, fragmentOf);
  return version === 'latest' ? '' : `#${version}`;
}

/** As Terraform's functions: of an id alone, too, the first is the id, and the second nothing. */
const idOf = (secret: string): string => `basename(${secret})`;
const projectQueryOf = (secret: string): string =>
  `replace(replace(${secret}, "/^projects/([^/]+)/.*$/", "?project_id=$1"), "/^[^?].*$/", "")`;
const fragmentOf = (version: string): string => `replace(format("#%s", ${version}), "/^#latest$/", "")`;
