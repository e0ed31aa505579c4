import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { describe, expect, it } from 'vitest';
import { CloudRunImporter } from '../../../../constructs/google';
import { ofType, only } from '../../support/google-stack';
import { deployed, image, refusalOf, type Nodes } from './support';

interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly depends_on?: readonly string[];
  readonly startup_probe: unknown;
  readonly resources: unknown;
  readonly volume_mounts: unknown;
}

/** A service of the user's own, with what the importer brings. */
function service({ stack, importer }: Nodes): void {
  const handover = new CloudRunImporter(stack, 'Handover', { importer, image });
  new CloudRunV2Service(stack, 'Gateway', {
    name: 'gateway',
    location: 'europe-west1',
    template: {
      serviceAccount: handover.serviceAccount,
      containers: [
        handover.gatewayContainer({
          name: 'kong',
          image: 'kong:3.9.1',
          resources: { limits: { memory: '2Gi' } },
          env: [{ name: 'KONG_NGINX_WORKER_PROCESSES', value: '2' }],
        }),
        handover.importContainer,
      ],
      volumes: handover.volumes,
    },
    dependsOn: handover.dependsOn,
  });
}

describe('an importer on a Cloud Run service', () => {
  const stack = deployed(service);
  const gateway = only(stack, 'google_cloud_run_v2_service');
  const template = gateway['template'] as { containers: Container[]; volumes: unknown; service_account: string };
  const [kong, sidecar] = template.containers;

  it('is a sidecar that stays, and whose probe passes when the import is over', () => {
    expect(sidecar).toMatchObject({
      name: 'kong-resilience-import',
      image,
      args: ['import', '--hold'],
      startup_probe: {
        http_get: { path: '/startup', port: 8101 },
        period_seconds: 1,
        timeout_seconds: 1,
        failure_threshold: 90,
      },
      resources: { cpu_idle: false },
      volume_mounts: [{ name: 'kong-resilience-handover', mount_path: '/var/lib/kong-resilience/handover' }],
    });
    const listen = sidecar?.env.find(({ name }) => name === 'KONG_RESILIENCE_STATUS_LISTEN');
    expect(listen?.value).toBe('0.0.0.0:8101');
  });

  it('lets the gateway start after it, decide at each start, and take no traffic without a configuration', () => {
    expect(kong).toMatchObject({
      name: 'kong',
      image: 'kong:3.9.1',
      depends_on: ['kong-resilience-import'],
      ports: { container_port: 8000 },
      startup_probe: { http_get: { path: '/status/ready', port: 8100 }, period_seconds: 1, failure_threshold: 240 },
      resources: { limits: { memory: '2Gi' }, cpu_idle: false },
      volume_mounts: [{ name: 'kong-resilience-handover', mount_path: '/var/lib/kong-resilience/handover' }],
    });
    expect(kong?.env.map(({ name }) => name)).toEqual([
      'KONG_NGINX_WORKER_PROCESSES',
      'KONG_CLUSTER_CERT',
      'KONG_CLUSTER_CERT_KEY',
      'KONG_CLUSTER_CONTROL_PLANE',
      'KONG_DATABASE',
      'KONG_LUA_SSL_TRUSTED_CERTIFICATE',
      'KONG_ROLE',
      'KONG_STATUS_LISTEN',
      'BASH_ENV',
    ]);
    expect(kong?.env.at(-1)?.value).toBe('/var/lib/kong-resilience/handover/start.sh');
  });

  it('shares a volume in memory between the two, and the account of the importer', () => {
    expect(template.volumes).toEqual([
      { name: 'kong-resilience-handover', empty_dir: { medium: 'MEMORY', size_limit: '256Mi' } },
    ]);
    expect(template.service_account).toBe('${google_service_account.ImporterAccount_1A4B8937.email}');
    expect(ofType(stack, 'google_secret_manager_secret_iam_member').map((grant) => grant['member'])).toEqual(
      Array(2).fill('${google_service_account.ImporterAccount_1A4B8937.member}'),
    );
  });

  it('tells which user the images must share', () => {
    expect(stack.annotations.filter((line) => line.includes('Handover'))).toEqual([
      "app/Handover info: KR_TF_RUN_USERS Cloud Run runs each container as its image's user and knows no groups: the gateway can read what is handed over only when its user is 1000, as the agent's. `docker run --rm --entrypoint id <gateway image>` tells; where it is another, build the agent's image with that user (docs/platforms/google-cloud-run.md).",
    ]);
  });

  it('keeps a startup probe of the container itself', () => {
    const other = deployed(({ stack: scope, importer }) => {
      const handover = new CloudRunImporter(scope, 'Handover', { importer, image });
      const probed = handover.gatewayContainer({ image: 'kong:3.9.1', startupProbe: { tcpSocket: { port: 8000 } } });
      expect(probed.startupProbe).toEqual({ tcpSocket: { port: 8000 } });
    });
    expect(ofType(other, 'google_cloud_run_v2_service')).toEqual([]);
  });

  it('allows a deadline that Cloud Run waits for, and gives the probe as long', () => {
    let threshold: number | undefined;
    deployed(
      ({ stack: scope, importer }) => {
        const { importContainer } = new CloudRunImporter(scope, 'Handover', { importer, image });
        threshold = importContainer.startupProbe?.failureThreshold;
      },
      { environment: { KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '200' } },
    );
    expect(threshold).toBe(230);
  });

  it('refuses a longer one, a shared port and an image without a tag, together', () => {
    const refusal = refusalOf(
      ({ stack: scope, importer }) => {
        new CloudRunImporter(scope, 'Handover', { importer, image: 'registry.acme.com:5000/kong-resilience' });
      },
      { environment: { KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '201' }, gatewayStatusPort: 8101 },
    );
    expect(refusal.split('\n')).toEqual([
      'app/Handover: 3 problems',
      '  KR_TF_IMAGE image is "registry.acme.com:5000/kong-resilience": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.',
      '  KR_TF_RUN_DEADLINE KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS is 201, and Cloud Run gives up a container that has not started within 240 seconds. Set it to 200 or less.',
      "  KR_TF_RUN_PORT the importer's gatewayStatusPort is 8101, which the agent has: the containers of an instance share their ports. Choose another, such as 8100.",
    ]);
  });

  it('refuses a container that has what the hand-over brings', () => {
    const refusal = refusalOf(({ stack: scope, importer }) => {
      new CloudRunImporter(scope, 'Handover', { importer, image }).gatewayContainer({
        image: 'kong:3.9.1',
        env: [{ name: 'BASH_ENV', value: '/etc/profile' }],
        volumeMounts: [{ name: 'own', mountPath: '/var/lib/kong-resilience/handover' }],
      });
    });
    expect(refusal.split('\n')).toEqual([
      'app/Handover: 2 problems',
      '  KR_TF_RUN_CONTAINER the gateway\'s container has a variable "BASH_ENV" already, which the hand-over brings. Leave it out.',
      '  KR_TF_RUN_CONTAINER the gateway\'s container has a volume "own" already, which the hand-over brings. Leave it out.',
    ]);
  });
});
