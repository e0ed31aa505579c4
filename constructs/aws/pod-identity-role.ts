import { EksPodIdentityAssociation } from '@cdktf/provider-aws/lib/eks-pod-identity-association';
import type { Construct } from 'constructs';
import type { PodAccount } from '../topology';
import { AwsRole, type AwsRoleProps } from './aws-role';
import { checkServiceAccount, type ServiceAccountProps } from './service-account';

export interface PodIdentityRoleProps extends AwsRoleProps, ServiceAccountProps {
  /** Name of the EKS cluster, which has the add-on `eks-pod-identity-agent`. */
  readonly clusterName: string;
  /**
   * Region of the cluster.
   *
   * @default the provider's
   */
  readonly region?: string;
}

/**
 * The role of a service account by EKS Pod Identity, with its association. The service account needs no annotation; an
 * association takes effect after some seconds, for pods that start then. Neither Fargate nor Windows.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class PodIdentityRole extends AwsRole {
  /** The service account that gets it. */
  readonly podAccount: PodAccount;

  constructor(scope: Construct, id: string, props: PodIdentityRoleProps) {
    super(scope, id, props, checkServiceAccount(props), () => ({
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    }));
    this.podAccount = { namespace: props.namespace, name: props.serviceAccount };
    new EksPodIdentityAssociation(this, 'Association', {
      provider: props.provider,
      region: props.region,
      clusterName: props.clusterName,
      namespace: props.namespace,
      serviceAccount: props.serviceAccount,
      roleArn: this.arn,
      tags: props.tags,
    });
  }
}
