import { defineProblem, type Problem } from '../problems';

/** A text in a message; a token is not shown, because it says nothing before Terraform runs. */
const quote = (text: string): string => JSON.stringify(text);

export const bucketNames = defineProblem(
  'KR_TF_S3_BUCKET_NAMES',
  'A bucket is given both a name and a prefix for one.',
  (name: string, prefix: string) =>
    `bucketName is ${quote(name)} and bucketPrefix is ${quote(prefix)}: give one of them, or neither for a name made by Terraform.`,
);

export const storageLocation = defineProblem(
  'KR_TF_S3_LOCATION',
  'The name of the bucket or the prefix in it is one that a storage URL cannot have.',
  (prop: string, value: string, reason: string) => `${prop} is ${quote(value)}: ${reason}`,
);

export const bucketPrefix = defineProblem(
  'KR_TF_S3_BUCKET_PREFIX',
  'What a bucket name made by Terraform should start with is no start of a legal name.',
  (value: string) =>
    `bucketPrefix is ${quote(value)}: it must be 1 to 37 lower-case letters, digits, hyphens and single dots, with a letter or digit first. Terraform adds 26 characters.`,
);

export const prefixCharacter = defineProblem(
  'KR_TF_S3_PREFIX_CHARACTER',
  'The prefix has a character that means something else in a policy or to Terraform.',
  (value: string, character: string) =>
    `prefix is ${quote(value)}: it has the character ${quote(character)}, which is a wildcard in a policy or means something to Terraform. Leave it out.`,
);

export const accessPointAlias = defineProblem(
  'KR_TF_S3_ACCESS_POINT',
  'An existing bucket is given by the alias of an access point.',
  (value: string) =>
    `bucketName is ${quote(value)}: this is the alias of an access point, and policies on it would name no bucket. Give the name of the bucket itself.`,
);

export const numberRange = defineProblem(
  'KR_TF_S3_RANGE',
  'A number of days or versions is outside of what S3 allows.',
  (prop: string, value: number, minimum: number, maximum: number) =>
    `${prop} is ${value}: it must be a whole number from ${minimum} to ${maximum}.`,
);

export const noVersion = defineProblem(
  'KR_TF_S3_NO_VERSION',
  'No gateway version is known, so that there are no rules by version.',
  () =>
    'no gateway version is known, and S3 has no wildcards in lifecycle rules: what Enterprise leaves under election/ would never expire. Give gatewayVersions, or an exporter node this store.',
);

export const replicationWithoutVersion = defineProblem(
  'KR_TF_S3_REPLICATION_VERSION',
  'A replicated store knows no gateway version, so that there is nothing to replicate.',
  () =>
    'replication is set, and no gateway version is known: configurations alone are replicated, by their key, and the version is in it. Give gatewayVersions, or an exporter node this store.',
);

export const replicaRegion = defineProblem(
  'KR_TF_S3_REPLICA_REGION',
  'A store would be replicated within its own region.',
  (region: string) =>
    `region and the region of the replica are both ${quote(region)}: the replica is for the day when a region fails. Name another one.`,
);

export const replicaKey = defineProblem(
  'KR_TF_S3_REPLICA_KEY',
  'A replica is given a key, and what it is a replica of has none.',
  () =>
    'the replica has kmsKeyArn, and the store is encrypted with keys of S3: S3 replicates under a key of KMS only what is under one. Set encryption of the store to S3Encryption.ownKey() or existingKey(arn), or leave kmsKeyArn out.',
);

export const keyArn = defineProblem(
  'KR_TF_S3_KEY_ARN',
  'An existing key is not given by the ARN of a key.',
  (prop: string, value: string) =>
    `${prop} is ${quote(value)}: it must be the ARN of a key, arn:<partition>:kms:<region>:<account>:key/<id>. Policies do not know keys by an alias, and aws/s3 cannot be granted.`,
);

const existingKey = defineProblem(
  'KR_TF_S3_EXISTING_KEY',
  'An existing key is used, whose policy cannot be seen, leaves nothing to IAM policies, or has to let in another account.',
  (text: string) => text,
);

export const keyPolicyUnchecked = (): Problem =>
  existingKey(
    'whether the policy of the existing key lets IAM policies of this account decide (the default) cannot be seen: it must, or hold the statements in keyPolicyStatements.',
  );

export const keyPolicyForeign = (principals: readonly string[]): Problem =>
  existingKey(
    `${principals.map(quote).join(', ')} of another account is granted the store, and nothing reads keyPolicyStatements: the policy of the existing key must hold them, since IAM policies decide for its own account alone. Merge them there, after the last grant: Statement: [...yours, ...store.keyPolicyStatements].`,
  );

