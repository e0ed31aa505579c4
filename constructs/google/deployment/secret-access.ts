import { createHash } from 'node:crypto';
import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member';
import { TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { CloudRunVariable } from '../../environment';
import { expressionOf } from '../../problems';
import type { IGooglePrincipal } from '../principal';

/**
 * Lets a principal read the secrets that its containers name, each by itself and nothing else: Cloud Run reads them with
 * the identity of the instance. Two deployments of one principal that name one secret share the grant, or the end of the
 * one would take it from the other.
 *
 * @param project where secrets are that are named by their id alone. Default: the provider's
 * @returns what a resource that needs them must wait for
 */
export function grantSecrets(
  deployment: Construct,
  principal: IGooglePrincipal,
  variables: readonly CloudRunVariable[],
  project?: string,
): SecretManagerSecretIamMember[] {
  const secrets = variables.flatMap(({ valueSource }) =>
    valueSource === undefined ? [] : [valueSource.secretKeyRef.secret],
  );
  const together = TerraformStack.of(principal) === TerraformStack.of(deployment);
  const scope: Construct = together ? principal : deployment;
  return [...new Set(secrets)].map((secretId) => {
    const id = `Secret-${hashOf(expressionOf(scope, secretId))}`;
    const made = scope.node.tryFindChild(id) as SecretManagerSecretIamMember | undefined;
    return (
      made ??
      new SecretManagerSecretIamMember(scope, id, {
        secretId,
        project,
        role: 'roles/secretmanager.secretAccessor',
        member: principal.member,
      })
    );
  });
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
