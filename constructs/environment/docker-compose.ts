import { renderEach, type Rendering } from './rendering';
import { both, forJson, insideJson, replacing, Text } from './text';

/** Compose reads `$NAME` and `${NAME}` as the operator's own variables. */
const dollar = replacing(['$', '$$']);

function entries(rendering: Rendering, escape: typeof dollar, fromOperator: (name: string) => string) {
  return renderEach(rendering, (name, source): readonly [string, Text] =>
    source.kind === 'text' ? [name, Text.of(source.text, escape)] : [name, Text.join([fromOperator(name)])],
  );
}

/** Compose replaces it when it starts, and refuses to start without. */
function required(name: string): string {
  return `\${${name}:?set this secret in the environment of docker compose or in .env}`;
}

export function renderDockerCompose(rendering: Rendering): Readonly<Record<string, string>> {
  const mapping = entries(rendering, dollar, required).map(([name, text]) => [name, text.toString()]);
  return forJson(Object.fromEntries(mapping) as Record<string, string>);
}

/** Within double quotes; Terraform's jsonencode leaves NEL as it is, which YAML takes for a line break. */
const insideQuotes = both(both(dollar, insideJson), replacing(['\u0085', '\\u0085']));

export function renderDockerComposeYaml(rendering: Rendering): string {
  const lines = entries(rendering, insideQuotes, required).flatMap(([name, text]) => [
    yamlWords.test(name) ? `"${name}"` : name,
    ': "',
    text,
    '"\n',
  ]);
  return Text.join(lines).toString();
}

/** Names that YAML 1.1 takes for something else. */
const yamlWords = /^(y|n|yes|no|on|off|true|false|null)$/i;
