import { expect, it } from 'vitest';
import { isAllowed, mayPut } from '../support/google-iam';
import { appliedGoogleStack } from '../support/google-stack';
import { valuesOf } from '../support/terraform';
import { describeExample } from './example';

const bucket = 'edge-prod-kong-fallback';

describeExample(
  {
    example: {
      folder: 'google-cloud-run',
      stack: 'kong-google-cloud-run',
      variables: {
        project: 'edge-prod',
        control_plane: 'cp.example.com:8005',
        agent_image: 'europe-docker.pkg.dev/edge-prod/kong/kong-resilience:0.1.0',
        cluster_certificate_secret: 'kong-cluster-cert',
        cluster_key_secret: 'kong-cluster-key',
      },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [
      'kong-google-cloud-run/Check/Caller',
      'kong-google-cloud-run/Check/CheckFailed',
      'kong-google-cloud-run/Check/Failed',
      'kong-google-cloud-run/Check/MayRun',
      'kong-google-cloud-run/Check/NoCheckPassed',
      'kong-google-cloud-run/Check/Passed',
      'kong-google-cloud-run/Check/Resource',
      'kong-google-cloud-run/Check/Schedule',
      'kong-google-cloud-run/ExporterAccount/Resource',
      'kong-google-cloud-run/ExporterAccount/Secret-0c891384',
      'kong-google-cloud-run/ExporterAccount/Secret-7e21ef21',
      'kong-google-cloud-run/ExporterPool/Alarms/Alive',
      'kong-google-cloud-run/ExporterPool/Alarms/Confirmed',
      'kong-google-cloud-run/ExporterPool/Alarms/ExportFailed',
      'kong-google-cloud-run/ExporterPool/Alarms/Failed',
      'kong-google-cloud-run/ExporterPool/Alarms/NotConfirmed',
      'kong-google-cloud-run/ExporterPool/Alarms/NotRunning',
      'kong-google-cloud-run/ExporterPool/Resource',
      'kong-google-cloud-run/GatewayAccount/Resource',
      'kong-google-cloud-run/GatewayAccount/Secret-0c891384',
      'kong-google-cloud-run/GatewayAccount/Secret-7e21ef21',
      'kong-google-cloud-run/GatewayService',
      'kong-google-cloud-run/Store/Read-ExporterAccount',
      'kong-google-cloud-run/Store/Read-GatewayAccount',
      'kong-google-cloud-run/Store/ReaderRole',
      'kong-google-cloud-run/Store/Resource',
      'kong-google-cloud-run/Store/Write-ExporterAccount',
      'kong-google-cloud-run/Store/WriterRole',
    ],
    guarded: ['google_storage_bucket.Store_1D2A845B'],
    told: ['@cdktf/info kong-google-cloud-run/Handover KR_TF_RUN_USERS'],
    // What is in front of the gateway itself, which clients reach.
    exposed: ['google_cloud_run_v2_service.GatewayService takes requests of INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER'],
    misspelling: [
      'manual_instance_count',
      'manual_instances',
      'terraform validate: resource.google_cloud_run_v2_worker_pool.ExporterPool_DEAC0EAC.scaling: Extraneous JSON object property: No argument or block type is named "manual_instances".',
    ],
  },
  (life) => {
    const memberOf = (account: string): string =>
      valuesOf(life().state, 'google_service_account', account)['member'] as string;

    it('lets the exporter write and the gateways read', () => {
      const stack = appliedGoogleStack(life().state);
      const config = { bucket, key: 'kong/3.9.1/config.json' };
      expect(mayPut(stack, { ...config, member: memberOf('ExporterAccount') }, true)).toBe(true);
      expect(mayPut(stack, { ...config, member: memberOf('GatewayAccount') }, false)).toBe(false);
      expect(
        isAllowed(stack, { ...config, member: memberOf('GatewayAccount'), permission: 'storage.objects.get' }),
      ).toBe(true);
      const list = { bucket, permission: 'storage.objects.list', listPrefix: 'kong/' };
      expect(isAllowed(stack, { ...list, member: memberOf('Check_Caller') })).toBe(false);
    });

    it('lets each account read the two secrets, and nobody in from outside', () => {
      const grants = life().state.resources.filter(({ type }) => type === 'google_secret_manager_secret_iam_member');
      expect(grants.map(({ values }) => `${String(values['member'])} ${String(values['secret_id'])}`).sort()).toEqual(
        ['ExporterAccount', 'GatewayAccount']
          .flatMap((account) =>
            ['kong-cluster-cert', 'kong-cluster-key'].map((secret) => `${memberOf(account)} ${secret}`),
          )
          .sort(),
      );
      expect(valuesOf(life().state, 'google_cloud_run_v2_service')['ingress']).toBe(
        'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
      );
      expect(JSON.stringify(life().state)).not.toMatch(/allUsers|allAuthenticatedUsers/);
    });
  },
);
