import { expect, it } from 'vitest';
import { type AppliedState, valuesOf } from '../support/terraform';
import { accessOf, exports, imports } from './aws-access';
import { describeExample } from './example';
import { checkOf, documentsOf, itDeploysOnKubernetes } from './kubernetes';

/** What a token must say to take a role on. */
function conditionsOf(state: AppliedState, role: string): unknown[] {
  const { assume_role_policy: trust } = valuesOf(state, 'aws_iam_role', role);
  const { Statement: statements } = JSON.parse(String(trust)) as { Statement: { Condition: unknown }[] };
  return statements.map(({ Condition: condition }) => condition);
}

describeExample(
  {
    example: {
      folder: 'aws-eks',
      stack: 'kong-aws-eks',
      variables: { control_plane: 'cp.example.com:8005', cluster_name: 'edge' },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [
      'kong-aws-eks/Cluster',
      'kong-aws-eks/ExporterRole/Account',
      'kong-aws-eks/ExporterRole/Export-Store',
      'kong-aws-eks/ExporterRole/Partition',
      'kong-aws-eks/ExporterRole/Resource',
      'kong-aws-eks/GatewayRole/Account',
      'kong-aws-eks/GatewayRole/Import-Store',
      'kong-aws-eks/GatewayRole/Partition',
      'kong-aws-eks/GatewayRole/Resource',
      'kong-aws-eks/Store/Encryption',
      'kong-aws-eks/Store/Lifecycle',
      'kong-aws-eks/Store/OwnershipControls',
      'kong-aws-eks/Store/Policy',
      'kong-aws-eks/Store/PublicAccessBlock',
      'kong-aws-eks/Store/Resource',
      'kong-aws-eks/Store/Versioning',
    ],
    guarded: ['aws_s3_bucket.Store_1D2A845B'],
    told: [],
    misspelling: [
      'force_destroy',
      'force_destory',
      'terraform validate: resource.aws_s3_bucket.Store_1D2A845B: Extraneous JSON object property: ' +
        'No argument or block type is named "force_destory". Did you mean "force_destroy"?',
    ],
  },
  (life) => {
    it('lets the exporter write and the gateways read', async () => {
      const { state } = life();
      const bucket = String(valuesOf(state, 'aws_s3_bucket')['bucket']);
      expect(await accessOf(state, 'ExporterRole', bucket)).toEqual(exports);
      expect(await accessOf(state, 'GatewayRole', bucket)).toEqual(imports);
    });

    it('gives each service account its own role, which no other may take on', () => {
      const { state } = life();
      const annotations = (role: string) => ({
        'eks.amazonaws.com/role-arn': valuesOf(state, 'aws_iam_role', role)['arn'],
      });
      const [account, , deployment] = documentsOf(state, 'exporter_manifests');
      expect(account?.metadata).toMatchObject({
        name: 'kong-exporter',
        namespace: 'kong',
        annotations: annotations('ExporterRole'),
      });
      expect(deployment?.spec?.template.spec.serviceAccountName).toBe('kong-exporter');
      expect(checkOf(state)?.serviceAccountName).toBe('kong-gateway');
      const [values] = documentsOf(state, 'gateway_values');
      expect(values?.deployment?.serviceAccount).toEqual({
        create: true,
        name: 'kong-gateway',
        annotations: annotations('GatewayRole'),
      });
      const { identity } = valuesOf(state, 'aws_eks_cluster') as { identity: { oidc: { issuer: string }[] }[] };
      const issuer = String(identity[0]?.oidc[0]?.issuer).replace('https://', '');
      const token = (serviceAccount: string) => [
        {
          StringEquals: {
            [`${issuer}:aud`]: ['sts.amazonaws.com'],
            [`${issuer}:sub`]: [`system:serviceaccount:kong:${serviceAccount}`],
          },
        },
      ];
      expect(conditionsOf(state, 'ExporterRole')).toEqual(token('kong-exporter'));
      expect(conditionsOf(state, 'GatewayRole')).toEqual(token('kong-gateway'));
    });

    itDeploysOnKubernetes(life, { AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'eu-central-1' });
  },
);
