import type { VariableValues } from './environment-variables';
import type { VaultSettings } from './node-environment';
import type { ProblemList } from './problems';

/** How the secrets are read that unresolved references name; reports what the gateway does for its own and is not done here. */
export function vaultSettings(values: VariableValues, problems: ProblemList): VaultSettings {
  const {
    KONG_VAULT_ENV_PREFIX: prefix,
    KONG_VAULT_AWS_ENDPOINT_URL: awsEndpoint,
    KONG_VAULT_AWS_ASSUME_ROLE_ARN: role,
    KONG_VAULT_GCP_PROJECT_ID: projectId,
    KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT: googleEndpoint,
    GCP_SERVICE_ACCOUNT: serviceAccount,
  } = values;
  const region = values.KONG_VAULT_AWS_REGION ?? values.AWS_REGION ?? values.AWS_DEFAULT_REGION;
  const project = projectId ?? serviceAccount?.reveal().project_id;
  const first = problems.unresolved.find(({ reference }) => reference.vault === 'aws');
  if (role !== undefined && first !== undefined) {
    problems.add(
      'KR_ENV_VAULT_UNSUPPORTED',
      'KONG_VAULT_AWS_ASSUME_ROLE_ARN',
      `KONG_VAULT_AWS_ASSUME_ROLE_ARN is set, and ${first.variable} is a reference to AWS: no other role is assumed here to read it. Let this node's own identity read the secret, and unset the variable; or name the role in a profile (AWS_PROFILE).`,
    );
  }
  return {
    env: prefix === undefined ? {} : { prefix },
    aws: {
      ...(region === undefined ? {} : { region }),
      ...(awsEndpoint === undefined ? {} : { endpoint: awsEndpoint }),
    },
    gcp: {
      ...(project === undefined ? {} : { project }),
      ...(googleEndpoint === undefined ? {} : { endpoint: googleEndpoint }),
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
    },
  };
}
