import { defineProblem, isKnown, type Problem } from '../problems';

/** What a construct tells of a prop, after the text of the variable that the prop becomes. */
export const badAddress = defineProblem(
  'KR_TF_MINIO_ADDRESS',
  'The bucket, prefix, endpoint or region of an S3-compatible store is one that no node could use.',
  (prop: string, text: string) => `${prop}: ${text}`,
);

export const noEndpoint = defineProblem(
  'KR_TF_MINIO_ENDPOINT',
  'The endpoint of an S3-compatible store is empty.',
  () =>
    'endpoint is empty, and the nodes would look for the bucket on AWS. Give the URL of the store, such as https://minio.example.com:9000.',
);

export const doubtfulAddress = defineProblem(
  'KR_TF_MINIO_ADDRESS_DOUBT',
  'The endpoint of an S3-compatible store is plain HTTP beyond this machine, or has a path.',
  (prop: string, text: string) => `${prop}: ${text}`,
);

export const widePrefix = defineProblem(
  'KR_TF_MINIO_PREFIX',
  'The prefix of an S3-compatible store has a character that means something else in a policy or to Terraform.',
  (prefix: string, character: string) =>
    `prefix is ${JSON.stringify(prefix)}: it has ${character}, which means something else in a policy or to Terraform, so that rights could reach beyond the prefix. Use letters, digits, "-", "_", "." and "/".`,
);

export const badNumber = defineProblem(
  'KR_TF_MINIO_LIFECYCLE',
  'A number of the lifecycle is out of range.',
  (prop: string, value: number, range: string) => `${prop} is ${value}: it must be a whole number ${range}.`,
);

export const otherPrincipal = defineProblem(
  'KR_TF_MINIO_PRINCIPAL',
  'A principal of another cloud is granted the use of a store on MinIO.',
  (principal: string) =>
    `the principal "${principal}" is none of MinIO's. Use a MinioUser or a MinioServiceAccount, or ExistingKeys whose rights someone else gives.`,
);

export const noKeys = defineProblem(
  'KR_TF_S3_COMPATIBLE_PRINCIPAL',
  'A store that is only known by its endpoint is to grant rights to a principal that is no ExistingKeys.',
  (principal: string) =>
    `the principal "${principal}" cannot be granted anything: this store is known by its endpoint alone. Use ExistingKeys, or MinioStore for a MinIO server that Terraform may administer.`,
);

export const notGranted = defineProblem(
  'KR_TF_KEYS_NOT_GRANTED',
  'The keys of a node exist already, so that their rights are not declared here.',
  (principal: string, policy: string) =>
    `nothing was granted to the keys of "${principal}": whoever administers the store must give them the policy in the property ${policy} of this store, and no more.`,
);

export const existingBucket = defineProblem(
  'KR_TF_EXISTING_BUCKET_UNCHECKED',
  'A bucket exists already, so that its versioning, lifecycle and policy cannot be checked here.',
  (bucket: string) =>
    `the bucket ${bucket} exists already, and nothing is declared for it: check that it is versioned, that nobody reads it without keys, and that no expiration, transition or lock reaches a current config.json or kong-resilience.json; merge the rules of the property lifecycleRules into its lifecycle.`,
);

export const noGatewayVersion = defineProblem(
  'KR_TF_MINIO_NO_GATEWAY_VERSION',
  'A store on MinIO knows no gateway version, so that it has no rules by version.',
  () =>
    'no gateway version is known, and MinIO has no wildcards in lifecycle rules: what Enterprise leaves under election/ would never expire, and replaced leases would stay as long as replaced configurations. Give an exporter node this store, or call addGatewayVersion.',
);

export const badUserName = defineProblem(
  'KR_TF_MINIO_USER_NAME',
  'The name of a user of MinIO is not allowed.',
  (value: string) =>
    `userName is "${value}": it must be 3 to 64 letters, digits or any of "=,.@-_+". It is the access key too.`,
);

const writtenSecret = defineProblem(
  'KR_TF_MINIO_WRITTEN_SECRET',
  'A secret of MinIO is a plain text, which would stand in the synthesized stack.',
  (prop: string) =>
    `${prop} is a plain text, which would stand in the synthesized stack and in plans. Give a token, such as that of a sensitive variable of Terraform, or leave it out.`,
);

/** Of secrets by the names of their props, those that are no tokens. */
export function writtenSecrets(props: Readonly<Record<string, string | undefined>>): Problem[] {
  return Object.entries(props).flatMap(([prop, value]) => (isKnown(value) ? [writtenSecret(prop)] : []));
}

export const plainSecret = defineProblem(
  'KR_TF_PLAIN_SECRET_KEY',
  'A secret key is given as plain text.',
  () =>
    'secretAccessKey is a plain text, which would be shown wherever the environment is. Make it with EnvValue.fromKubernetesSecret, fromAwsSecret, fromGoogleSecret or fromSecretText.',
);

export const longText = defineProblem(
  'KR_TF_MINIO_SERVICE_ACCOUNT',
  'The name or the description of a service account of MinIO is too long or empty.',
  (prop: string, value: string, max: number) =>
    `${prop} is "${value}", of ${Buffer.byteLength(value)} bytes: MinIO takes 1 to ${max}.`,
);
