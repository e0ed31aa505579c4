import { readFileSync } from 'node:fs';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { TerraformStack, Testing } from 'cdktf';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { GcsRoles, GcsStore, GooglePrincipal, type IGcsStore } from '../../../constructs/google';
import { noteReader } from '../../../constructs/topology/grants';
import { conditionsOf, extract, isAllowed, mayPut } from '../support/google-iam';
import { googleStack, ofType, type GoogleStack } from '../support/google-stack';

const exporter = 'serviceAccount:exporter@acme.iam.gserviceaccount.com';
const importer =
  'principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/ns/kong/sa/dp';
const stranger = 'serviceAccount:stranger@acme.iam.gserviceaccount.com';

function granted(declare: (stack: TerraformStack) => IGcsStore): GoogleStack {
  return googleStack((stack) => {
    const store = declare(stack);
    store.grantExport(GooglePrincipal.fromMember(stack, 'Exporter', exporter));
    store.grantImport(GooglePrincipal.fromMember(stack, 'Importer', importer));
  });
}

const bucketName = 'acme-kong';
const named = { bucketName, location: 'EU' };
const own = (prefix: string, roles: GcsRoles) =>
  granted((stack) => new GcsStore(stack, 'Store', { ...named, prefix, roles }));
const existing = (prefix: string, roles: GcsRoles) =>
  granted((stack) => GcsStore.fromBucketName(stack, 'Store', bucketName, { prefix, roles }));
const referenced = (prefix: string, roles: GcsRoles) =>
  granted((stack) => {
    const { name } = new StorageBucket(stack, 'Bucket', { name: bucketName, location: 'EU' });
    return GcsStore.fromBucketName(stack, 'Store', name, { prefix, roles });
  });

/** Keys that an exporter writes, below the prefix. */
const written = [
  '3.9.1/config.json',
  '3.9.1/kong-resilience.json',
  '3.10.0.2/config.json',
  '3.10.0.2/kong-resilience.json',
  '3.10.0.2/election/leader',
  '3.10.0.2/election/a/b',
];

/** Keys below the prefix that nobody writes. */
const foreign = ['config.json', '3.9.1/config.json.bak', '3.9.1/notes.txt', '3.9.1/election', 'election/leader', 'x'];

/** Keys that a prefix `kong/prod` does not contain. */
const outside = [
  'kong/prod',
  'kong/production/3.9.1/config.json',
  'kong/3.9.1/config.json',
  '3.9.1/config.json',
  'other/kong/prod/3.9.1/config.json',
  'other/projects/_/buckets/acme-kong/objects/kong/prod/3.10.0.2/election/x',
];

const otherPermissions = [
  'storage.buckets.get',
  'storage.buckets.update',
  'storage.buckets.delete',
  'storage.buckets.getIamPolicy',
  'storage.buckets.setIamPolicy',
  'storage.objects.setIamPolicy',
  'storage.objects.getIamPolicy',
  'storage.objects.overrideUnlockedRetention',
  'storage.objects.setRetention',
];

const roles = [
  { kind: 'custom roles', of: () => GcsRoles.custom(), exact: true },
  { kind: 'predefined roles', of: () => GcsRoles.predefined(), exact: false },
] as const;