export const bucketUnchecked = defineProblem(
  'KR_TF_S3_EXISTING_BUCKET',
  'An existing bucket is used that the stack does not declare, so that its settings cannot be seen.',
  (bucket: string, keyGiven: boolean) =>
    `the settings of ${bucket} cannot be seen, and the objects hold private keys. Check that it is encrypted${keyGiven ? '' : ' (where by a key of KMS, pass kmsKeyArn)'} and versioned, that public access is blocked, and that no lifecycle rule or retention lock of its own reaches a config.json or kong-resilience.json; merge bucketPolicyStatements and lifecycleRules into its own.`,
);

export const notMerged = defineProblem(
  'KR_TF_S3_NOT_MERGED',
  'The stack declares an existing bucket, and what the store has for its policy or lifecycle is not read.',
  (bucket: string, unread: string) =>
    `${bucket} is declared in this stack, and nothing merges ${unread}. Add them there.`,
);

export const readTooEarly = defineProblem(
  'KR_TF_S3_READ_EARLY',
  'Statements or rules of an existing bucket or key were read before they were complete.',
  (what: string) =>
    `${what} was read before this: what was read lacks it. Read ${what} after the last grant and the last node.`,
);

export const notAwsPrincipal = defineProblem(
  'KR_TF_AWS_PRINCIPAL',
  'A principal of another cloud is to be granted a store on S3.',
  (principal: string) =>
    `"${principal}" is no principal of AWS. Give an EcsTaskRole, Ec2InstanceRole, LambdaRole, IrsaRole, PodIdentityRole, CrossAccountRole, IamUser, or an existing role or user.`,
);

export const otherAccount = defineProblem(
  'KR_TF_AWS_OTHER_ACCOUNT',
  "A principal is given as one of the store's account, and its ARN is of another.",
  (arn: string, account: string, ofStore: readonly string[]) =>
    `${quote(arn)} is of account ${account}, and the store of ${ofStore.join(' or ')}: the policies of the bucket and its key must let it in there. Where this stack declares their policies, give a CrossAccountRole in its place; else grant one in the stack that does.`,
);

export const nameAndPrefix = defineProblem(
  'KR_TF_AWS_NAMES',
  'A role is given both a name and a prefix for one.',
  (name: string, prefix: string) =>
    `name is ${quote(name)} and namePrefix is ${quote(prefix)}: give one of them, or neither.`,
);

export const iamName = defineProblem(
  'KR_TF_AWS_NAME',
  'A name is one that IAM does not allow.',
  (prop: string, value: string, longest: number) =>
    `${prop} is ${quote(value)}: it must be 1 to ${longest} letters, digits and characters of "+=,.@_-".${prop === 'roleName' && /^arn:/.test(value) ? ' For an ARN, use ExistingRole.fromRoleArn.' : ''}`,
);

export const iamPath = defineProblem(
  'KR_TF_AWS_PATH',
  'A path is one that IAM does not allow.',
  (value: string) => `path is ${quote(value)}: it must start and end with a slash, such as /kong/.`,
);

export const boundaryArn = defineProblem(
  'KR_TF_AWS_BOUNDARY',
  'A permissions boundary is not given by the ARN of a policy.',
  (value: string) =>
    `permissionsBoundary is ${quote(value)}: it must be the ARN of a managed policy, arn:<partition>:iam::<account>:policy/<name>.`,
);

export const roleArn = defineProblem(
  'KR_TF_AWS_ROLE_ARN',
  'A role is not given by the ARN of a role.',
  (prop: string, value: string) =>
    `${prop} is ${quote(value)}: it must be the ARN of a role, arn:<partition>:iam::<account>:role/<name>. A role of the own account is also given by its name: ExistingRole.fromRoleName.`,
);

export const oidcProviderArn = defineProblem(
  'KR_TF_AWS_OIDC_ARN',
  'An OIDC provider is not given by its ARN.',
  (value: string) =>
    `the ARN of the OIDC provider is ${quote(value)}: it must be arn:<partition>:iam::<account>:oidc-provider/<issuer without https://>.`,
);

export const issuerUrl = defineProblem(
  'KR_TF_AWS_ISSUER',
  "A cluster's OIDC issuer is not given by its URL.",
  (value: string) =>
    `the issuer is ${quote(value)}: it must be a URL such as https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE, as the cluster shows it.`,
);

export const kubernetesName = defineProblem(
  'KR_TF_AWS_KUBERNETES_NAME',
  'A namespace or service account is one that Kubernetes does not allow.',
  (prop: string, value: string) =>
    `${prop} is ${quote(value)}: it must be lower-case letters, digits, hyphens and, in a service account, dots, with a letter or digit at each end. A wildcard would let every pod in.`,
);
