import { causeOf } from '../errors';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the two libraries say when no place of theirs had anything, which the list of the places says better. */
const foundNothing = /^Could not load (credentials from any providers|the default credentials)/;

/** Where the AWS SDK looks for credentials, in its order, and what the environment tells of each place. */
export function awsCredentialPlaces(env: Environment = process.env): string {
  const profile = env['AWS_PROFILE'] ?? 'default';
  const files = [env['AWS_SHARED_CREDENTIALS_FILE'] ?? '~/.aws/credentials', env['AWS_CONFIG_FILE'] ?? '~/.aws/config'];
  const container = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  const disabled = !['', 'false'].includes(env['AWS_EC2_METADATA_DISABLED'] ?? '');
  return [
    place(env, 'AWS_ACCESS_KEY_ID'),
    `the profile "${profile}" in ${files.join(' and ')}`,
    place(env, 'AWS_WEB_IDENTITY_TOKEN_FILE'),
    `AWS_CONTAINER_CREDENTIALS_… (${container === undefined ? 'not set' : 'set'})`,
    // With the former it is not asked.
    ...(container === undefined
      ? [`the role of the machine (${disabled ? 'off by AWS_EC2_METADATA_DISABLED' : 'asked'})`]
      : []),
  ].join(', ');
}

/** Where Google's library looks for credentials, in its order, after GCP_SERVICE_ACCOUNT. */
export function googleCredentialPlaces(env: Environment = process.env): string {
  return [
    place(env, 'GCP_SERVICE_ACCOUNT'),
    place(env, 'GOOGLE_APPLICATION_CREDENTIALS'),
    '~/.config/gcloud/application_default_credentials.json',
    'the metadata server of Google Cloud',
  ].join(', ');
}

function place(env: Environment, name: string): string {
  return `${name} (${(env[name] ?? '') === '' ? 'not set' : 'set'})`;
}

/** Why what was found is of no use; nothing where nothing was found. Never what a parser quotes: it may be a key. */
export function credentialFailure(error: unknown): Error | undefined {
  if (error instanceof SyntaxError) return new Error('what was found is not JSON');
  const text = (causeOf(error).split('\n')[0] ?? '').trim();
  return foundNothing.test(text) ? undefined : new Error(text.slice(0, 300));
}

/** The reason of an error, without the full stop at its end. @param cause what `credentialFailure` gave */
export function noCredentials(places: string, cause: Error | undefined): string {
  const said = cause === undefined ? '' : `: ${cause.message.replace(/[.\s]+$/, '')}`;
  return `no credentials were found${said}. Looked for in: ${places}`;
}
