import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type AppliedState, valuesOf } from '../support/terraform';
import { accessOf, exports, imports } from './aws-access';
import { describeExample } from './example';

const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf';

const variablesOf = (state: AppliedState, name: string): unknown => {
  const [environment] = valuesOf(state, 'aws_lambda_function', name)['environment'] as { variables: unknown }[];
  return environment?.variables;
};

describeExample(
  {
    example: {
      folder: 'aws-lambda',
      stack: 'kong-aws-lambda',
      variables: {
        control_plane: 'cp.example.com:8005',
        gateway_role_arn: 'arn:aws:iam::123456789012:role/gateways',
        alarm_topic_arn: 'arn:aws:sns:eu-central-1:123456789012:alarms',
        cluster_certificate_secret_arn: secret,
      },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [],
    guarded: ['aws_kms_key.Store_Key_81AFBC5C', 'aws_s3_bucket.Store_1D2A845B'],
    told: [],
    misspelling: ['handler', 'handlr', ''],
  },
  (life) => {
    it('lets the exporter write and the check read, as functions of their own roles', async () => {
      const { state } = life();
      const bucket = String(valuesOf(state, 'aws_s3_bucket')['bucket']);
      expect(await accessOf(state, 'ExporterRole', bucket)).toEqual(exports);
      expect(await accessOf(state, 'Check_Role', bucket)).toEqual(imports);
      const roleOf = (name: string) => valuesOf(state, 'aws_lambda_function', name)['role'];
      expect(roleOf('Export')).toBe(valuesOf(state, 'aws_iam_role', 'ExporterRole')['arn']);
      expect(roleOf('Check')).toBe(valuesOf(state, 'aws_iam_role', 'Check_Role')['arn']);
      expect(existsSync('x')).toBe(false);
    });

    it('x', () => {
      console.log(JSON.stringify(variablesOf(life().state, 'Export'), null, 2));
    });
  },
);
