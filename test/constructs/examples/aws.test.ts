import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type AppliedState, valuesOf } from '../support/terraform';
import { accessOf, exports, imports, nothing, readsSecret } from './aws-access';
import { describeExample } from './example';

interface Container {
  readonly name: string;
  readonly user?: string;
  readonly essential: boolean;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly mountPoints?: readonly unknown[];
  readonly dependsOn?: readonly unknown[];
  readonly healthCheck?: { readonly command: readonly string[] };
}

const containersOf = (state: AppliedState, task: string): Container[] =>
  JSON.parse(String(valuesOf(state, 'aws_ecs_task_definition', task)['container_definitions'])) as Container[];

const environmentOf = (container: Container | undefined): Record<string, string> =>
  Object.fromEntries((container?.environment ?? []).map(({ name, value }) => [name, value]));

/** What a container's health check says of a gateway that answers with `status`. */
async function healthOf(container: Container | undefined, status: number): Promise<unknown> {
  const requests: string[] = [];
  const gateway = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(status).end('{}');
  });
  const folder = await mkdtemp(join(tmpdir(), 'health-'));
  try {
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = gateway.address() as { port: number };
    // The start script of the hand-over is for the gateway alone.
    await writeFile(join(folder, 'start.sh'), 'exit 9');
    const [, program = '', ...args] = container?.healthCheck?.command ?? [];
    const env = { ...process.env, BASH_ENV: join(folder, 'start.sh') };
    const check = spawn(program, [...args.slice(0, -1), String(args.at(-1)).replace('/8100 ', `/${port} `)], {
      env,
      stdio: 'ignore',
    });
    const exitCode = await new Promise((resolve) => check.once('close', resolve));
    return { requests, exitCode };
  } finally {
    gateway.close();
    await rm(folder, { recursive: true });
  }
}

const topic = 'arn:aws:sns:eu-central-1:123456789012:alarms';
const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf';

