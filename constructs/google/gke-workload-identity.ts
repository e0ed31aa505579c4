import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { isKnown, throwProblems, type Problem } from '../problems';
import {
  kubernetesProblems,
  lookUpProject,
  projectIdProblems,
  type KubernetesServiceAccountProps,
} from './kubernetes-identity';
import type { PodAccount } from '../topology';
import type { IGooglePrincipal } from './principal';
import { numberWithoutId, wrongProjectNumber } from './problems';

/** Pods that are themselves a principal of Google Cloud. */
export interface GkeWorkloadIdentityProps extends KubernetesServiceAccountProps {
  /** Id of the cluster's project, which owns the workload identity pool. @default the project of the provider */
  readonly projectId?: string;
  /**
   * Number of the cluster's project.
   *
   * @default looked up, for which whoever runs Terraform needs `resourcemanager.projects.get` there
   */
  readonly projectNumber?: string;
}

/**
 * Pods of Google Kubernetes Engine, let in directly by their Kubernetes service account: no service account of Google
 * Cloud, no annotation, no key. The cluster needs Workload Identity Federation, and the bucket uniform access, which
 * Google wants for such principals.
 *
 * The same namespace and name in *any* cluster of that project is the same principal. In a pod's first seconds the
 * metadata server may not answer; the agent tries again until its deadline.
 */
export class GkeWorkloadIdentity extends Construct implements IGooglePrincipal {
  readonly member: string;
  /** Empty: the metadata server of the cluster gives them. */
  readonly credentials: EnvValues = {};
  /** The one service account that it is. */
  readonly podAccount: PodAccount;

  /** @throws DeclarationError when a name is not legal, or the number of the project stands alone */
  constructor(scope: Construct, id: string, props: GkeWorkloadIdentityProps) {
    super(scope, id);
    const { namespace, serviceAccountName, projectId, projectNumber } = props;
    throwProblems(this, [...kubernetesProblems(props), ...projectProblems(projectId, projectNumber)]);
    const project =
      projectId !== undefined && projectNumber !== undefined
        ? { projectId, number: projectNumber }
        : lookUpProject(this, projectId);
    this.podAccount = { namespace, name: serviceAccountName };
    this.member =
      `principal://iam.googleapis.com/projects/${project.number}/locations/global/workloadIdentityPools/` +
      `${project.projectId}.svc.id.goog/subject/ns/${namespace}/sa/${serviceAccountName}`;
  }
}

function projectProblems(projectId: string | undefined, projectNumber: string | undefined): Problem[] {
  return [
    ...projectIdProblems('projectId', projectId),
    ...(isKnown(projectNumber) && !/^[1-9]\d*$/.test(projectNumber) ? [wrongProjectNumber(projectNumber)] : []),
    ...(projectNumber !== undefined && projectId === undefined ? [numberWithoutId()] : []),
  ];
}
