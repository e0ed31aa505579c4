import { describe, expect, it } from 'vitest';
import { CloudRunExporter, CloudRunServiceExporter, GkeWorkloadIdentity } from '../../../../constructs/google';
import { ofType, only } from '../../support/google-stack';
import { deployed, image, place, refusalOf } from './support';

const env = [
  {
    name: 'KONG_CLUSTER_CERT',
    value_source: { secret_key_ref: { secret: 'kong-cert', version: '3' } },
  },
  {
    name: 'KONG_CLUSTER_CERT_KEY',
    value_source: { secret_key_ref: { secret: 'kong-key', version: 'latest' } },
  },
  { name: 'KONG_CLUSTER_CONTROL_PLANE', value: 'cp.acme.com:8005' },
  { name: 'KONG_CLUSTER_FALLBACK_CONFIG_EXPORT', value: 'on' },
  { name: 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', value: 'gcs://acme-kong/kong' },
  { name: 'KONG_DATABASE', value: 'off' },
  { name: 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', value: 'system' },
  { name: 'KONG_RESILIENCE_GATEWAY_VERSION', value: '3.9.1' },
  { name: 'KONG_RESILIENCE_STATUS_LISTEN', value: '0.0.0.0:8101' },
  { name: 'KONG_ROLE', value: 'data_plane' },
];

describe('an exporter on a worker pool', () => {
  const stack = deployed(({ stack, exporter }) => {
    new CloudRunExporter(stack, 'Pool', { ...place, exporter, network: 'edge', labels: { team: 'gateways' } });
  });
  const pool = only(stack, 'google_cloud_run_v2_worker_pool');

  it('runs the agent as its service account, all the time, without a URL', () => {
    expect(pool).toEqual({
      name: 'kong-pool-58a04236',
      location: 'europe-west1',
      labels: { team: 'gateways' },
      deletion_protection: false,
      scaling: { scaling_mode: 'MANUAL', manual_instance_count: 1 },
      template: {
        service_account: '${google_service_account.ExporterAccount_456443DB.email}',
        containers: [
          {
            name: 'kong-resilience',
            image,
            args: ['run'],
            env,
            resources: { limits: { cpu: '1', memory: '1Gi' } },
          },
        ],
        vpc_access: { egress: 'PRIVATE_RANGES_ONLY', network_interfaces: [{ network: 'edge' }] },
      },
      depends_on: expect.any(Array) as unknown,
    });
    expect(ofType(stack, 'google_cloud_run_v2_service')).toEqual([]);
  });

  it('is let in to its secrets, each by itself, before it starts', () => {
    const grants = ofType(stack, 'google_secret_manager_secret_iam_member');
    expect(grants).toEqual(
      ['kong-key', 'kong-cert'].map((secret) => ({
        secret_id: secret,
        role: 'roles/secretmanager.secretAccessor',
        member: '${google_service_account.ExporterAccount_456443DB.member}',
      })),
    );
    const addresses = Object.keys(stack.resources).filter((address) => address.includes('secret_iam_member'));
    expect([...(pool['depends_on'] as string[])].sort()).toEqual(addresses.sort());
  });

  it('keeps its paths', () => {
    expect(stack.paths.filter((path) => path.startsWith('app/Pool'))).toEqual([
      'app/Pool',
      'app/Pool/Resource',
      'app/Pool/Alarms',
      'app/Pool/Alarms/Confirmed',
      'app/Pool/Alarms/Failed',
      'app/Pool/Alarms/Alive',
      'app/Pool/Alarms/NotConfirmed',
      'app/Pool/Alarms/ExportFailed',
      'app/Pool/Alarms/NotRunning',
    ]);
  });

  it('takes a name, a project and more instances', () => {
    const other = deployed(({ stack: scope, exporter }) => {
      new CloudRunExporter(scope, 'Pool', {
        ...place,
        exporter,
        name: 'kong-exporter',
        project: 'acme-edge',
        instanceCount: 2,
        cpu: '2',
        memory: '2Gi',
        alarms: false,
      });
    });
    expect(only(other, 'google_cloud_run_v2_worker_pool')).toMatchObject({
      name: 'kong-exporter',
      project: 'acme-edge',
      scaling: { manual_instance_count: 2 },
      template: { containers: [{ resources: { limits: { cpu: '2', memory: '2Gi' } } }] },
    });
    expect(ofType(other, 'google_monitoring_alert_policy')).toEqual([]);
    expect(ofType(other, 'google_logging_metric')).toEqual([]);
  });

  it('refuses everything that is wrong, together', () => {
    const refusal = refusalOf(({ stack: scope, exporter }) => {
      new CloudRunExporter(scope, 'Pool', {
        ...place,
        exporter,
        image: 'kong-resilience:latest',
        name: 'Kong_Exporter',
        instanceCount: 0,
        labels: { Team: 'x' },
      });
    });
    expect(refusal.split('\n')).toEqual([
      'app/Pool: 4 problems',
      '  KR_TF_RUN_NAME name is "Kong_Exporter": it must have 1 to 49 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen.',
      '  KR_TF_IMAGE image is "kong-resilience:latest": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.',
      '  KR_TF_GOOGLE_LABEL labels has "Team" = "x": keys have 1 to 63 lower-case letters, digits, hyphens and underscores and begin with a letter; values have up to 63 of the same.',
      '  KR_TF_RUN_INSTANCES instanceCount is 0: it must be a whole number from 1 to 10. One exports; a second takes over within the lease when it is gone.',
    ]);
  });

  it('refuses a principal that Cloud Run cannot attach', () => {
    const refusal = refusalOf(
      ({ stack: scope, exporter }) => void new CloudRunExporter(scope, 'Pool', { ...place, exporter }),
      {
        exporterPrincipal: (scope) =>
          new GkeWorkloadIdentity(scope, 'Pods', { namespace: 'kong', serviceAccountName: 'kong-exporter' }),
      },
    );
    expect(refusal).toBe(
      'app/Pool: 1 problem\n  KR_TF_RUN_SERVICE_ACCOUNT the principal "app/Pods" is no service account, and Cloud Run runs an instance as one. Give the node an AttachedServiceAccount.',
    );
  });

  it.each([1, 10])('allows %d instances', (instanceCount) => {
    const refusal = refusalOf(({ stack: scope, exporter }) => {
      new CloudRunExporter(scope, 'Pool', { ...place, exporter, instanceCount });
    });
    expect(refusal).toBe('not refused');
  });

  it.each([11, 1.5, -1])('does not allow %d instances', (instanceCount) => {
    const refusal = refusalOf(({ stack: scope, exporter }) => {
      new CloudRunExporter(scope, 'Pool', { ...place, exporter, instanceCount });
    });
    expect(refusal).toContain(`KR_TF_RUN_INSTANCES instanceCount is ${instanceCount}:`);
  });
});

describe('an exporter on a service', () => {
  const stack = deployed(({ stack, exporter }) => {
    new CloudRunServiceExporter(stack, 'Service', { ...place, exporter, instanceCount: 2 });
  });

  it('has a fixed number of instances with CPU all the time, which nobody may call', () => {
    const probe = { http_get: { path: '/health', port: 8101 }, timeout_seconds: 5 };
    expect(only(stack, 'google_cloud_run_v2_service')).toEqual({
      name: 'kong-service-bfa8d476',
      location: 'europe-west1',
      deletion_protection: false,
      ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      template: {
        service_account: '${google_service_account.ExporterAccount_456443DB.email}',
        scaling: { min_instance_count: 2, max_instance_count: 2 },
        containers: [
          {
            name: 'kong-resilience',
            image,
            args: ['run'],
            env,
            ports: { container_port: 8101 },
            startup_probe: { ...probe, period_seconds: 5, failure_threshold: 12 },
            liveness_probe: { ...probe, period_seconds: 30, failure_threshold: 3 },
            resources: { limits: { cpu: '1', memory: '1Gi' }, cpu_idle: false },
          },
        ],
      },
      depends_on: expect.any(Array) as unknown,
    });
    expect(Object.keys(stack.resources).filter((address) => address.includes('run_v2_service_iam'))).toEqual([]);
  });

  it('has the alarms of its own log', () => {
    const filters = ofType(stack, 'google_logging_metric').map(({ filter }) => String(filter));
    expect(filters[1]).toMatch(
      /^resource\.type="cloud_run_revision" AND resource\.labels\.service_name="\$\{google_cloud_run_v2_service\.Service_\w+\.name\}" AND resource\.labels\.location="europe-west1" AND jsonPayload\.event=\("confirmed" OR "exported"\)$/,
    );
  });
});
