import { Token } from 'cdktf';
import { valueNotCarried } from './problems';
import { referenceProblems, renderEach, wrongKind, type Rendering } from './rendering';
import { forJson, Text } from './text';

/** An entry of `env` of a container in `google_cloud_run_v2_service`, `_job` or `_worker_pool`. */
export interface CloudRunVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueSource?: { readonly secretKeyRef: { readonly secret: string; readonly version: string } };
}

/** The API's limit of a literal value, in characters. */
const longest = 32_768;

export function renderCloudRun(rendering: Rendering): CloudRunVariable[] {
  const entries = renderEach(rendering, (name, source, problems): CloudRunVariable | undefined => {
    if (source.kind === 'text') {
      if (!Token.isUnresolved(source.text) && source.text.length > longest) {
        const fix = 'Put it into Google Secret Manager and give EnvValue.fromGoogleSecret.';
        problems.push(valueNotCarried(name, 'Cloud Run', `which is longer than ${longest} characters`, fix));
      }
      return forJson({ name, value: Text.of(source.text).toString() });
    }
    if (source.kind !== 'google-secret') {
      const fix = 'Put it into Google Secret Manager and give EnvValue.fromGoogleSecret.';
      problems.push(wrongKind(name, source, 'Cloud Run', fix));
      return undefined;
    }
    problems.push(
      ...referenceProblems(name, [
        {
          part: 'secret',
          given: source.secret,
          pattern: /^(projects\/[^/]+\/secrets\/)?[A-Za-z0-9_-]{1,255}$/,
          allowed: 'the id of a secret, or projects/<project>/secrets/<id>',
        },
        {
          part: 'version',
          given: source.version,
          pattern: /^(latest|[1-9]\d*|[A-Za-z][A-Za-z0-9_-]{0,62})$/,
          allowed: '"latest", a number or an alias',
        },
      ]),
    );
    return { name, valueSource: { secretKeyRef: { secret: source.secret, version: source.version } } };
  });
  return [...entries];
}