describe.each(roles)('with $kind', ({ of, exact }) => {
  describe.each([
    { bucket: 'a new bucket', declare: own },
    { bucket: 'an existing bucket', declare: existing },
    { bucket: 'an existing bucket that is a reference', declare: referenced },
  ])('on $bucket', ({ declare }) => {
    if (declare === referenced) {
      it('the conditions name the referenced bucket', () => {
        const [read, , write] = conditionsOf(declare('kong/prod', of()));
        expect(read).toContain(
          "startsWith('projects/_/buckets/${google_storage_bucket.Bucket.name}/objects/kong/prod/')",
        );
        expect(write).toContain(
          "extract('projects/_/buckets/${google_storage_bucket.Bucket.name}/objects/kong/prod/{version}/election/')",
        );
      });
      return;
    }

    describe.each(['', 'kong/prod'])('under the prefix "%s"', (prefix) => {
      const stack = declare(prefix, of());
      const under = (key: string) => (prefix === '' ? key : `${prefix}/${key}`);
      const may = (member: string, permission: string, key: string, bucket = bucketName) =>
        isAllowed(stack, { member, permission, bucket, key });
      const mayList = (member: string, listPrefix: string, bucket = bucketName) =>
        isAllowed(stack, { member, permission: 'storage.objects.list', bucket, listPrefix });

      it.each(written)('an exporter reads, creates and replaces %s', (key) => {
        expect(may(exporter, 'storage.objects.get', under(key))).toBe(true);
        expect(mayPut(stack, { member: exporter, bucket: bucketName, key: under(key) }, false)).toBe(true);
        expect(mayPut(stack, { member: exporter, bucket: bucketName, key: under(key) }, true)).toBe(true);
      });

      it.each(foreign)('an exporter reads %s and neither creates, deletes nor changes it', (key) => {
        expect(may(exporter, 'storage.objects.get', under(key))).toBe(true);
        for (const verb of ['create', 'delete', 'update', 'move', 'restore']) {
          expect(may(exporter, `storage.objects.${verb}`, under(key)), verb).toBe(false);
        }
      });

      it.each([...written, ...foreign])('an importer reads %s and does nothing else with it', (key) => {
        expect(may(importer, 'storage.objects.get', under(key))).toBe(true);
        for (const verb of ['create', 'delete', 'update', 'move', 'restore']) {
          expect(may(importer, `storage.objects.${verb}`, under(key)), verb).toBe(false);
        }
      });

      it('both list the versions, one version and an exact key', () => {
        for (const member of [exporter, importer]) {
          for (const key of ['', '3.9.1/', '3.9.1/config.json']) expect(mayList(member, under(key)), key).toBe(true);
        }
      });

      if (prefix !== '')
        it('nobody reads, writes or lists outside the prefix', () => {
          for (const member of [exporter, importer]) {
            for (const key of outside) {
              for (const verb of ['get', 'create', 'delete', 'update']) {
                expect(may(member, `storage.objects.${verb}`, key), `${verb} ${key}`).toBe(false);
              }
              expect(mayList(member, key), `list ${key}`).toBe(false);
            }
            for (const listed of ['', 'k', 'kong', 'kong/', 'kong/prod'])
              expect(mayList(member, listed), listed).toBe(false);
          }
        });

      it('nobody has another permission, or one on another bucket', () => {
        for (const member of [exporter, importer]) {
          for (const permission of otherPermissions) {
            expect(may(member, permission, under('3.9.1/config.json')), permission).toBe(false);
            expect(isAllowed(stack, { member, permission, bucket: bucketName }), permission).toBe(false);
          }
          expect(may(member, 'storage.objects.get', under('3.9.1/config.json'), 'acme-other')).toBe(false);
          expect(mayList(member, under(''), 'acme-other')).toBe(false);
        }
      });

      it('an exporter has no more of what Google calls updating than its role', () => {
        const key = under('3.9.1/config.json');
        for (const verb of ['update', 'move', 'restore']) {
          expect(may(exporter, `storage.objects.${verb}`, key), verb).toBe(!exact);
        }
      });

      it('who was granted nothing may do nothing', () => {
        for (const verb of ['get', 'create', 'delete', 'update']) {
          expect(may(stranger, `storage.objects.${verb}`, under('3.9.1/config.json'))).toBe(false);
        }
        expect(mayList(stranger, under(''))).toBe(false);
      });

      it('the conditions keep to what IAM allows', () => {
        for (const condition of conditionsOf(stack)) {
          expect(condition.match(/&&|\|\||!(?!=)/g)?.length ?? 0).toBeLessThanOrEqual(12);
          const called = [...condition.matchAll(/\.(\w+)\(/g)].map(([, name]) => name);
          expect(['startsWith', 'endsWith', 'extract', 'getAttribute']).toEqual(expect.arrayContaining(called));
        }
      });
    });
  });
});

describe('the roles', () => {
  it('hold the permissions of the calls that the agent makes, and no other', () => {
    const stack = own('', GcsRoles.custom());
    expect(ofType(stack, 'google_project_iam_custom_role').map((role) => [role['title'], role['permissions']])).toEqual(
      [
        ['Kong resilience: read configurations', ['storage.objects.get', 'storage.objects.list']],
        ['Kong resilience: store configurations', ['storage.objects.create', 'storage.objects.delete']],
      ],
    );
    // objects.get, objects.list and objects.insert; none of buckets, none of delete alone.
    const agent = readFileSync('src/store/gcs.ts', 'utf8');
    expect([...new Set(agent.match(/method: '\w+'/g))]).toEqual(["method: 'GET'", "method: 'POST'"]);
    expect([...new Set(agent.match(/\/storage\/v1\/b\/\$\{encodeURIComponent\(this\.#bucket\)\}\/?\w*/g))]).toEqual([
      '/storage/v1/b/${encodeURIComponent(this.#bucket)}/o',
    ]);
  });

  it('are declared with the first grant that needs them', () => {
    const stack = googleStack((scope) => {
      const store = new GcsStore(scope, 'Store', named);
      store.grantImport(GooglePrincipal.fromMember(scope, 'Importer', importer));
    });
    expect(ofType(stack, 'google_project_iam_custom_role').map((role) => role['role_id'])).toEqual([
      'kongResilience_reader_store_e7830235',
    ]);
  });

  it('may be existing ones, of an organisation', () => {
    const stack = own(
      '',
      GcsRoles.fromRoleNames('organizations/1/roles/kongReader', 'organizations/1/roles/kong.writer'),
    );
    expect(ofType(stack, 'google_project_iam_custom_role')).toEqual([]);
    expect(
      ofType(stack, 'google_storage_bucket_iam_member').map((binding) => [binding['role'], binding['member']]),
    ).toEqual([
      ['organizations/1/roles/kongReader', exporter],
      ['organizations/1/roles/kongReader', importer],
      ['organizations/1/roles/kong.writer', exporter],
    ]);
  });

  it('have an id within the bounds for the longest construct id', () => {
    const stack = googleStack((scope) => {
      const store = new GcsStore(scope, 'A-very-long-id-of-a-store-that-nobody-would-choose', named);
      store.grantExport(GooglePrincipal.fromMember(scope, 'Exporter', exporter));
    });
    for (const role of ofType(stack, 'google_project_iam_custom_role')) {
      expect(role['role_id']).toMatch(/^[a-zA-Z0-9_.]{3,64}$/);
    }
  });
});

describe('grants', () => {
  it('are the same when given twice, or reading after writing', () => {
    const once = own('kong', GcsRoles.custom());
    const twice = googleStack((stack) => {
      const store = new GcsStore(stack, 'Store', { ...named, prefix: 'kong' });
      const writer = GooglePrincipal.fromMember(stack, 'Exporter', exporter);
      const reader = GooglePrincipal.fromMember(stack, 'Importer', importer);
      for (let time = 0; time < 2; time += 1) {
        store.grantExport(writer);
        store.grantImport(writer);
        store.grantImport(reader);
      }
    });
    expect(twice.resources).toEqual(once.resources);
  });

  it('are told apart for principals of the same id in different places', () => {
    const stack = googleStack((scope) => {
      const store = new GcsStore(scope, 'Store', named);
      store.grantImport(GooglePrincipal.fromMember(scope, 'Importer', importer));
      store.grantImport(GooglePrincipal.fromMember(new GcsStore(scope, 'Other', named), 'Importer', stranger));
    });
    expect(stack.paths.filter((path) => path.startsWith('app/Store/Read-'))).toEqual([
      'app/Store/Read-Importer',
      'app/Store/Read-Other--Importer',
    ]);
  });

  it('name a principal of another stack by its stack', () => {
    const stack = googleStack((scope) => {
      const other = new TerraformStack(scope.node.root, 'other');
      const store = new GcsStore(scope, 'Store', named);
      store.grantImport(GooglePrincipal.fromMember(other, 'Importer', importer));
      store.grantImport(GooglePrincipal.fromMember(scope, 'Importer', importer));
    });
    expect(stack.paths.filter((path) => path.startsWith('app/Store/Read-'))).toEqual([
      'app/Store/Read-other--Importer',
      'app/Store/Read-Importer',
    ]);
  });

  it('to write are refused to who reads for a node that imports', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    const store = GcsStore.fromBucketName(stack, 'Store', bucketName);
    const reader = GooglePrincipal.fromMember(stack, 'Importer', importer);
    noteReader(new Construct(stack, 'Node'), reader);
    let message = '';
    try {
      store.grantExport(reader);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toBe(
      'app/Store: 1 problem\n  KR_TF_IMPORTER_WITH_WRITE the principal "app/Importer" belongs to "app/Node", which imports or proxies, and would also be allowed to write: whoever broke into that node could replace the configuration of every other. Give the exporter a principal of its own.',
    );
    expect(store.node.children).toEqual([]);
  });

  it('hold election/ only where a version may be of Enterprise', () => {
    const key = 'kong/3.10.0.2/election/leader';
    const may = (versions: readonly string[]) => {
      const stack = googleStack((scope) => {
        const store = new GcsStore(scope, 'Store', named);
        store.grantExport(GooglePrincipal.fromMember(scope, 'Exporter', exporter));
        versions.forEach((version) => store.addGatewayVersion(version));
      });
      expect(mayPut(stack, { member: exporter, bucket: bucketName, key: 'kong/3.9.1/config.json' }, true)).toBe(true);
      return mayPut(stack, { member: exporter, bucket: bucketName, key }, true);
    };
    expect(may([])).toBe(true);
    expect(may(['3.9.1', '3.10.0.2'])).toBe(true);
    expect(may(['3.9.1'])).toBe(false);
  });

  it('have the text of their conditions', () => {
    const [read, again, write] = conditionsOf(own('kong', GcsRoles.custom()));
    expect(read).toBe(
      "resource.name.startsWith('projects/_/buckets/acme-kong/objects/kong/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('kong/')",
    );
    expect(again).toBe(read);
    expect(write).toBe(
      "resource.name.startsWith('projects/_/buckets/acme-kong/objects/kong/') && resource.name.extract('projects/_/buckets/acme-kong/objects/kong/{version}/') != '' && (resource.name.endsWith('/config.json') || resource.name.endsWith('/kong-resilience.json') || resource.name.extract('projects/_/buckets/acme-kong/objects/kong/{version}/election/') != '')",
    );
  });
});

describe('the evaluator', () => {
  it('extracts as Google documents it', () => {
    const name = 'projects/_/buckets/acme-orders-aaa/objects/data_lake/orders/order_date=2019-11-03/aef87g87ae0876';
    expect(extract(name, '/order_date={date}/')).toBe('2019-11-03');
    expect(extract(name, 'buckets/{name}/')).toBe('acme-orders-aaa');
    expect(extract(name, '/orders/{empty}order_date')).toBe('');
    expect(extract(name, '{start}/objects/data_lake')).toBe('projects/_/buckets/acme-orders-aaa');
    expect(extract(name, 'orders/{end}')).toBe('order_date=2019-11-03/aef87g87ae0876');
    expect(extract(name, 'nowhere/{end}')).toBe('');
  });
});
