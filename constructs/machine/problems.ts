import { show } from '../../src/contract';
import { defineProblem } from '../problems';

export const secretOnMachine = defineProblem(
  'KR_TF_MACHINE_SECRET',
  'User data would hold the text of a secret.',
  (name: string) =>
    `${name} is a secret's own text, and user data can be read by whoever may look at the machine, and by every process on it. Give a reference: EnvValue.fromAwsSecret, fromGoogleSecret, or the path of a file.`,
);

export const userDataTooLong = defineProblem(
  'KR_TF_MACHINE_USER_DATA',
  'User data is longer than 16 KB.',
  (bytes: number) =>
    `the user data has ${bytes} bytes, and Amazon EC2 takes 16384. Bring the files with the machine's image instead: they are in \`files\`.`,
);

export const wrongBundleUrl = defineProblem(
  'KR_TF_MACHINE_BUNDLE_URL',
  'The agent is to be fetched from what is no https URL.',
  (value: string) =>
    `bundleUrl is ${show(value)}: it must be an https:// URL of the file dist/kong-resilience.cjs of this package, without credentials.`,
);

export const wrongUnit = defineProblem(
  'KR_TF_MACHINE_UNIT',
  'The name of a unit of systemd is not a legal one.',
  (value: string) => `"${value}" is no name of a unit: it must end with .service or .target, such as kong.service.`,
);

export const wrongCommand = defineProblem(
  'KR_TF_MACHINE_COMMAND',
  "The gateway's own command before its start cannot be put into a drop-in.",
  (value: string) =>
    `prepareCommand is "${value}": it must begin with the path of a program and hold no quotes, backslashes, "$" or "%". Copy the ExecStartPre of the unit that is installed.`,
);
