import { defineProblem } from '../problems';

const naming = 'https://cloud.google.com/storage/docs/buckets#naming';

export const wrongStorage = defineProblem(
  'KR_TF_GCS_STORAGE',
  'A bucket name or prefix of Google Cloud Storage is not a legal one.',
  (prop: string, value: string, fault: string) => `${prop} is "${value}": ${fault}`,
);

export const notABucketName = defineProblem(
  'KR_TF_GCS_BUCKET_NAME',
  'A bucket name holds a scheme or a path.',
  (value: string) =>
    `bucketName is "${value}": it must be the name of the bucket alone, without gcs:// and without a path; what follows the bucket belongs into prefix. Names: ${naming}.`,
);

export const prefixForConditions = defineProblem(
  'KR_TF_GCS_PREFIX_CHARACTER',
  'A prefix has a character that an IAM condition cannot hold safely.',
  (value: string) =>
    `prefix is "${value}": quotes, backslashes and braces are not allowed, since the prefix stands in IAM conditions. Use letters, digits, "-", "_", "." and "/".`,
);

export const outOfRange = defineProblem(
  'KR_TF_GCS_RANGE',
  'A number of days, or of versions, is out of its range.',
  (prop: string, value: number, allowed: string) => `${prop} is ${value}: it must be ${allowed}.`,
);

export const noVersion = defineProblem(
  'KR_TF_GCS_NO_VERSION',
  'No gateway version is known, so that there are no lifecycle rules by version.',
  () =>
    'no gateway version is known, and lifecycle rules have no wildcards: what Enterprise leaves under election/ would never go, nor, in an existing bucket, replaced leases. Give gatewayVersions, or an exporter node this store.',
);

export const readTooEarly = defineProblem(
  'KR_TF_GCS_READ_EARLY',
  'The lifecycle rules of an existing bucket were read before they were complete.',
  (version: string) =>
    `lifecycleRules was read before ${version} was added: what was read lacks it. Read lifecycleRules after the last node.`,
);

export const wrongLocation = defineProblem(
  'KR_TF_GCS_LOCATION',
  'The location of a bucket is not the name of a region, dual-region or multi-region.',
  (value: string) =>
    `location is "${value}": it must be a region ("europe-west1"), a predefined dual-region ("EUR4") or a multi-region ("EU"), never a zone ("europe-west1-b").`,
);

export const wrongStorageClass = defineProblem(
  'KR_TF_GCS_STORAGE_CLASS',
  'The storage class of a bucket is not one of Google.',
  (value: string) => `storageClass is "${value}": it must be STANDARD, NEARLINE, COLDLINE or ARCHIVE.`,
);

export const coldStorageClass = defineProblem(
  'KR_TF_GCS_COLD_STORAGE_CLASS',
  'The storage class bills each object for a least time, and leases are replaced all the time.',
  (value: string, days: number) =>
    `storageClass is ${value}: Google bills each object for at least ${days} days, also those replaced within a minute, which the exporters' leases are, and bills each read. STANDARD is cheaper here.`,
);

export const wrongKey = defineProblem(
  'KR_TF_GCS_KEY',
  'The name of a key of Cloud KMS is not a whole one.',
  (value: string) =>
    `encryption has the key "${value}": it must be projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>, without a version.`,
);

export const keyElsewhere = defineProblem(
  'KR_TF_GCS_KEY_LOCATION',
  'A key of Cloud KMS is in another location than the bucket.',
  (key: string, found: string, needed: string, location: string) =>
    `encryption has the key "${key}" in location "${found}", and location is "${location}": Google accepts keys of "${needed}" only. Use a key there.`,
);

export const wrongKeyRing = defineProblem(
  'KR_TF_GCS_KEY_RING',
  'The name of a key ring is not a legal one.',
  (value: string) =>
    `encryption has the keyRingName "${value}": it must have 1 to 63 letters, digits, hyphens and underscores.`,
);

export const wrongLabel = defineProblem(
  'KR_TF_GOOGLE_LABEL',
  'A label is not a legal one.',
  (key: string, value: string) =>
    `labels has "${key}" = "${value}": keys have 1 to 63 lower-case letters, digits, hyphens and underscores and begin with a letter; values have up to 63 of the same.`,
);

export const wrongAccountId = defineProblem(
  'KR_TF_GOOGLE_ACCOUNT_ID',
  'The id of a service account is not a legal one.',
  (value: string) =>
    `accountId is "${value}" (${value.length} characters): it must have 6 to 30 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen.`,
);

export const wrongRoleId = defineProblem(
  'KR_TF_GOOGLE_ROLE_ID',
  'The id of a custom role is not a legal one.',
  (prop: string, value: string) =>
    `roles has the ${prop} "${value}" (${value.length} characters): it must have 3 to 64 letters, digits, underscores and dots; hyphens are not allowed.`,
);

export const sameRoleId = defineProblem(
  'KR_TF_GOOGLE_SAME_ROLE',
  'One role is named for reading and for writing.',
  (value: string) =>
    `roles has "${value}" for reading and for writing: an importer would get what an exporter has. Name two roles.`,
);

