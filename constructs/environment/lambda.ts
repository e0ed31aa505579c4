import { throwProblems, type Problem } from '../problems';
import { namesNotCarried, tooLarge } from './problems';
import { referenceTo } from './reference-text';
import { renderEach, wrongKind, type Rendering } from './rendering';
import { forJson, Text } from './text';
import type { EnvValueSource } from './value';

/** Lambda sets them to the function's own region, which is the bucket's or the function cannot work. */
const ofFunction = /^AWS_(DEFAULT_)?REGION$/;
/** What Lambda lets nobody set; a key of another identity than the function's is among them. */
const reserved =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_ACCESS_KEY|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;
/** Lambda's limit of all names and values together, in bytes. */
const mostBytes = 4096;

export function renderLambda(rendering: Rendering): Readonly<Record<string, string>> {
  const { construct, variables } = rendering;
  const names = [...variables.keys()].filter((name) => reserved.test(name) || !/^[A-Za-z]\w+$/.test(name));
  if (names.length > 0) {
    const fix =
      'Lambda sets the first kind itself and takes names that start with a letter: let the role of the function be the identity, and leave these out.';
    throwProblems(construct, [namesNotCarried(names, 'Lambda', fix)]);
  }
  const carried = new Map([...variables].filter(([name]) => !ofFunction.test(name)));
  const texts = renderEach({ ...rendering, variables: carried }, (name, source, problems) => {
    const text = textFor(rendering, name, source, problems);
    return text === undefined ? undefined : ([name, text] as const);
  });
  const sizes = texts.map(([name, text]) => [name, name.length + text.knownBytes] as const);
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (bytes > mostBytes) {
    const largest = [...sizes].sort(([, one], [, other]) => other - one).map(([name]) => name);
    throwProblems(construct, [tooLarge('Lambda', mostBytes, bytes, largest.slice(0, 3))]);
  }
  return forJson(Object.fromEntries(texts.map(([name, text]) => [name, text.toString()])) as Record<string, string>);
}

function textFor(
  { references }: Rendering,
  name: string,
  source: EnvValueSource,
  problems: Problem[],
): Text | undefined {
  if (source.kind === 'text') return Text.of(source.text);
  if (source.kind !== 'aws-secret') {
    problems.push(
      wrongKind(name, source, 'Lambda', 'Put it into AWS Secrets Manager and give EnvValue.fromAwsSecret.'),
    );
    return undefined;
  }
  return referenceTo(name, source, references, problems);
}
