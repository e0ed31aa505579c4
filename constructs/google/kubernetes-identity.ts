import { DataGoogleProject } from '@cdktf/provider-google/lib/data-google-project';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../problems';
import { wrongKubernetesName, wrongProjectId } from './problems';

/** A Kubernetes service account in a cluster of Google Kubernetes Engine with Workload Identity. */
export interface KubernetesServiceAccountProps {
  /** Namespace of the pods. */
  readonly namespace: string;
  /** Name of the Kubernetes service account that the pods run as. It is not made here. */
  readonly serviceAccountName: string;
}

/** Rules of Kubernetes for the two names. */
export function kubernetesProblems({ namespace, serviceAccountName }: KubernetesServiceAccountProps): Problem[] {
  return [
    ...nameProblems('namespace', namespace, 63, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
    ...nameProblems('serviceAccountName', serviceAccountName, 253, /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/),
  ];
}

function nameProblems(prop: string, value: string, longest: number, legal: RegExp): Problem[] {
  if (!isKnown(value) || (value.length <= longest && legal.test(value))) return [];
  return [wrongKubernetesName(prop, value, longest)];
}

/** Rules of Google for project ids; old ones begin with a domain and a colon. */
export function projectIdProblems(prop: string, value: string | undefined): Problem[] {
  if (!isKnown(value) || /^([a-z0-9.-]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$/.test(value)) return [];
  return [wrongProjectId(prop, value)];
}

/** Looks up a project of which a principal needs more than it was told: without an id, that of the provider. */
export function lookUpProject(principal: Construct, projectId?: string): { projectId: string; number: string } {
  const project = new DataGoogleProject(principal, 'Project', { projectId });
  // The schema promises only `id`, projects/<id>, where no project_id is given.
  return { projectId: projectId ?? Fn.trimprefix(project.id, 'projects/'), number: project.number };
}
