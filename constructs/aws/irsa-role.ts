import type { Construct } from 'constructs';
import { oidcSourceOf, type OidcProvider } from './oidc-provider';
import type { PodAccount } from '../topology';
import { AwsRole, type AwsRoleProps } from './aws-role';
import { checkServiceAccount, type ServiceAccountProps } from './service-account';

export interface IrsaRoleProps extends AwsRoleProps, ServiceAccountProps {
  /** The provider of IAM that trusts the cluster: by its ARN or by the cluster's issuer. */
  readonly oidcProvider: OidcProvider;
}

/**
 * The role of a service account on EKS (IRSA). Pods of exactly this service account may take it on, with a token that was
 * made for AWS. The service account needs `serviceAccountAnnotations`.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class IrsaRole extends AwsRole {
  /** What the service account has to be annotated with. */
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
  /** The service account that may take it on. */
  readonly podAccount: PodAccount;

  constructor(scope: Construct, id: string, props: IrsaRoleProps) {
    const source = oidcSourceOf(props.oidcProvider);
    super(scope, id, props, [...source.problems, ...checkServiceAccount(props)], (self) => {
      const { arn, issuer } = source.resolve(self, props.provider);
      return {
        Effect: 'Allow',
        Principal: { Federated: arn },
        Action: ['sts:AssumeRoleWithWebIdentity'],
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: ['sts.amazonaws.com'],
            [`${issuer}:sub`]: [`system:serviceaccount:${props.namespace}:${props.serviceAccount}`],
          },
        },
      };
    });
    this.serviceAccountAnnotations = { 'eks.amazonaws.com/role-arn': this.arn };
    const { namespace, serviceAccount: name } = props;
    this.podAccount = { namespace, name, annotations: this.serviceAccountAnnotations };
  }
}
