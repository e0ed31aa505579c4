import { expect, it } from 'vitest';
import { isAllowed, mayPut } from '../support/google-iam';
import { appliedGoogleStack } from '../support/google-stack';
import { describeExample } from './example';
import { itDeploysOnKubernetes } from './kubernetes';

const bucket = 'edge-prod-kong-fallback';
const pods = 'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools';
const exporter = `${pods}/edge-prod.svc.id.goog/subject/ns/kong/sa/kong-exporter`;
const gateway = `${pods}/edge-prod.svc.id.goog/subject/ns/kong/sa/kong-gateway`;

describeExample(
  {
    example: {
      folder: 'google',
      stack: 'kong-google',
      variables: { control_plane: 'cp.example.com:8005', project: 'edge-prod' },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [
      'kong-google/ExporterPods/Project',
      'kong-google/GatewayPods/Project',
      'kong-google/Store/Read-ExporterPods',
      'kong-google/Store/Read-GatewayPods',
      'kong-google/Store/ReaderRole',
      'kong-google/Store/Resource',
      'kong-google/Store/Write-ExporterPods',
      'kong-google/Store/WriterRole',
    ],
    guarded: ['google_storage_bucket.Store_1D2A845B'],
    told: [],
    misspelling: [
      'storage_class',
      'storage_clas',
      'terraform validate: resource.google_storage_bucket.Store_1D2A845B: Extraneous JSON object property: ' +
        'No argument or block type is named "storage_clas". Did you mean "storage_class"?',
    ],
  },
  (life) => {
    it('lets the exporter write and the gateways read', () => {
      const stack = appliedGoogleStack(life().state);
      const config = { bucket, key: 'kong/3.9.1/config.json' };
      for (const member of [exporter, gateway]) {
        expect(isAllowed(stack, { ...config, member, permission: 'storage.objects.get' })).toBe(true);
        expect(isAllowed(stack, { bucket, key: 'x', member, permission: 'storage.objects.get' })).toBe(false);
        expect(mayPut(stack, { bucket, key: 'kong/3.9.1/else.json', member }, false)).toBe(false);
      }
      expect(mayPut(stack, { ...config, member: exporter }, true)).toBe(true);
      expect(mayPut(stack, { ...config, member: gateway }, false)).toBe(false);
      expect(isAllowed(stack, { ...config, member: gateway, permission: 'storage.objects.delete' })).toBe(false);
    });

    itDeploysOnKubernetes(life, {});
  },
);
