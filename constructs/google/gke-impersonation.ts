import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { throwProblems } from '../problems';
import {
  kubernetesProblems,
  lookUpProject,
  projectIdProblems,
  type KubernetesServiceAccountProps,
} from './kubernetes-identity';
import type { PodAccount } from '../topology';
import type { IGoogleServiceAccount } from './principal';
import { declareServiceAccount, serviceAccountProblems, type ServiceAccountProps } from './service-account';

/** Pods that impersonate a new service account of Google Cloud. */
export interface GkeImpersonationProps extends ServiceAccountProps, KubernetesServiceAccountProps {
  /** Id of the cluster's project, which owns the workload identity pool. @default the project of the provider, looked up */
  readonly clusterProjectId?: string;
}

/**
 * Pods of Google Kubernetes Engine that impersonate a service account of Google Cloud: for clusters, or policies of an
 * organisation, that do not let pods in directly as {@link GkeWorkloadIdentity} does. The Kubernetes service account must
 * carry {@link GkeImpersonation.serviceAccountAnnotations}.
 */
export class GkeImpersonation extends Construct implements IGoogleServiceAccount {
  readonly email: string;
  readonly member: string;
  /** Empty: the metadata server of the cluster gives them. */
  readonly credentials: EnvValues = {};
  /** The service account that may impersonate it. */
  readonly podAccount: PodAccount;
  /** Annotations that the Kubernetes service account needs: `iam.gke.io/gcp-service-account`. */
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;

  /** @throws DeclarationError when accountId, a name or the project's id is not legal */
  constructor(scope: Construct, id: string, props: GkeImpersonationProps) {
    super(scope, id);
    throwProblems(this, [
      ...serviceAccountProblems(props),
      ...kubernetesProblems(props),
      ...projectIdProblems('clusterProjectId', props.clusterProjectId),
    ]);
    const account = declareServiceAccount(this, props);
    const project = props.clusterProjectId ?? lookUpProject(this).projectId;
    new ServiceAccountIamMember(this, 'Impersonation', {
      serviceAccountId: account.name,
      role: 'roles/iam.workloadIdentityUser',
      member: `serviceAccount:${project}.svc.id.goog[${props.namespace}/${props.serviceAccountName}]`,
    });
    this.email = account.email;
    this.member = account.member;
    this.serviceAccountAnnotations = { 'iam.gke.io/gcp-service-account': account.email };
    const { namespace, serviceAccountName: name } = props;
    this.podAccount = { namespace, name, annotations: this.serviceAccountAnnotations };
  }
}
