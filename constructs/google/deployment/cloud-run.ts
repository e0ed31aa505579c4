/** What the resources of Cloud Run here have in common. */
import type { Construct } from 'constructs';
import { isKnown, throwProblems, type Problem } from '../../problems';
import type { IPrincipal } from '../../topology';
import { imageProblems } from '../../topology/image';
import { labelProblems } from '../names';
import { isGooglePrincipal, type IGoogleServiceAccount } from '../principal';
import { noServiceAccount, wrongInstanceCount, wrongRunName } from './problems';

/** What every deployment of the agent on Cloud Run takes. */
export interface CloudRunProps {
  /** Region: `europe-west1`. */
  readonly location: string;
  /** Image of the agent, by full tag or digest, in Artifact Registry: `europe-docker.pkg.dev/acme/kong/kong-resilience:0.1.0`. */
  readonly image: string;
  /**
   * Name of the resource: at most 49 lower-case letters, digits and hyphens.
   *
   * @default made of the construct's id and a hash of its path
   */
  readonly name?: string;
  /** Id of the project. @default the project of the provider */
  readonly project?: string;
  /** Labels of the resource. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Network through which the control plane is reached (Direct VPC egress). Without it only a control plane with a public
   * address is.
   *
   * @default none
   */
  readonly network?: string;
  /** Subnetwork of `network`. @default that of the same name in the region */
  readonly subnetwork?: string;
}

/** @throws DeclarationError with everything that is wrong in the common props */
export function checkRun(construct: Construct, props: CloudRunProps, more: readonly Problem[] = []): void {
  const { name } = props;
  const badName = isKnown(name) && !/^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/.test(name);
  throwProblems(construct, [
    ...(badName ? [wrongRunName(name)] : []),
    ...imageProblems('image', props.image),
    ...labelProblems(props.labels),
    ...more,
  ]);
}

/** The account that an instance runs as. @throws DeclarationError for a principal that is no service account */
export function serviceAccountOf(construct: Construct, principal: IPrincipal): IGoogleServiceAccount {
  const { email } = principal as Partial<IGoogleServiceAccount>;
  if (!isGooglePrincipal(principal) || typeof email !== 'string') {
    throwProblems(construct, [noServiceAccount(principal.node.path)]);
  }
  return principal as IGoogleServiceAccount;
}

export function instanceProblems(count: number): Problem[] {
  return !isKnown(count) || (Number.isInteger(count) && count >= 1 && count <= 10) ? [] : [wrongInstanceCount(count)];
}

/** Only what is private goes through the network; the store is reached without it. */
export function vpcAccess({ network, subnetwork }: CloudRunProps) {
  if (network === undefined && subnetwork === undefined) return {};
  return { vpcAccess: { egress: 'PRIVATE_RANGES_ONLY', networkInterfaces: [{ network, subnetwork }] } };
}
