import { referenceProblems, renderEach, secretArn, wrongKind, type Rendering } from './rendering';
import { forJson, Text } from './text';

/** A variable of an ECS container definition. */
export interface EcsVariable {
  readonly name: string;
  readonly value: string;
}

/** A variable that ECS reads from a secret when the task starts. */
export interface EcsSecret {
  readonly name: string;
  /** `<ARN>`, or `<ARN>:<JSON key>:<version stage>:<version id>`. */
  readonly valueFrom: string;
}

/** Both members of an ECS container definition. */
export interface EcsEnvironment {
  readonly environment: readonly EcsVariable[];
  readonly secrets: readonly EcsSecret[];
}

const noColon = /^[^:]+$/;

export function renderEcs(rendering: Rendering): EcsEnvironment {
  const entries = renderEach(rendering, (name, source, problems): EcsVariable | EcsSecret | undefined => {
    if (source.kind === 'text') return forJson({ name, value: Text.of(source.text).toString() });
    if (source.kind !== 'aws-secret') {
      const fix = 'Put it into AWS Secrets Manager and give EnvValue.fromAwsSecret.';
      problems.push(wrongKind(name, source, 'ECS', fix));
      return undefined;
    }
    const { arn, jsonKey, versionId } = source;
    problems.push(
      ...referenceProblems(name, [
        secretArn(arn),
        { part: 'jsonKey', given: jsonKey, pattern: noColon, allowed: 'a text without ":"' },
        { part: 'versionId', given: versionId, pattern: noColon, allowed: 'a text without ":"' },
      ]),
    );
    const place = jsonKey === undefined && versionId === undefined ? [arn] : [arn, jsonKey ?? '', '', versionId ?? ''];
    return forJson({ name, valueFrom: Text.of(place.join(':')).toString() });
  });
  return {
    environment: entries.filter((entry) => 'value' in entry),
    secrets: entries.filter((entry) => 'valueFrom' in entry),
  };
}
