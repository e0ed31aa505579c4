import { Token } from 'cdktf';
import { valueNotCarried } from './problems';
import { referenceTo } from './reference-text';
import { renderEach, wrongKind, type Rendering } from './rendering';
import { replacing, Text } from './text';

/** Within double quotes systemd.exec(5) takes a backslash before these four, as a shell does, which needs it before all of them. */
const inDoubleQuotes = replacing(['\\', '\\\\'], ['"', '\\"'], ['$', '\\$'], ['`', '\\`']);

export function renderSystemd(rendering: Rendering): string {
  const lines = renderEach(rendering, (name, source, problems): Text | undefined => {
    if (source.kind === 'aws-secret' || source.kind === 'google-secret') {
      return Text.join([`${name}="`, referenceTo(name, source, rendering.references, problems), '"\n']);
    }
    if (source.kind === 'kubernetes-secret') {
      const fix = 'Give its text with EnvValue.fromSecretText, and the file mode 0600.';
      problems.push(wrongKind(name, source, 'systemd', fix));
      return undefined;
    }
    if (!Token.isUnresolved(source.text) && /\p{Noncharacter_Code_Point}/u.test(source.text)) {
      const why = 'which holds a Unicode noncharacter, for which it refuses the whole file';
      problems.push(valueNotCarried(name, 'systemd', why, 'Remove it; give binary data as base64.'));
    }
    return Text.join([`${name}="`, Text.of(source.text, inDoubleQuotes), '"\n']);
  });
  return Text.join(lines).toString();
}