export const wrongRole = defineProblem(
  'KR_TF_GOOGLE_ROLE',
  'The name of an existing role is not a whole one.',
  (prop: string, value: string) =>
    `roles has the ${prop} "${value}": it must be roles/<name>, projects/<project>/roles/<id> or organizations/<number>/roles/<id>.`,
);

export const wrongEmail = defineProblem(
  'KR_TF_GOOGLE_EMAIL',
  'An address is not that of a service account.',
  (value: string) =>
    `email is "${value}": it must be the address of a service account, such as name@project.iam.gserviceaccount.com, without "serviceAccount:". For people and groups use GooglePrincipal.fromMember.`,
);

export const wrongMember = defineProblem(
  'KR_TF_GOOGLE_MEMBER',
  'A member is not one that a bucket can be shared with.',
  (value: string) =>
    `member is "${value}": it must be serviceAccount:<address>, user:<address>, group:<address>, principal://… or principalSet://….`,
);

export const publicMember = defineProblem(
  'KR_TF_GOOGLE_PUBLIC_MEMBER',
  'A member stands for everyone.',
  (value: string) =>
    `member is "${value}", which is everyone on the internet: the stored configuration holds private keys and secrets in the clear. Name those who run the nodes.`,
);

export const wrongKubernetesName = defineProblem(
  'KR_TF_GOOGLE_KUBERNETES_NAME',
  'The name of a Kubernetes namespace or service account is not a legal one.',
  (prop: string, value: string, longest: number) =>
    `${prop} is "${value}": it must have 1 to ${longest} lower-case letters, digits and hyphens${longest > 63 ? ' or dots' : ''}, with a letter or digit at each end.`,
);

export const wrongProjectId = defineProblem(
  'KR_TF_GOOGLE_PROJECT_ID',
  "A project's id is not a legal one.",
  (prop: string, value: string) =>
    `${prop} is "${value}": it must be the id of the cluster's project (such as "acme-gateways"), not its number and not its title.`,
);

export const wrongProjectNumber = defineProblem(
  'KR_TF_GOOGLE_PROJECT_NUMBER',
  "A project's number has something else than digits.",
  (value: string) =>
    `projectNumber is "${value}": it must have digits only. Leave it out to have it looked up by the project's id.`,
);

export const numberWithoutId = defineProblem(
  'KR_TF_GOOGLE_PROJECT_NUMBER_ALONE',
  "A project's number is given without its id.",
  () => 'projectNumber is given without projectId: the identity names both. Add projectId.',
);

export const wrongSecretId = defineProblem(
  'KR_TF_GOOGLE_SECRET_ID',
  'The id of a secret is not a legal one.',
  (value: string) => `secretId is "${value}": it must have 1 to 255 letters, digits, hyphens and underscores.`,
);

export const noSecretLocations = defineProblem(
  'KR_TF_GOOGLE_SECRET_LOCATIONS',
  'The list of locations of a secret is empty.',
  () => 'secretLocations is empty: name at least one region, or leave it out for automatic replication.',
);

export const plainKey = defineProblem(
  'KR_TF_GOOGLE_PLAIN_KEY',
  'The key of a service account is given as plain text.',
  () =>
    'key is a plain text: it would be shown wherever the environment is. Use EnvValue.fromGoogleSecret, fromKubernetesSecret or fromSecretText.',
);

export const otherCloud = defineProblem(
  'KR_TF_GOOGLE_OTHER_CLOUD',
  'A principal of another cloud is to read or write a bucket of Google Cloud.',
  (principal: string) =>
    `the principal "${principal}" is none of Google Cloud, which this bucket belongs to. Use AttachedServiceAccount, GkeWorkloadIdentity, GkeImpersonation, ServiceAccountWithKey or GooglePrincipal.fromMember.`,
);

export const notMerged = defineProblem(
  'KR_TF_GCS_NOT_MERGED',
  'The stack declares an existing bucket, and what the store has for its lifecycle is not read.',
  (bucket: string) =>
    `${bucket} is declared in this stack, and nothing merges lifecycleRules into its lifecycle. Add them there.`,
);

export const notUniform = defineProblem(
  'KR_TF_GCS_NOT_UNIFORM',
  'The stack declares an existing bucket without uniform bucket-level access, which the conditions of the grants need.',
  (bucket: string) =>
    `${bucket} is declared in this stack without uniform bucket-level access, and Google refuses grants with conditions there. Set uniformBucketLevelAccess: true.`,
);

export const existingBucket = defineProblem(
  'KR_TF_GCS_EXISTING_BUCKET',
  'What an existing bucket must have, and what cannot be seen from here.',
  (bucket: string) =>
    `${bucket} is not made by this store; see that it has uniform bucket-level access (or Google refuses the conditions of the grants), public access prevention, versioning and soft delete, and that no lifecycle rule or retention lock of its own can reach a current config.json or kong-resilience.json. Merge lifecycleRules into its own rules.`,
);
