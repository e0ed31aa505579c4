import { TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { KubernetesCheck, type IPrincipal } from '../../../constructs';
import { IrsaRole, OidcProvider, PodIdentityRole } from '../../../constructs/aws';
import { GkeImpersonation, GkeWorkloadIdentity, GooglePrincipal } from '../../../constructs/google';
import { anExporter, anImporter, aStack, refusalOf } from './harness';

/** A principal of each kind that trusts one service account. */
const kinds: Readonly<Record<string, (scope: Construct, namespace: string, name: string) => IPrincipal>> = {
  GkeWorkloadIdentity: (scope, namespace, serviceAccountName) =>
    new GkeWorkloadIdentity(scope, 'Pods', { namespace, serviceAccountName }),
  GkeImpersonation: (scope, namespace, serviceAccountName) =>
    new GkeImpersonation(scope, 'Pods', { namespace, serviceAccountName }),
  IrsaRole: (scope, namespace, serviceAccount) => {
    const oidcProvider = OidcProvider.fromIssuerUrl('https://oidc.eks.eu-west-1.amazonaws.com/id/A');
    return new IrsaRole(scope, 'Pods', { oidcProvider, namespace, serviceAccount });
  },
  PodIdentityRole: (scope, namespace, serviceAccount) =>
    new PodIdentityRole(scope, 'Pods', { clusterName: 'edge', namespace, serviceAccount }),
};

type Annotations = Readonly<Record<string, string>> | undefined;

describe.each(Object.entries(kinds))('pods whose principal is a %s', (_kind, principalOf) => {
  it('are refused in another namespace, or as another service account', () => {
    const stack = aStack();
    const principal = principalOf(stack, 'kong', 'kong-dp');
    const problem = (prop: string, value: string, trusted: string): string =>
      `  KR_TF_POD_ACCOUNT ${prop} is "${value}", and the principal "stack/Pods" trusts pods with "${trusted}" alone: the cloud would refuse these. Make the two one.`;
    const both = [problem('namespace', 'other', 'kong'), problem('serviceAccountName', 'kong-gateway', 'kong-dp')];
    const props = { namespace: 'other', serviceAccountName: 'kong-gateway' };
    expect(refusalOf(() => anImporter({ importerNode: { principal }, importer: props }, stack))).toBe(
      ['stack/GatewayPods: 2 problems', ...both].join('\n'),
    );
    expect(refusalOf(() => anExporter({ exporterNode: { principal }, exporter: props }, stack))).toBe(
      ['stack/ExporterPods: 2 problems', ...both].join('\n'),
    );
  });

  it('are taken as its own, and where Terraform alone knows which they are', () => {
    const stack = aStack();
    const own = { namespace: 'kong', serviceAccountName: 'kong-dp' };
    const principal = principalOf(stack, 'kong', 'kong-dp');
    expect(() => anImporter({ importerNode: { principal }, importer: own }, stack)).not.toThrow();
    expect(() => anExporter({ exporterNode: { principal }, exporter: own }, stack)).not.toThrow();
    const unknown = aStack();
    const name = new TerraformVariable(unknown, 'name', { type: 'string' }).stringValue;
    const trusting = principalOf(unknown, name, name);
    expect(() => anImporter({ importerNode: { principal: trusting } }, unknown)).not.toThrow();
    const other = aStack();
    const declared = new TerraformVariable(other, 'name', { type: 'string' }).stringValue;
    const pods = { namespace: declared, serviceAccountName: declared };
    expect(() =>
      anExporter({ exporterNode: { principal: principalOf(other, 'kong', 'kong-dp') }, exporter: pods }, other),
    ).not.toThrow();
  });
});

describe('the service account of the pods', () => {
  const annotationsOf = (
    kind: string,
    given?: Annotations,
  ): { needed: Annotations; of: Record<string, Annotations> } => {
    const stack = aStack();
    const own = {
      namespace: 'kong',
      serviceAccountName: 'kong-dp',
      ...(given === undefined ? {} : { serviceAccountAnnotations: given }),
    };
    const principal = kinds[kind]?.(stack, 'kong', 'kong-dp') as IPrincipal;
    const exporter = anExporter({ exporterNode: { principal }, exporter: own }, stack);
    const importer = anImporter({ importerNode: { principal }, importer: own }, stack);
    const chart = importer.helmValues.deployment.serviceAccount as { annotations?: Annotations };
    return {
      needed: (principal as Partial<IrsaRole>).serviceAccountAnnotations,
      of: {
        exporter: exporter.serviceAccount.metadata.annotations,
        importer: importer.serviceAccountAnnotations,
        chart: chart.annotations,
      },
    };
  };
  const all = (annotations: Annotations): object => ({
    exporter: annotations,
    importer: annotations,
    chart: annotations,
  });

  it.each([
    ['IrsaRole', 'eks.amazonaws.com/role-arn'],
    ['GkeImpersonation', 'iam.gke.io/gcp-service-account'],
  ])('has the annotation that its principal needs: %s', (kind, annotation) => {
    const { needed, of } = annotationsOf(kind);
    expect(Object.keys(needed ?? {})).toEqual([annotation]);
    expect(of).toEqual(all(needed));
    const more = annotationsOf(kind, { team: 'edge' });
    expect(more.of).toEqual(all({ ...more.needed, team: 'edge' }));
  });

  it.each(['GkeWorkloadIdentity', 'PodIdentityRole'])('has none that its principal does not need: %s', (kind) => {
    expect(annotationsOf(kind).of).toEqual(all(undefined));
    expect(annotationsOf(kind, { team: 'edge' }).of).toEqual(all({ team: 'edge' }));
  });

  it('opens no way to the credentials of a node, where it has a role by IRSA', () => {
    const stack = aStack();
    const principal = kinds['IrsaRole']?.(stack, 'kong', 'kong-gateway') as IPrincipal;
    const importer = anImporter({ importerNode: { principal } }, stack);
    const { networkPolicy } = new KubernetesCheck(stack, 'Check', { importer });
    expect(JSON.stringify(networkPolicy)).not.toContain('169.254.');
  });

  it('may be any, where the principal does not say', () => {
    const stack = aStack();
    const member = 'serviceAccount:kong-dp@acme.iam.gserviceaccount.com';
    const principal = GooglePrincipal.fromMember(stack, 'Pods', member);
    expect(() => anImporter({ importerNode: { principal } }, stack)).not.toThrow();
  });
});
