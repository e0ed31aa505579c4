/** All that is used of the AWS SDK for secrets. One module, so that the bundle can hold it apart. */
export {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
