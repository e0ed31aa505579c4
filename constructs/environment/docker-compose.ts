import { isKnown, throwProblems } from '../problems';
import { badSecretPrefix } from './problems';
import { kindOf, renderEach, type Rendering } from './rendering';
import { both, forJson, insideJson, replacing, Text } from './text';

/** How the forms for Docker Compose name the variables in which the operator gives secrets. */
export interface DockerComposeOptions {
  /**
   * What stands before the name of a secret in the operator's environment and in `.env`, so that services with different
   * secrets of one name share a file: with `EXPORTER_`, the service reads `AWS_SECRET_ACCESS_KEY` out of
   * `EXPORTER_AWS_SECRET_ACCESS_KEY`. Letters, digits and underscores, no digit first. Give all forms of one block the
   * same.
   *
   * @default "" - the operator's variable has the same name
   */
  readonly secretPrefix?: string;
}

/** Compose reads `$NAME` and `${NAME}` as the operator's own variables. */
const dollar = replacing(['$', '$$']);

/** The operator's variable for a secret. @throws DeclarationError when no variable can have such a name */
function operatorsNames({ construct }: Rendering, options: DockerComposeOptions): (name: string) => Text {
  const { secretPrefix = '' } = options;
  if (isKnown(secretPrefix) && !/^([A-Za-z_][A-Za-z0-9_]*)?$/.test(secretPrefix)) {
    throwProblems(construct, [badSecretPrefix(secretPrefix)]);
  }
  return (name) => Text.of(`${secretPrefix}${name}`);
}

function entries(rendering: Rendering, options: DockerComposeOptions, escape: typeof dollar) {
  const nameOf = operatorsNames(rendering, options);
  return renderEach(rendering, (name, source): readonly [string, Text] => [
    name,
    source.kind === 'text' ? Text.of(source.text, escape) : required(nameOf(name)),
  ]);
}

/** Compose replaces it when it starts, and refuses to start without. */
function required(name: Text): Text {
  return Text.join(['${', name, ':?set this secret in the environment of docker compose or in .env}']);
}

export function renderDockerCompose(
  rendering: Rendering,
  options: DockerComposeOptions,
): Readonly<Record<string, string>> {
  const mapping = entries(rendering, options, dollar).map(([name, text]) => [name, text.toString()]);
  return forJson(Object.fromEntries(mapping) as Record<string, string>);
}

/** Within double quotes; Terraform's jsonencode leaves NEL as it is, which YAML takes for a line break. */
const insideQuotes = both(both(dollar, insideJson), replacing(['\u0085', '\\u0085']));

export function renderDockerComposeYaml(rendering: Rendering, options: DockerComposeOptions): string {
  const lines = entries(rendering, options, insideQuotes).flatMap(([name, text]) => [
    yamlWords.test(name) ? `"${name}"` : name,
    ': "',
    text,
    '"\n',
  ]);
  return Text.join(lines).toString();
}

/** Names that YAML 1.1 takes for something else. */
const yamlWords = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** Compose's parser of `.env` takes a backslash before these three within double quotes; single quotes cannot end with one. */
const inDoubleQuotes = replacing(['\\', '\\\\'], ['"', '\\"'], ['$', '\\$']);

export function renderDockerComposeEnvFile(rendering: Rendering, options: DockerComposeOptions): string {
  const nameOf = operatorsNames(rendering, options);
  const lines = renderEach(rendering, (name, source): Text | undefined => {
    if (source.kind === 'text') return undefined;
    if (source.kind === 'secret-text') {
      return Text.join([nameOf(name), '="', Text.of(source.text, inDoubleQuotes), '"\n']);
    }
    return Text.join(['# ', nameOf(name), ` is missing: ${name} is ${kindOf(source)}. Set it by hand.\n`]);
  });
  return Text.join(lines).toString();
}
