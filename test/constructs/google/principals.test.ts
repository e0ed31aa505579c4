import { TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  AttachedServiceAccount,
  EnvValue,
  GkeImpersonation,
  GkeWorkloadIdentity,
  GooglePrincipal,
  ServiceAccountWithKey,
} from '../../../constructs/google';
import { sourceOf } from '../../../constructs/environment/value';
import { googleStack, ofType, only, resolved } from '../support/google-stack';

const pods = { namespace: 'kong', serviceAccountName: 'exporter' };
const address = 'exporter@acme-prod.iam.gserviceaccount.com';

function messageOf(declare: (stack: TerraformStack) => void): string {
  try {
    declare(new TerraformStack(Testing.app(), 'app'));
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

describe('an attached service account', () => {
  it('is declared with an id made of its path', () => {
    const stack = googleStack((scope) => new AttachedServiceAccount(scope, 'Exporter'));
    expect(only(stack, 'google_service_account')).toEqual({
      account_id: 'kr-exporter-abb68846',
      display_name: 'Kong resilience: app/Exporter',
    });
    expect(stack.paths).toMatchInlineSnapshot(`
      [
        "app/Exporter",
        "app/Exporter/Resource",
      ]
    `);
  });

  it('takes its id, names and project, and gives address, member and no credentials', () => {
    const stack = googleStack((scope) => {
      const account = new AttachedServiceAccount(scope, 'Exporter', {
        accountId: 'kong-exporter',
        displayName: 'Kong exporter',
        description: 'stores configurations',
        project: 'acme-prod',
      });
      expect(resolved(scope, [account.email, account.member])).toEqual([
        '${google_service_account.Exporter_5EE693A2.email}',
        '${google_service_account.Exporter_5EE693A2.member}',
      ]);
      expect(account.credentials).toEqual({});
    });
    expect(only(stack, 'google_service_account')).toEqual({
      account_id: 'kong-exporter',
      display_name: 'Kong exporter',
      description: 'stores configurations',
      project: 'acme-prod',
    });
  });

  it('has an id of its own, within the bounds, for every path', () => {
    const stack = googleStack((scope) => {
      const nested = new Construct(scope, 'Nested');
      for (const id of ['Exporter', 'A-very-long-id-of-an-exporter-of-gateways', '3.9.1', '___', 'Ärger', 'exporter']) {
        new AttachedServiceAccount(scope, id);
        new AttachedServiceAccount(nested, id);
      }
    });
    const ids = ofType(stack, 'google_service_account').map((account) => account['account_id'] as string);
    expect(new Set(ids).size).toBe(12);
    for (const id of ids) {
      expect(id).toMatch(/^[a-z][-a-z0-9]{4,28}[a-z0-9]$/);
      expect(id).not.toContain('--');
    }
  });

  it('cuts a display name to what Google allows', () => {
    const stack = googleStack((scope) => new AttachedServiceAccount(scope, 'E'.repeat(120)));
    expect(only(stack, 'google_service_account')['display_name']).toHaveLength(100);
  });

  it('may exist already', () => {
    const stack = googleStack((scope) => {
      const account = AttachedServiceAccount.fromEmail(scope, 'Exporter', address);
      expect(account).toMatchObject({ email: address, member: `serviceAccount:${address}`, credentials: {} });
    });
    expect(stack.resources).toEqual({});
  });

  it('tells an id out of its bounds, on both sides', () => {
    const account = (accountId: string) =>
      messageOf((stack) => new AttachedServiceAccount(stack, 'Exporter', { accountId }));
    expect(account('abcdef')).toBe('nothing was thrown');
    expect(account('a'.repeat(30))).toBe('nothing was thrown');
    expect(account('abcde')).toBe(
      'app/Exporter: 1 problem\n  KR_TF_GOOGLE_ACCOUNT_ID accountId is "abcde" (5 characters): it must have 6 to 30 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen.',
    );
    for (const id of ['a'.repeat(31), '3kong-exporter', 'kong-exporter-', 'Kong-exporter', 'kong_exporter']) {
      expect(account(id)).toContain('KR_TF_GOOGLE_ACCOUNT_ID');
    }
  });

  it('tells what is not the address of a service account', () => {
    const existing = (email: string) =>
      messageOf((stack) => AttachedServiceAccount.fromEmail(stack, 'Exporter', email));
    for (const email of [
      address,
      '123-compute@developer.gserviceaccount.com',
      'acme-prod@appspot.gserviceaccount.com',
      'x@acme-prod.acme.com.iam.gserviceaccount.com',
    ]) {
      expect(existing(email)).toBe('nothing was thrown');
    }
    expect(existing('jo@acme.com')).toBe(
      'app/Exporter: 1 problem\n  KR_TF_GOOGLE_EMAIL email is "jo@acme.com": it must be the address of a service account, such as name@project.iam.gserviceaccount.com, without "serviceAccount:". For people and groups use GooglePrincipal.fromMember.',
    );
    for (const email of [`serviceAccount:${address}`, 'x@evilgserviceaccount.com']) {
      expect(existing(email)).toContain('KR_TF_GOOGLE_EMAIL');
    }
  });
});

describe('pods that are a principal themselves', () => {
  it('are named by project, namespace and service account', () => {
    googleStack((scope) => {
      const principal = new GkeWorkloadIdentity(scope, 'Pods', {
        ...pods,
        projectId: 'acme-prod',
        projectNumber: '123456789',
      });
      expect(principal.member).toBe(
        'principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-prod.svc.id.goog/subject/ns/kong/sa/exporter',
      );
      expect(principal.credentials).toEqual({});
    });
  });

  it.each([
    { project: {}, looked: {}, id: '${trimprefix(data.google_project.Pods_Project_00EA22AD.id, "projects/")}' },
    { project: { projectId: 'acme-prod' }, looked: { project_id: 'acme-prod' }, id: 'acme-prod' },
  ])('have what was not told looked up: $looked', ({ project, looked, id }) => {
    const stack = googleStack((scope) => {
      const principal = new GkeWorkloadIdentity(scope, 'Pods', { ...pods, ...project });
      const found = 'data.google_project.Pods_Project_00EA22AD';
      expect(resolved(scope, principal.member)).toBe(
        `principal://iam.googleapis.com/projects/\${${found}.number}/locations/global/workloadIdentityPools/${id}.svc.id.goog/subject/ns/kong/sa/exporter`,
      );
    });
    expect(Object.values(stack.data)).toEqual([looked]);
    expect(stack.paths).toEqual(['app/Pods', 'app/Pods/Project']);
    expect(stack.resources).toEqual({});
  });

  it('tell every name that is not legal', () => {
    expect(
      messageOf(
        (stack) =>
          new GkeWorkloadIdentity(stack, 'Pods', {
            namespace: 'Kong',
            serviceAccountName: '-exporter',
            projectId: 'Acme',
            projectNumber: 'acme-prod',
          }),
      ),
    ).toBe(
      [
        'app/Pods: 4 problems',
        '  KR_TF_GOOGLE_KUBERNETES_NAME namespace is "Kong": it must have 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at each end.',
        '  KR_TF_GOOGLE_KUBERNETES_NAME serviceAccountName is "-exporter": it must have 1 to 253 lower-case letters, digits and hyphens or dots, with a letter or digit at each end.',
        `  KR_TF_GOOGLE_PROJECT_ID projectId is "Acme": it must be the id of the cluster's project (such as "acme-gateways"), not its number and not its title.`,
        `  KR_TF_GOOGLE_PROJECT_NUMBER projectNumber is "acme-prod": it must have digits only. Leave it out to have it looked up by the project's id.`,
      ].join('\n'),
    );
    expect(messageOf((stack) => new GkeWorkloadIdentity(stack, 'Pods', { ...pods, projectNumber: '1' }))).toBe(
      'app/Pods: 1 problem\n  KR_TF_GOOGLE_PROJECT_NUMBER_ALONE projectNumber is given without projectId: the identity names both. Add projectId.',
    );
  });

  it('have bounds that hold on both sides', () => {
    const named = (props: object) =>
      messageOf((stack) => new GkeWorkloadIdentity(stack, 'Pods', { ...pods, ...props }));
    expect(named({ namespace: 'a'.repeat(63), serviceAccountName: 'a'.repeat(253) })).toBe('nothing was thrown');
    expect(named({ namespace: 'a'.repeat(64) })).toContain('KR_TF_GOOGLE_KUBERNETES_NAME namespace');
    expect(named({ serviceAccountName: 'a'.repeat(254) })).toContain('KR_TF_GOOGLE_KUBERNETES_NAME serviceAccountName');
    expect(named({ projectId: 'acme.com:gateways' })).toBe('nothing was thrown');
    expect(named({ projectId: '123456789' })).toContain('KR_TF_GOOGLE_PROJECT_ID');
  });
});

describe('pods that impersonate', () => {
  it('have a new account, the right to be it, and an annotation to carry', () => {
    const stack = googleStack((scope) => {
      const principal = new GkeImpersonation(scope, 'Exporter', {
        ...pods,
        accountId: 'kong-exporter',
        clusterProjectId: 'acme-gke',
      });
      expect(resolved(scope, [principal.email, principal.member, principal.serviceAccountAnnotations])).toEqual([
        '${google_service_account.Exporter_5EE693A2.email}',
        '${google_service_account.Exporter_5EE693A2.member}',
        { 'iam.gke.io/gcp-service-account': '${google_service_account.Exporter_5EE693A2.email}' },
      ]);
      expect(principal.credentials).toEqual({});
    });
    expect(only(stack, 'google_service_account_iam_member')).toEqual({
      service_account_id: '${google_service_account.Exporter_5EE693A2.name}',
      role: 'roles/iam.workloadIdentityUser',
      member: 'serviceAccount:acme-gke.svc.id.goog[kong/exporter]',
    });
    expect(only(stack, 'google_service_account')).toMatchObject({ account_id: 'kong-exporter' });
    expect(stack.paths).toMatchInlineSnapshot(`
      [
        "app/Exporter",
        "app/Exporter/Resource",
        "app/Exporter/Impersonation",
      ]
    `);
  });

  it("have the provider's project looked up when none is named", () => {
    const stack = googleStack((scope) => new GkeImpersonation(scope, 'Exporter', pods));
    const [found] = Object.keys(stack.data);
    expect(only(stack, 'google_service_account_iam_member')['member']).toBe(
      `serviceAccount:\${trimprefix(data.${found}.id, "projects/")}.svc.id.goog[kong/exporter]`,
    );
  });

  it('tell every id that is not legal', () => {
    expect(
      messageOf(
        (stack) =>
          new GkeImpersonation(stack, 'Exporter', {
            namespace: '',
            serviceAccountName: 'exporter',
            accountId: 'kong',
            clusterProjectId: '123456789',
          }),
      ),
    ).toBe(
      [
        'app/Exporter: 3 problems',
        '  KR_TF_GOOGLE_ACCOUNT_ID accountId is "kong" (4 characters): it must have 6 to 30 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen.',
        '  KR_TF_GOOGLE_KUBERNETES_NAME namespace is "": it must have 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at each end.',
        `  KR_TF_GOOGLE_PROJECT_ID clusterProjectId is "123456789": it must be the id of the cluster's project (such as "acme-gateways"), not its number and not its title.`,
      ].join('\n'),
    );
  });
});

describe('a service account with a key', () => {
  it('has the key in Secret Manager, replaced before it is destroyed', () => {
    const stack = googleStack((scope) => {
      const account = new ServiceAccountWithKey(scope, 'Exporter');
      expect(resolved(scope, [account.email, account.member, account.secretName])).toEqual([
        '${google_service_account.Exporter_5EE693A2.email}',
        '${google_service_account.Exporter_5EE693A2.member}',
        '${google_secret_manager_secret.Exporter_Secret_CB96CB9D.id}',
      ]);
      expect(Object.keys(account.credentials)).toEqual(['GCP_SERVICE_ACCOUNT']);
      const key = account.credentials['GCP_SERVICE_ACCOUNT'];
      expect(key === undefined ? undefined : resolved(scope, sourceOf(key))).toEqual({
        kind: 'google-secret',
        secret: '${google_secret_manager_secret.Exporter_Secret_CB96CB9D.id}',
        version: '${google_secret_manager_secret_version.Exporter_SecretVersion_D9974288.version}',
      });
    });
    expect(only(stack, 'google_service_account_key')).toEqual({
      service_account_id: '${google_service_account.Exporter_5EE693A2.name}',
      lifecycle: { create_before_destroy: true },
    });
    expect(only(stack, 'google_secret_manager_secret')).toEqual({
      secret_id: 'kr-exporter-abb68846-key',
      replication: { auto: {} },
    });
    expect(only(stack, 'google_secret_manager_secret_version')).toEqual({
      secret: '${google_secret_manager_secret.Exporter_Secret_CB96CB9D.id}',
      secret_data: '${base64decode(google_service_account_key.Exporter_Key_58089643.private_key)}',
      lifecycle: { create_before_destroy: true },
    });
    expect(stack.paths).toMatchInlineSnapshot(`
      [
        "app/Exporter",
        "app/Exporter/Resource",
        "app/Exporter/Key",
        "app/Exporter/Secret",
        "app/Exporter/SecretVersion",
      ]
    `);
  });

  it('takes ids, project, locations, labels and keepers', () => {
    const stack = googleStack(
      (scope) =>
        new ServiceAccountWithKey(scope, 'Exporter', {
          accountId: 'kong-exporter',
          project: 'acme-prod',
          secretId: 'Kong_Exporter',
          secretLocations: ['europe-west1', 'europe-west4'],
          labels: { team: 'gateways' },
          keepers: { rotated: '2025-01' },
        }),
    );
    expect(only(stack, 'google_secret_manager_secret')).toEqual({
      secret_id: 'Kong_Exporter',
      project: 'acme-prod',
      labels: { team: 'gateways' },
      replication: { user_managed: { replicas: [{ location: 'europe-west1' }, { location: 'europe-west4' }] } },
    });
    expect(only(stack, 'google_service_account_key')).toMatchObject({ keepers: { rotated: '2025-01' } });
    expect(only(stack, 'google_service_account')).toMatchObject({ account_id: 'kong-exporter', project: 'acme-prod' });
  });

  it('names its secret after the account', () => {
    const stack = googleStack((scope) => new ServiceAccountWithKey(scope, 'Exporter', { accountId: 'kong-exporter' }));
    expect(only(stack, 'google_secret_manager_secret')).toMatchObject({ secret_id: 'kong-exporter-key' });
  });

  it('lets those who start the node read the key, once each, and nobody else', () => {
    const none = googleStack((scope) => new ServiceAccountWithKey(scope, 'Exporter'));
    expect(ofType(none, 'google_secret_manager_secret_iam_member')).toEqual([]);
    const stack = googleStack((scope) => {
      const account = new ServiceAccountWithKey(scope, 'Exporter');
      const service = AttachedServiceAccount.fromEmail(scope, 'Service', address);
      account.grantCredentials(service);
      account.grantCredentials(service);
      account.grantCredentials(GooglePrincipal.fromMember(scope, 'Sync', 'group:sync@acme.com'));
    });
    expect(ofType(stack, 'google_secret_manager_secret_iam_member')).toEqual([
      {
        secret_id: '${google_secret_manager_secret.Exporter_Secret_CB96CB9D.id}',
        role: 'roles/secretmanager.secretAccessor',
        member: `serviceAccount:${address}`,
      },
      {
        secret_id: '${google_secret_manager_secret.Exporter_Secret_CB96CB9D.id}',
        role: 'roles/secretmanager.secretAccessor',
        member: 'group:sync@acme.com',
      },
    ]);
    expect(stack.paths).toContain('app/Exporter/Credentials-Service');
  });

  it('may exist already, with its key anywhere but in plain text', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    const key = EnvValue.fromKubernetesSecret('exporter', 'key.json');
    const account = ServiceAccountWithKey.fromKey(stack, 'Exporter', address, key);
    expect(account).toMatchObject({ email: address, member: `serviceAccount:${address}` });
    expect(account.credentials).toEqual({ GCP_SERVICE_ACCOUNT: key });
    expect(
      messageOf((scope) =>
        ServiceAccountWithKey.fromKey(scope, 'Exporter', 'jo@acme.com', EnvValue.fromText('{"private_key":"hidden"}')),
      ),
    ).toBe(
      [
        'app/Exporter: 2 problems',
        '  KR_TF_GOOGLE_EMAIL email is "jo@acme.com": it must be the address of a service account, such as name@project.iam.gserviceaccount.com, without "serviceAccount:". For people and groups use GooglePrincipal.fromMember.',
        '  KR_TF_GOOGLE_PLAIN_KEY key is a plain text: it would be shown wherever the environment is. Use EnvValue.fromGoogleSecret, fromKubernetesSecret or fromSecretText.',
      ].join('\n'),
    );
  });

  it('tells ids that are not legal, all together', () => {
    expect(
      messageOf(
        (stack) =>
          new ServiceAccountWithKey(stack, 'Exporter', {
            accountId: 'kong',
            secretId: 'kong.exporter',
            secretLocations: [],
            labels: { '1': 'a' },
          }),
      ),
    ).toBe(
      [
        'app/Exporter: 4 problems',
        '  KR_TF_GOOGLE_ACCOUNT_ID accountId is "kong" (4 characters): it must have 6 to 30 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen.',
        '  KR_TF_GOOGLE_SECRET_ID secretId is "kong.exporter": it must have 1 to 255 letters, digits, hyphens and underscores.',
        '  KR_TF_GOOGLE_SECRET_LOCATIONS secretLocations is empty: name at least one region, or leave it out for automatic replication.',
        '  KR_TF_GOOGLE_LABEL labels has "1" = "a": keys have 1 to 63 lower-case letters, digits, hyphens and underscores and begin with a letter; values have up to 63 of the same.',
      ].join('\n'),
    );
    const secretLocations = 'europe-west1' as unknown as string[];
    expect(messageOf((stack) => new ServiceAccountWithKey(stack, 'Exporter', { secretLocations }))).toBe(
      'app/Exporter: 1 problem\n  KR_TF_LIST secretLocations is "europe-west1": it must be a list. Write it in brackets, such as ["europe-west1"].',
    );
    const secret = (secretId: string) =>
      messageOf((stack) => new ServiceAccountWithKey(stack, 'Exporter', { secretId }));
    expect(secret('a'.repeat(255))).toBe('nothing was thrown');
    expect(secret('a'.repeat(256))).toContain('KR_TF_GOOGLE_SECRET_ID');
  });
});

describe('a principal by its member', () => {
  it.each([
    `serviceAccount:${address}`,
    'serviceAccount:acme-prod.svc.id.goog[kong/exporter]',
    'user:jo@acme.com',
    'group:gateways@acme.com',
    'principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s',
    'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*',
  ])('is %s', (member) => {
    const stack = new TerraformStack(Testing.app(), 'app');
    expect(GooglePrincipal.fromMember(stack, 'Reader', member)).toMatchObject({ member, credentials: {} });
  });

  it('is never everyone', () => {
    const existing = (member: string) => messageOf((stack) => GooglePrincipal.fromMember(stack, 'Reader', member));
    for (const member of ['allUsers', 'allAuthenticatedUsers']) {
      expect(existing(member)).toBe(
        `app/Reader: 1 problem\n  KR_TF_GOOGLE_PUBLIC_MEMBER member is "${member}", which is everyone on the internet: the stored configuration holds private keys and secrets in the clear. Name those who run the nodes.`,
      );
    }
    expect(existing(address)).toBe(
      `app/Reader: 1 problem\n  KR_TF_GOOGLE_MEMBER member is "${address}": it must be serviceAccount:<address>, user:<address>, group:<address>, principal://… or principalSet://….`,
    );
    for (const member of ['domain:acme.com', 'projectEditor:acme-prod', 'user:jo', 'deleted:user:jo@acme.com?uid=1']) {
      expect(existing(member)).toContain('KR_TF_GOOGLE_MEMBER');
    }
  });
});

describe('tokens', () => {
  it('pass through every prop unchecked', () => {
    const stack = googleStack((scope) => {
      const text = (id: string) => new TerraformVariable(scope, id, { type: 'string' }).stringValue;
      const list = (id: string) => new TerraformVariable(scope, id, { type: 'list(string)' }).listValue;
      const account = (id: string) => ({
        accountId: text(`${id}Account`),
        displayName: text(`${id}Name`),
        description: text(`${id}Text`),
        project: text(`${id}Project`),
      });
      new AttachedServiceAccount(scope, 'Attached', account('attached'));
      const workload = new GkeWorkloadIdentity(scope, 'Workload', {
        namespace: text('namespace'),
        serviceAccountName: text('name'),
        projectId: text('cluster'),
        projectNumber: text('number'),
      });
      expect(resolved(scope, workload.member)).toBe(
        'principal://iam.googleapis.com/projects/${var.number}/locations/global/workloadIdentityPools/${var.cluster}.svc.id.goog/subject/ns/${var.namespace}/sa/${var.name}',
      );
      new GkeImpersonation(scope, 'Impersonation', {
        ...account('gke'),
        namespace: text('gkeNamespace'),
        serviceAccountName: text('gkeServiceAccount'),
        clusterProjectId: text('gkeCluster'),
      });
      new ServiceAccountWithKey(scope, 'Key', {
        ...account('key'),
        secretId: text('secret'),
        secretLocations: list('locations'),
        labels: { [text('label')]: text('value') },
        keepers: { rotated: text('rotated') },
      });
      const existing = AttachedServiceAccount.fromEmail(scope, 'Existing', text('email'));
      expect(resolved(scope, existing.member)).toBe('serviceAccount:${var.email}');
      ServiceAccountWithKey.fromKey(
        scope,
        'ExistingKey',
        text('keyEmail'),
        EnvValue.fromGoogleSecret(text('secretName')),
      );
      expect(resolved(scope, GooglePrincipal.fromMember(scope, 'Member', text('member')).member)).toBe('${var.member}');
    });
    expect(ofType(stack, 'google_service_account')).toEqual(
      ['attached', 'gke', 'key'].map((id) => ({
        account_id: `\${var.${id}Account}`,
        display_name: `\${var.${id}Name}`,
        description: `\${var.${id}Text}`,
        project: `\${var.${id}Project}`,
      })),
    );
    expect(only(stack, 'google_service_account_iam_member')['member']).toBe(
      'serviceAccount:${var.gkeCluster}.svc.id.goog[${var.gkeNamespace}/${var.gkeServiceAccount}]',
    );
    expect(only(stack, 'google_secret_manager_secret')).toEqual({
      secret_id: '${var.secret}',
      project: '${var.keyProject}',
      labels: { '${var.label}': '${var.value}' },
      replication: {
        user_managed: {
          dynamic: {
            replicas: {
              for_each: '${toset(var.locations)}',
              iterator: 'each',
              content: { location: '${each.value}' },
            },
          },
        },
      },
    });
  });
});
