import { expect, it } from 'vitest';
import { type AppliedState, valuesOf } from '../support/terraform';
import { accessOf, exports, imports, readsSecret } from './aws-access';
import { describeExample } from './example';

const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf';
const topic = 'arn:aws:sns:eu-central-1:123456789012:alarms';

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
        alarm_topic_arn: topic,
        cluster_certificate_secret_arn: secret,
      },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [
      'kong-aws-lambda/Check/InvokeConfig',
      'kong-aws-lambda/Check/Log',
      'kong-aws-lambda/Check/NotRunning',
      'kong-aws-lambda/Check/Resource',
      'kong-aws-lambda/Check/Role/Import-Store',
      'kong-aws-lambda/Check/Role/Resource',
      'kong-aws-lambda/Check/Role/Run-Check',
      'kong-aws-lambda/Check/RunFailed',
      'kong-aws-lambda/Check/Schedule',
      'kong-aws-lambda/Check/SchedulePermission',
      'kong-aws-lambda/Check/ScheduleTarget',
      'kong-aws-lambda/Export/Confirmed3.9.1',
      'kong-aws-lambda/Export/InvokeConfig',
      'kong-aws-lambda/Export/Log',
      'kong-aws-lambda/Export/NotConfirmed3.9.1',
      'kong-aws-lambda/Export/NotRunning',
      'kong-aws-lambda/Export/Resource',
      'kong-aws-lambda/Export/RunFailed',
      'kong-aws-lambda/Export/Schedule',
      'kong-aws-lambda/Export/SchedulePermission',
      'kong-aws-lambda/Export/ScheduleTarget',
      'kong-aws-lambda/ExporterRole/Export-Store',
      'kong-aws-lambda/ExporterRole/Resource',
      'kong-aws-lambda/ExporterRole/Run-Export',
      'kong-aws-lambda/GatewayRole/Import-Store',
      'kong-aws-lambda/Store/Account',
      'kong-aws-lambda/Store/Encryption',
      'kong-aws-lambda/Store/Key',
      'kong-aws-lambda/Store/Lifecycle',
      'kong-aws-lambda/Store/OwnershipControls',
      'kong-aws-lambda/Store/Partition',
      'kong-aws-lambda/Store/Policy',
      'kong-aws-lambda/Store/PublicAccessBlock',
      'kong-aws-lambda/Store/Resource',
      'kong-aws-lambda/Store/Versioning',
    ],
    guarded: ['aws_kms_key.Store_Key_81AFBC5C', 'aws_s3_bucket.Store_1D2A845B'],
    // Terraform alone knows whether the gateways' role is the exporter's.
    told: ['@cdktf/info kong-aws-lambda/ExporterRole/Export-Store KR_RULE_IMPORTER_WITH_WRITE'],
    misspelling: [
      'handler',
      'handlr',
      'terraform validate: resource.aws_lambda_function.Check_8FEA48D3: Extraneous JSON object property: ' +
        'No argument or block type is named "handlr". Did you mean "handler"?',
    ],
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
    });

    it('lets both read the cluster certificate and no other secret', async () => {
      const { state } = life();
      for (const role of ['ExporterRole', 'Check_Role']) {
        expect(await readsSecret(state, role, secret)).toBe(true);
        expect(await readsSecret(state, role, secret.replace('cluster', 'other'))).toBe(false);
      }
    });

    it('gives each function its environment, with the certificate by reference', () => {
      const { state } = life();
      const both = {
        KONG_CLUSTER_CERT: `{vault://aws/${secret}/cert}`,
        KONG_CLUSTER_CERT_KEY: `{vault://aws/${secret}/key}`,
        KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: state.outputs['storage_url'],
        KONG_DATABASE: 'off',
        KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
        KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
        KONG_ROLE: 'data_plane',
      };
      expect(variablesOf(state, 'Check')).toEqual({ ...both, KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' });
      expect(variablesOf(state, 'Export')).toEqual({
        ...both,
        KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
        KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: JSON.stringify({
          ServerSideEncryption: 'aws:kms',
          SSEKMSKeyId: valuesOf(state, 'aws_kms_key')['arn'],
        }),
        KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
      });
    });

    it('lets the schedules alone run them', () => {
      const { state } = life();
      for (const name of ['Export', 'Check']) {
        const rule = valuesOf(state, 'aws_cloudwatch_event_rule', name);
        expect(valuesOf(state, 'aws_lambda_permission', name)).toMatchObject({
          action: 'lambda:InvokeFunction',
          principal: 'events.amazonaws.com',
          source_arn: rule['arn'],
        });
        expect(valuesOf(state, 'aws_cloudwatch_event_target', name)['rule']).toBe(rule['name']);
      }
      const schedules = state.resources.map(({ values }) => values['schedule_expression']).filter(Boolean);
      expect(schedules).toEqual(['rate(15 minutes)', 'rate(5 minutes)']);
    });

    it('tells the topic of every alarm, and when it is over', () => {
      const alarms = life().state.resources.filter(({ type }) => type === 'aws_cloudwatch_metric_alarm');
      expect(alarms.map(({ values }) => values['alarm_name']).sort()).toEqual([
        'kong-aws-lambda-Check-25c7e630-failed',
        'kong-aws-lambda-Check-25c7e630-not-running',
        'kong-aws-lambda-Export-3e7427eb-failed',
        'kong-aws-lambda-Export-3e7427eb-not-confirmed-3.9.1',
        'kong-aws-lambda-Export-3e7427eb-not-running',
      ]);
      for (const { values } of alarms) {
        expect([values['alarm_actions'], values['ok_actions']]).toEqual([[topic], [topic]]);
      }
    });
  },
);
