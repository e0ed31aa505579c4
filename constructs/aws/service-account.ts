import { isKnown, type Problem } from '../problems';
import { kubernetesName } from './problems';

/** A service account of Kubernetes: what pods run as. */
export interface ServiceAccountProps {
  /** Namespace of the pods. */
  readonly namespace: string;
  /** Service account that the pods run as. */
  readonly serviceAccount: string;
}

/** Names that Kubernetes allows; above all, no wildcard. */
export function checkServiceAccount({ namespace, serviceAccount }: ServiceAccountProps): Problem[] {
  const problems: Problem[] = [];
  if (isKnown(namespace) && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) {
    problems.push(kubernetesName('namespace', namespace));
  }
  if (isKnown(serviceAccount) && !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(serviceAccount)) {
    problems.push(kubernetesName('serviceAccount', serviceAccount));
  }
  return problems;
}
