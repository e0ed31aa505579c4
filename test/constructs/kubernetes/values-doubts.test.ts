import { GkeImpersonation, GkeWorkloadIdentity } from '../../../constructs/google';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { describe, expect, it } from 'vitest';
import { EnvValue, type IPrincipal } from '../../../constructs';
import type { TerraformStack } from 'cdktf';
import { aStack, anImporter, type Wanted } from './harness';

/** What is told of values that are merged. */
function doubts(
  values: Readonly<Record<string, unknown>>,
  wanted: Wanted = {},
  principal?: (stack: TerraformStack) => IPrincipal,
): readonly string[] {
  const stack = aStack();
  new GoogleProvider(stack, 'google', { project: 'acme' });
  const own = principal === undefined ? {} : { principal: principal(stack) };
  const gateways = anImporter({ ...wanted, importerNode: { ...wanted.importerNode, ...own } }, stack);
  gateways.helmValuesToYaml(values);
  return gateways.node.metadata.map(({ data }) => String(data));
}

describe('values of the chart that are merged are told', () => {
  it('when they alone say how the control plane is reached', () => {
    const env = { cluster_mtls: 'pki', cluster_server_name: 'kong-cp.acme.internal', proxy_access_log: 'off' };
    expect(doubts({ env })).toEqual([
      'KR_TF_CLUSTER_ONE_SIDED the container "proxy" has KONG_CLUSTER_MTLS, KONG_CLUSTER_SERVER_NAME, which the agent reads and is not told here: it would reach the control plane in another way, or not at all. Give clusterMtls to KongResilience, clusterServerName to KongResilience.',
    ]);
    const cluster_ca_cert = { valueFrom: { secretKeyRef: { name: 'ca', key: 'ca.crt' } } };
    expect(doubts({ env: { cluster_ca_cert } })).toEqual([
      expect.stringContaining('Give clusterCaCert to KongResilience.'),
    ]);
  });

  it('not when both say it, or it is the default', () => {
    expect(doubts({ env: { cluster_mtls: 'shared', cluster_max_payload: 16777216 } })).toEqual([]);
    const importerNode = {
      clusterMtls: 'pki',
      clusterServerName: 'kong-cp.acme.internal',
      clusterCaCert: EnvValue.fromKubernetesSecret('ca', 'ca.crt'),
    } as const;
    const env = { cluster_mtls: 'pki', cluster_server_name: 'kong-cp.acme.internal' };
    expect(doubts({ env }, { importerNode })).toEqual([]);
  });

  it('when their image is of another version than the importer', () => {
    expect(doubts({ image: { unifiedRepoTag: 'kong:3.8.0' } })).toEqual([
      expect.stringMatching(/^KR_TF_GATEWAY_IMAGE .*kong:3\.8\.0.*3\.9\.1/),
    ]);
    expect(doubts({ image: { unifiedRepoTag: 'kong:3.9.1' } })).toEqual([]);
  });

  it('when the gateway has another user than the import', () => {
    expect(doubts({ containerSecurityContext: { runAsUser: 2000 } })).toEqual([
      'KR_TF_HELM_USER containerSecurityContext.runAsUser is 2000 in your values, and the init container of the import runs as 1000, so that what it stages cannot be read. Leave runAsUser out, or set it to 1000.',
    ]);
    expect(doubts({ containerSecurityContext: { runAsUser: 1000 } })).toEqual([]);
    const userEnvironment = { KONG_RESILIENCE_HANDOVER_GROUP: EnvValue.fromText('2000') };
    expect(
      doubts({ containerSecurityContext: { runAsUser: 2000 } }, { importerNode: { environment: userEnvironment } }),
    ).toEqual([]);
  });

  it('when the pods act as an account of Google, and the rights are those of the pods', () => {
    const annotations = { 'iam.gke.io/gcp-service-account': 'kong-dp@acme.iam.gserviceaccount.com' };
    const values = { deployment: { serviceAccount: { annotations } } };
    const pods = { namespace: 'kong', serviceAccountName: 'kong-gateway' };
    expect(doubts(values, {}, (stack) => new GkeWorkloadIdentity(stack, 'Pods', pods))).toEqual([
      'KR_TF_HELM_ACCOUNT deployment.serviceAccount.annotations has iam.gke.io/gcp-service-account in your values, so that the pods act as that account, and the rights are those of the pods. Give the importer principal: AttachedServiceAccount.fromEmail(…) with that account, or leave the annotation out.',
    ]);
    expect(doubts({}, {}, (stack) => new GkeImpersonation(stack, 'Account', pods))).toEqual([]);
    expect(doubts(values)).toEqual([]);
  });
});
