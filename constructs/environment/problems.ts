import { defineProblem } from '../problems';

export const noName = defineProblem(
  'KR_TF_ENV_NAME',
  'A name is none that an environment variable can have.',
  (name: string) =>
    `${JSON.stringify(name)} is no name of an environment variable: that has letters, digits and underscores, and no digit first. Rename it.`,
);

export const noText = defineProblem(
  'KR_TF_ENV_TEXT',
  'A value holds what no environment can hold: a NUL character, or half of a surrogate pair.',
  (name: string) =>
    `${name} holds a NUL character or half of a surrogate pair, which no environment can hold. Remove it; give binary data as base64.`,
);

export const conflict = defineProblem(
  'KR_TF_ENV_CONFLICT',
  'Two layers have different values for one name.',
  (name: string, derived: string, user: string) =>
    `${name} is ${derived} in the derived layer, but ${user} in the user layer ("environment"). Leave it out of the latter, or put it into the override layer ("environmentOverrides"), which wins.`,
);

export const plainSecret = defineProblem(
  'KR_TF_ENV_PLAIN_SECRET',
  'A secret is given as plain text.',
  (name: string, harmless: string) =>
    `${name} is a secret, and as plain text it would be shown in the synthesized stack, the plan and the state. Give the place of it (EnvValue.fromAwsSecret, fromGoogleSecret, fromKubernetesSecret) or, for a file that is secret itself, EnvValue.fromSecretText.${harmless}`,
);

export const noValue = defineProblem(
  'KR_TF_ENV_NO_VALUE',
  'A variable is given something that is no `EnvValue`.',
  (name: string, type: string) =>
    `${name} is given a ${type}, and a value says whether it may be shown. Name the place of a secret (EnvValue.fromAwsSecret, fromGoogleSecret, fromKubernetesSecret), or write EnvValue.fromText('…') for what anyone may see.`,
);

export const fileTwice = defineProblem(
  'KR_TF_ENV_FILE_TWICE',
  "A variable stands beside the `_FILE` variable from which Kong's images would set it.",
  (name: string) => `${name} and ${name}_FILE are both set, and Kong's images take only one. Leave one of them out.`,
);

export const secretKind = defineProblem(
  'KR_TF_ENV_SECRET_KIND',
  'A secret is kept where the platform cannot read it.',
  (name: string, given: string, platform: string, fix: string) =>
    `${name} is ${given}, which ${platform} cannot take. ${fix}`,
);

export const noReference = defineProblem(
  'KR_TF_ENV_REFERENCE',
  'The place of a secret is not written as the platform wants it.',
  (name: string, part: string, given: string, allowed: string) =>
    `${name} is a secret whose ${part} is ${JSON.stringify(given)}: it must be ${allowed}.`,
);

export const unresolvedReference = defineProblem(
  'KR_TF_ENV_VAULT',
  "A reference of Kong's vaults, or a secret that would become one, is given where none is resolved, or is not written as one.",
  (name: string, why: string) =>
    `${name} is a {vault://…} reference, or would become one, and ${why}. Give its value in another way: a file, EnvValue.fromSecretText, or a secret that the platform itself puts in.`,
);

export const tooLarge = defineProblem(
  'KR_TF_ENV_TOO_LARGE',
  'The variables of a platform are larger in all than it allows.',
  (platform: string, limit: number, bytes: number, largest: readonly string[]) =>
    `${platform} takes ${limit} bytes of variables in all, names and values, and what is known here has ${bytes}; the largest are ${largest.join(', ')}. Put the large ones (certificates) into a secret and give its place.`,
);

export const badSecretPrefix = defineProblem(
  'KR_TF_ENV_SECRET_PREFIX',
  "What is to stand before the names of Docker Compose's secrets is no start of a variable's name.",
  (given: string) =>
    `secretPrefix is ${JSON.stringify(given)}: it must have letters, digits and underscores alone, and no digit first. Give one such as "EXPORTER_".`,
);

export const namesNotCarried = defineProblem(
  'KR_TF_ENV_NAME_NOT_CARRIED',
  'The form of a platform cannot carry a name.',
  (names: readonly string[], form: string, fix: string) => `${form} cannot carry ${names.join(', ')}. ${fix}`,
);

export const valueNotCarried = defineProblem(
  'KR_TF_ENV_VALUE_NOT_CARRIED',
  'The form of a platform cannot carry a value.',
  (name: string, form: string, why: string, fix: string) => `${name}: ${form} cannot carry its value, ${why}. ${fix}`,
);