describeExample(
  {
    example: {
      folder: 'aws',
      stack: 'kong-aws',
      variables: {
        control_plane: 'cp.example.com:8005',
        agent_image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0',
        alarm_topic_arn: topic,
        cluster_arn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/main',
        subnet_ids: ['subnet-0a', 'subnet-0b'],
        vpc_id: 'vpc-0a1b2c3d',
        cluster_certificate_secret_arn: secret,
      },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [
      'kong-aws/Check/InvokeConfig',
      'kong-aws/Check/Log',
      'kong-aws/Check/NotRunning',
      'kong-aws/Check/Resource',
      'kong-aws/Check/Role/Import-Store',
      'kong-aws/Check/Role/Resource',
      'kong-aws/Check/Role/Run-Check',
      'kong-aws/Check/RunFailed',
      'kong-aws/Check/Schedule',
      'kong-aws/Check/SchedulePermission',
      'kong-aws/Check/ScheduleTarget',
      'kong-aws/ExporterRole/Account',
      'kong-aws/ExporterRole/Export-Store',
      'kong-aws/ExporterRole/Partition',
      'kong-aws/ExporterRole/Resource',
      'kong-aws/ExporterService/Confirmed3.9.1',
      'kong-aws/ExporterService/EgressDnsTcp',
      'kong-aws/ExporterService/EgressDnsUdp',
      'kong-aws/ExporterService/EgressFurther',
      'kong-aws/ExporterService/EgressHttps',
      'kong-aws/ExporterService/ExecutionRole/Resource',
      'kong-aws/ExporterService/ExecutionRole/Start-ExporterService',
      'kong-aws/ExporterService/ExportFailed',
      'kong-aws/ExporterService/Failed',
      'kong-aws/ExporterService/Log',
      'kong-aws/ExporterService/NotConfirmed3.9.1',
      'kong-aws/ExporterService/NotRunning',
      'kong-aws/ExporterService/Partition',
      'kong-aws/ExporterService/Region',
      'kong-aws/ExporterService/Resource',
      'kong-aws/ExporterService/SecurityGroup',
      'kong-aws/ExporterService/TaskDefinition',
      'kong-aws/GatewayRole/Account',
      'kong-aws/GatewayRole/Import-Store',
      'kong-aws/GatewayRole/Partition',
      'kong-aws/GatewayRole/Resource',
      'kong-aws/GatewayTargets',
      'kong-aws/GatewayTask',
      'kong-aws/Import/ExecutionRole/Resource',
      'kong-aws/Import/ExecutionRole/Start-Import',
      'kong-aws/Import/Log',
      'kong-aws/Import/Partition',
      'kong-aws/Import/Region',
      'kong-aws/Store/Account',
      'kong-aws/Store/Encryption',
      'kong-aws/Store/Key',
      'kong-aws/Store/Lifecycle',
      'kong-aws/Store/OwnershipControls',
      'kong-aws/Store/Partition',
      'kong-aws/Store/Policy',
      'kong-aws/Store/PublicAccessBlock',
      'kong-aws/Store/Resource',
      'kong-aws/Store/Versioning',
    ],
    guarded: ['aws_kms_key.Store_Key_81AFBC5C', 'aws_s3_bucket.Store_1D2A845B'],
    told: [],
    // What is in front of the gateway itself, which clients reach.
    exposed: ['aws_lb_target_group.GatewayTargets is a way in'],
    misspelling: [
      'network_mode',
      'netwrk_mode',
      'terraform validate: resource.aws_ecs_task_definition.ExporterService_TaskDefinition_195A05AC: Extraneous JSON object property: ' +
        'No argument or block type is named "netwrk_mode". Did you mean "network_mode"?',
    ],
  },
  (life) => {
    it('lets the exporter write and the gateways read, as tasks of their own roles', async () => {
      const { state } = life();
      const bucket = String(valuesOf(state, 'aws_s3_bucket')['bucket']);
      expect(await accessOf(state, 'ExporterRole', bucket)).toEqual(exports);
      expect(await accessOf(state, 'GatewayRole', bucket)).toEqual(imports);
      expect(await accessOf(state, 'Check_Role', bucket)).toEqual(imports);
      expect(await accessOf(state, 'ExporterService_ExecutionRole', bucket)).toEqual(nothing);
      expect(await accessOf(state, 'Import_ExecutionRole', bucket)).toEqual(nothing);
      const roleOf = (task: string) => valuesOf(state, 'aws_ecs_task_definition', task)['task_role_arn'];
      expect(roleOf('ExporterService')).toBe(valuesOf(state, 'aws_iam_role', 'ExporterRole')['arn']);
      expect(roleOf('GatewayTask')).toBe(valuesOf(state, 'aws_iam_role', 'GatewayRole')['arn']);
    });

    it('lets ECS and the check read the cluster certificate and no other secret', async () => {
      const { state } = life();
      for (const role of ['ExporterService_ExecutionRole', 'Import_ExecutionRole', 'Check_Role']) {
        expect(await readsSecret(state, role, secret)).toBe(true);
        expect(await readsSecret(state, role, secret.replace('cluster', 'other'))).toBe(false);
      }
      for (const role of ['ExporterRole', 'GatewayRole']) expect(await readsSecret(state, role, secret)).toBe(false);
    });

    it('tells the topic of every alarm, and when it is over', () => {
      const alarms = life().state.resources.filter(({ type }) => type === 'aws_cloudwatch_metric_alarm');
      expect(alarms.map(({ values }) => values['alarm_name']).sort()).toEqual([
        'kong-aws-Check-bdb2942f-failed',
        'kong-aws-Check-bdb2942f-not-running',
        'kong-aws-ExporterService-a2dff5ac-export-failed',
        'kong-aws-ExporterService-a2dff5ac-not-confirmed-3.9.1',
        'kong-aws-ExporterService-a2dff5ac-not-running',
      ]);
      for (const { values } of alarms) {
        expect([values['alarm_actions'], values['ok_actions']]).toEqual([[topic], [topic]]);
      }
    });

    it('gives every container its environment, with the certificate as secrets', () => {
      const certificate = [
        { name: 'KONG_CLUSTER_CERT', valueFrom: `${secret}:cert::` },
        { name: 'KONG_CLUSTER_CERT_KEY', valueFrom: `${secret}:key::` },
      ];
      const { state } = life();
      const [exporter] = containersOf(state, 'ExporterService');
      const [importer, kong] = containersOf(state, 'GatewayTask');
      for (const container of [exporter, importer, kong]) expect(container?.secrets).toEqual(certificate);
      const agent = {
        AWS_DEFAULT_REGION: 'eu-central-1',
        AWS_REGION: 'eu-central-1',
        KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: state.outputs['storage_url'],
        KONG_DATABASE: 'off',
        KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
        KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
        KONG_ROLE: 'data_plane',
      };
      expect(environmentOf(exporter)).toEqual({
        ...agent,
        KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
        KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: JSON.stringify({
          ServerSideEncryption: 'aws:kms',
          SSEKMSKeyId: valuesOf(state, 'aws_kms_key')['arn'],
        }),
        KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
      });
      expect(environmentOf(importer)).toEqual({
        ...agent,
        KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
        KONG_RESILIENCE_HANDOVER_GROUP: '10001',
      });
      expect(environmentOf(kong)).toEqual({
        BASH_ENV: '/var/lib/kong-resilience/handover/start.sh',
        KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
        KONG_DATABASE: 'off',
        KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
        KONG_ROLE: 'data_plane',
        KONG_STATUS_LISTEN: '0.0.0.0:8100',
      });
    });

    it('hands over in one folder, to the group of the gateway, which starts whatever became of the import', () => {
      const [importer, kong] = containersOf(life().state, 'GatewayTask');
      const mount = { sourceVolume: 'kong-resilience-handover', containerPath: '/var/lib/kong-resilience/handover' };
      expect([importer?.mountPoints, kong?.mountPoints]).toEqual([[mount], [{ ...mount, readOnly: true }]]);
      expect(importer?.user).toBe(`1000:${environmentOf(importer)['KONG_RESILIENCE_HANDOVER_GROUP']}`);
      expect(kong?.user).toBe(`kong:${environmentOf(importer)['KONG_RESILIENCE_HANDOVER_GROUP']}`);
      expect(kong?.dependsOn).toEqual([{ containerName: importer?.name, condition: 'COMPLETE' }]);
      expect([importer?.essential, kong?.essential]).toEqual([false, true]);
    });

    it('has a health check that fails while the gateway has no configuration', async () => {
      const [, kong] = containersOf(life().state, 'GatewayTask');
      expect(await healthOf(kong, 200)).toEqual({ requests: ['GET /status/ready'], exitCode: 0 });
      expect(await healthOf(kong, 503)).toEqual({ requests: ['GET /status/ready'], exitCode: 1 });
    });

    it('lets the load balancer ask whether a gateway has a configuration', () => {
      expect(valuesOf(life().state, 'aws_lb_target_group')['health_check']).toMatchObject([
        { path: '/status/ready', port: '8100', matcher: '200' },
      ]);
    });
  },
);
