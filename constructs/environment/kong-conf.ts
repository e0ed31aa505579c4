import { Token } from 'cdktf';
import { throwProblems } from '../problems';
import { environmentVariables } from '../../src/contract';
import { namesNotCarried, valueNotCarried } from './problems';
import { renderEach, wrongKind, type Rendering } from './rendering';
import { replacing, Text } from './text';

const form = 'kong.conf';

/** A "#" starts a comment wherever it stands, save after a backslash. */
const comment = replacing(['#', '\\#']);

export function renderKongConf(rendering: Rendering): string {
  const notOptions = [...rendering.variables.keys()].filter((name) => !isOption(name));
  if (notOptions.length > 0) {
    const fix =
      'It holds options of the gateway alone: put these into the environment of the process (the EnvironmentFile of its unit, for one).';
    throwProblems(rendering.construct, [namesNotCarried(notOptions, form, fix)]);
  }
  const lines = renderEach(rendering, (name, source, problems): Text | undefined => {
    if (source.kind !== 'text' && source.kind !== 'secret-text') {
      const fix = 'Give its text with EnvValue.fromSecretText, and the file mode 0600.';
      problems.push(wrongKind(name, source, form, fix));
      return undefined;
    }
    const why = Token.isUnresolved(source.text) ? undefined : obstacle(source.text);
    if (why !== undefined) {
      problems.push(valueNotCarried(name, form, why, `Put it into the environment of the gateway as ${name}.`));
    }
    return Text.join([`${name.slice('KONG_'.length).toLowerCase()} = `, Text.of(source.text, comment), '\n']);
  });
  return Text.join(lines).toString();
}

/** The gateway's loader turns KONG_<OPTION> into an option; the agent's variables and those of Kong's images are none. */
function isOption(name: string): boolean {
  if (!/^KONG_[A-Z0-9_]+$/.test(name) || name.startsWith('KONG_RESILIENCE_')) return false;
  return !environmentVariables.some((variable) => variable.whose === 'kong' && name === `${variable.name}_FILE`);
}

/** What Penlight's `config.read`, with which Kong reads the file, would make another value of. */
function obstacle(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return 'which has more than one line (of a certificate or key it takes base64, or a path)';
  if (text.trim() !== text) return 'which has white space at an end';
  if (text.endsWith('\\')) return 'which ends with a backslash and would go on in the next line';
  if (text.includes('_blank_')) return 'which contains "_blank_", a delimiter of its loader';
  if (changesAsNumber(text)) return 'which it would read as a number and write in another way';
  return undefined;
}

/** Whether Lua reads a text as a number and does not write that number, with `%.14g`, as the same text. */
function changesAsNumber(text: string): boolean {
  if (/^[0-9+-].* kB$/.test(text)) return true;
  if (!/^[+-]?(0x[0-9a-f]*\.?[0-9a-f]*(p[+-]?\d+)?|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)$/i.test(text))
    return false;
  if (!/^[0-9+-]/.test(text)) return false;
  const number = Number(text);
  const size = Math.abs(number);
  const shortForm = number === 0 || (size >= 1e-4 && size < 1e14);
  return !shortForm || String(Number(number.toPrecision(14))) !== text;
}
