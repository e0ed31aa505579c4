import { causeOf, defineError } from '../errors';
import type { JsonKind } from './json-kind';

const RESTORE =
  'Restore an earlier version of the object, or let an exporter write it anew; a source that sends this must be asked again.';

/** A name may be shown when it looks like one of Kong's: in a foreign file a key may be anything. */
function shown(name: string): string {
  return /^[a-z0-9_]{1,64}$/i.test(name) ? `"${name}"` : 'a name that is not shown here';
}

const KIND_NAMES: Readonly<Record<JsonKind, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  true: 'true',
  false: 'false',
  null: 'null',
};

export const notJson = defineError(
  'KR_CONFIG_NOT_JSON',
  'What was read as a configuration is not JSON: cut, damaged, or something else altogether.',
  (offset: number, problem: string) => ({
    reason: `The configuration is not JSON: at byte ${offset}, ${problem}.`,
    fix: RESTORE,
  }),
);

export const duplicateKey = defineError(
  'KR_CONFIG_DUPLICATE_KEY',
  'A key of the configuration stands twice, so that readers may disagree about its value.',
  (key: string, offset: number) => ({
    reason: `The configuration has the key ${shown(key)} twice; the second one ends at byte ${offset}.`,
    fix: RESTORE,
  }),
);

export const badGzip = defineError(
  'KR_CONFIG_BAD_GZIP',
  'The configuration begins as gzip and cannot be inflated: cut or damaged.',
  (cause: unknown) => ({
    reason: `The configuration is compressed with gzip, and is cut or damaged: ${causeOf(cause)}.`,
    fix: RESTORE,
    cause,
  }),
);

export const tooLarge = defineError(
  'KR_CONFIG_TOO_LARGE',
  'A configuration is larger, inflated, than KONG_RESILIENCE_MAX_CONFIG_BYTES allows.',
  (maxConfigBytes: number) => ({
    reason: `The configuration is larger than ${maxConfigBytes} bytes, which is what KONG_RESILIENCE_MAX_CONFIG_BYTES allows.`,
    fix: 'Raise KONG_RESILIENCE_MAX_CONFIG_BYTES if it is really that large; the limit is for the inflated text.',
  }),
);

export const notAnObject = defineError(
  'KR_CONFIG_NOT_A_TABLE',
  'The configuration is JSON, but no object.',
  (kind: JsonKind) => ({
    reason: `The configuration is ${KIND_NAMES[kind]}; it must be an object, with "_format_version" and lists of entities.`,
    fix: 'Check that the object is a Kong configuration and not some other file.',
  }),
);

export const badFormatVersion = defineError(
  'KR_CONFIG_FORMAT_VERSION',
  'The configuration has no `_format_version`, or one that Kong 3 does not read.',
  (found: string) => ({
    reason: `The configuration's "_format_version" is ${found}; it must be a string such as "3.0", "2.1" or "1.1".`,
    fix: 'Check that the object is a Kong configuration, as a gateway of version 3 or earlier exports it.',
  }),
);

export const badTransform = defineError(
  'KR_CONFIG_TRANSFORM',
  'The configuration has a `_transform` that is neither true nor false.',
  (kind: JsonKind) => ({
    reason: `The configuration's "_transform" is ${KIND_NAMES[kind]}; it must be true or false.`,
    fix: 'A table that a gateway exported has false: with true, passwords that are hashed already are hashed again.',
  }),
);

export const notAList = defineError(
  'KR_CONFIG_NOT_A_LIST',
  'A key of the configuration that must hold a list of entities holds something else.',
  (key: string, kind: JsonKind) => ({
    reason: `The configuration's ${shown(key)} is ${KIND_NAMES[kind]}; it must be a list of entities.`,
    fix: 'Check that the object is a Kong configuration and not some other file.',
  }),
);

export const notAnEntity = defineError(
  'KR_CONFIG_NOT_AN_ENTITY',
  'A list of the configuration has an element that is no object; a gateway refuses all of the configuration then.',
  (key: string, index: number, kind: JsonKind) => ({
    reason: `The configuration's ${shown(key)} has ${KIND_NAMES[kind]} at index ${index}; each of its elements must be an entity, which is an object.`,
    fix: RESTORE,
  }),
);

export const emptyConfiguration = defineError(
  'KR_CONFIG_EMPTY',
  'The configuration holds no entity; a gateway that took it would wipe itself.',
  () => ({
    reason: 'The configuration is empty: it has no entity besides "workspaces" and "parameters".',
    fix: 'Configure the control plane first; an empty configuration is never stored and never handed to a gateway.',
  }),
);

export const notReconfigure = defineError(
  'KR_MESSAGE_NOT_RECONFIGURE',
  'A frame from a control plane is not a `reconfigure` message with a configuration.',
  (problem: string) => ({
    reason: `The control plane sent a frame that is not a configuration: ${problem}.`,
    fix: 'Check that KONG_CLUSTER_CONTROL_PLANE names the cluster port (8005) of a Kong control plane that speaks the hybrid protocol v1.',
  }),
);

export const badSentHash = defineError(
  'KR_MESSAGE_BAD_HASH',
  'A `reconfigure` message carries a hash that is not 32 hexadecimal digits, which a gateway would refuse.',
  (field: string) => ({
    reason: `The message's ${field} is not a string of 32 hexadecimal digits.`,
    fix: 'Check what stands between this program and the control plane, and that both speak the hybrid protocol v1.',
  }),
);

export const threadLost = defineError(
  'KR_SNAPSHOT_THREAD_LOST',
  'The thread that checks a large configuration ended before it was done.',
  (cause: unknown) => ({
    reason: `The thread that checks the configuration ended before it was done: ${causeOf(cause)}.`,
    fix: 'Give the process more memory, and try again.',
    cause,
  }),
);

const MAX_NAMED = 10;

function listed(names: readonly string[]): string {
  const rest = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}

export const losesAuthentication = defineError(
  'KR_CONFIG_LOSES_AUTHENTICATION',
  'An Enterprise configuration cannot go to an open-source gateway, because callers would pass that are refused now.',
  (plugins: readonly { readonly name: string; readonly id: string; readonly on: string }[]) => ({
    reason: `An open-source gateway cannot run what decides who may pass: ${listed(
      plugins.map(({ name, id, on }) => `${name} (${id}) on ${on}`),
    )}.`,
    fix: 'Run this node with an Enterprise image, or have the control plane protect them with plugins that open source has too.',
  }),
);

export const mixesWorkspaces = defineError(
  'KR_CONFIG_MIXES_WORKSPACES',
  'An Enterprise configuration of several workspaces cannot go to an open-source gateway, which has one.',
  (workspaces: readonly string[]) => ({
    reason: `The configuration has entities of ${workspaces.length} workspaces: ${listed(workspaces)}. An open-source gateway has one, in which the consumers of each could pass on the routes of the others.`,
    fix: 'Run this node with an Enterprise image, or export from a control plane with one workspace.',
  }),
);
