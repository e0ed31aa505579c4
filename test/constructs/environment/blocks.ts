import { TerraformStack, Testing } from 'cdktf';
import { Construct } from 'constructs';
import {
  EnvironmentBlock,
  EnvValue,
  type EnvironmentBlockProps,
  type EnvValues,
} from '../../../constructs/environment';

/** A construct with the path `stack/node`. */
export function node(): Construct {
  return new Construct(new TerraformStack(Testing.app(), 'stack'), 'node');
}

export function block(props: EnvironmentBlockProps): EnvironmentBlock {
  return new EnvironmentBlock(node(), props);
}

/** Plain texts as a user's layer. */
export function texts(values: Readonly<Record<string, string>>): EnvValues {
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, EnvValue.fromText(text)]));
}

/** The whole message of what a function throws. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return 'nothing was refused';
}

export const certificate = ['-----BEGIN CERTIFICATE-----', 'MIIB+/=', '-----END CERTIFICATE-----', ''].join('\n');

/** Texts with everything that some platform gives a meaning to. */
export const trickyTexts: readonly string[] = [
  'on',
  '',
  '$',
  '$$',
  '$$$(KONG_ROLE)$',
  '$(AWS_REGION) $$(AWS_REGION) ${AWS_REGION} $${AWS_REGION} $AWS_REGION',
  '${AWS_REGION:-x} ${AWS_REGION:?y} ${',
  '%h %% %{if true}x%{endif} %%{ %s %',
  '# not a comment',
  'a#b \\# c \\\\# d',
  '"quoted" \'single\' `tick`',
  '"',
  "'",
  '\\',
  'ends with \\\\',
  'C:\\new\\table\\u0041 \\"',
  'two\nlines',
  'carriage\r\nreturn\ttab',
  '\n',
  ' white space ',
  certificate,
  '{"ServerSideEncryption":"aws:kms","SSEKMSKeyId":"arn:aws:kms:us-east-2:1:key/a","q":"\\"${x}\\n"}',
  '{{ .Values.x }} {{- "a" -}}',
  'é € 😀 \u2028 \u0085 \u007f \u0001 <b>&amp;</b>',
  '= a = b',
  '; [section] !tag &anchor *alias : - ? @ `',
  '0x1F',
  '1e5',
  '007',
  '~',
  'null',
];
