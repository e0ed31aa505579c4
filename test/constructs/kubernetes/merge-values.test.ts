import { Fn, TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { atSynth, EnvValue, type KubernetesImporter } from '../../../constructs';
import { goParsersAreMissing, parseHelm, type Environment } from '../support/parsers';
import { terraformIsMissing, terraformLifecycle } from '../support/terraform';
import { aStack, anImporter, refusalOf, type Wanted } from './harness';

/** Values as a platform has them for its gateways already, of each kind that YAML knows. */
const mine = parse(`
image: { repository: kong, tag: "3.9.1" }
env:
  role: data_plane
  nginx_worker_processes: "2"
  log_level: notice
  real_ip_header: 'a "quoted" \${one} %{two} #three'
customEnv: { MY_OWN: "yes" }
proxy: { type: LoadBalancer, annotations: { 'example.com/a.b': "1", 'odd "\${key}"': "2" } }
admin: { enabled: false }
autoscaling: { enabled: true, maxReplicas: 12, metrics: [{ type: Resource, ratio: 0.5 }] }
secretVolumes: [our-tls]
nodeSelector: null
tolerations: [null, {}]
deployment:
  serviceAccount: { annotations: { 'iam.gke.io/gcp-service-account': kong-dp@acme.iam.gserviceaccount.com } }
  initContainers: [{ name: fetch-geoip, image: 'busybox:1.36', volumeMounts: [{ name: geoip, mountPath: /geoip }] }]
  userDefinedVolumes: [{ name: geoip, emptyDir: {} }]
  userDefinedVolumeMounts: [{ name: geoip, mountPath: /geoip }, { name: geoip, mountPath: /again }]
`) as Record<string, unknown>;

interface Entry {
  readonly name: string;
  readonly mountPath?: string;
  readonly [field: string]: unknown;
}

interface Pod {
  readonly initContainers: readonly Entry[];
  readonly volumes: readonly Entry[];
  readonly volumeMounts: readonly Entry[];
}

/** What Kong's chart makes of these values: its own templates, as far as lists are concerned. */
const podTemplate = `
{{- $deployment := .Values.deployment }}
{{- $volumes := list }}{{ $mounts := list }}
{{- range .Values.secretVolumes }}
{{- $volumes = append $volumes (dict "name" . "secret" (dict "secretName" .)) }}
{{- $mounts = append $mounts (dict "name" . "mountPath" (printf "/etc/secrets/%s" .)) }}
{{- end }}
env:
- name: initContainers
  value: {{ toJson $deployment.initContainers | quote }}
- name: volumes
  value: {{ toJson (concat $volumes $deployment.userDefinedVolumes) | quote }}
- name: volumeMounts
  value: {{ toJson (concat $mounts $deployment.userDefinedVolumeMounts) | quote }}
`;

function podOf(values: string): Pod {
  const rendered = parseHelm(values, {}, podTemplate);
  return Object.fromEntries(Object.entries(rendered).map(([name, text]) => [name, JSON.parse(text)])) as unknown as Pod;
}

const names = (entries: readonly Entry[]): string[] => entries.map(({ name, mountPath }) => mountPath ?? name);

/** The chart's own mount of a secret that the init container needs as well. */
const caMounted: Wanted = {
  importerNode: { trustedCertificates: ['/etc/secrets/our-tls/ca.crt'] },
  importer: { secretMounts: { '/etc/secrets/our-tls': 'our-tls' } },
};

describe.skipIf(terraformIsMissing() || goParsersAreMissing())(
  'values of Kong’s chart that are there already',
  { timeout: 180_000 },
  () => {
    let importer: KubernetesImporter;
    let written: Record<string, string>;
    beforeAll(async () => {
      const stack = new TerraformStack(Testing.app(), 'stack');
      const variable = new TerraformVariable(stack, 'level', { type: 'string', default: 'in"fo' }).stringValue;
      const withTokens = { ...mine, podLabels: { level: variable }, fromTerraform: Fn.toset(['a']) };
      importer = anImporter(caMounted, stack);
      const outputs = {
        merged: importer.helmValuesToYaml(withTokens),
        json: JSON.stringify(importer.helmValuesWith({ ...mine, podLabels: { level: variable } })),
        alone: importer.helmValuesToYaml(),
      };
      for (const [name, value] of Object.entries(outputs)) new TerraformOutput(stack, name, { value });
      written = (await terraformLifecycle(stack)).outputs as Record<string, string>;
    }, 180_000);

    it('and ours become one document, in which theirs come first', () => {
      const pod = podOf(written['merged'] ?? '');
      expect(names(pod.initContainers)).toEqual(['fetch-geoip', 'kong-resilience-import']);
      expect(names(pod.volumes)).toEqual([
        'our-tls',
        'geoip',
        'kong-resilience-agent',
        'kong-resilience-handover',
        'kong-resilience-secret-0',
      ]);
      expect(names(pod.volumeMounts)).toEqual([
        '/etc/secrets/our-tls',
        '/geoip',
        '/again',
        '/var/lib/kong-resilience/handover',
      ]);
    });

    it('keep all that they say, and get all that ours say', () => {
      const merged = parse(written['merged'] ?? '') as typeof mine & {
        deployment: object;
        env: object;
        customEnv: object;
      };
      const ours = atSynth(importer.helmValues);
      expect(merged).toMatchObject({
        ...mine,
        podLabels: { level: 'in"fo' },
        fromTerraform: ['a'],
        env: { ...(mine['env'] as object), ...ours.env },
        customEnv: { MY_OWN: 'yes', ...ours.customEnv },
        deployment: {
          serviceAccount: {
            ...(mine['deployment'] as { serviceAccount: object }).serviceAccount,
            ...ours.deployment.serviceAccount,
          },
        },
      });
      expect(Object.keys(merged).sort()).toEqual(
        [...new Set([...Object.keys(mine), ...Object.keys(ours), 'podLabels', 'fromTerraform'])].sort(),
      );
      const environment: Environment = parseHelm(written['merged'] ?? '');
      expect(environment).toMatchObject({
        KONG_REAL_IP_HEADER: 'a "quoted" ${one} %{two} #three',
        KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
        MY_OWN: 'yes',
        BASH_ENV: '/var/lib/kong-resilience/handover/start.sh',
      });
    });

    it('are the same as JSON', () => {
      const json = JSON.parse(written['json'] ?? '') as object;
      expect({ ...json, fromTerraform: ['a'] }).toEqual(parse(written['merged'] ?? ''));
    });

    it('are not needed', () => {
      expect(parse(written['alone'] ?? '')).toEqual(atSynth(importer.helmValues));
    });
  },
);

describe('values that say what ours say', () => {
  const merged = (values: object, wanted: Wanted = {}): unknown =>
    atSynth(anImporter(wanted).helmValuesWith(values as Record<string, unknown>));

  it('stand once where they are equal, whatever the order of their keys and the kind of a number', () => {
    const ours = atSynth(anImporter().helmValues);
    expect(merged(JSON.parse(JSON.stringify(ours)) as object)).toEqual(ours);
    const handover = { mountPath: '/var/lib/kong-resilience/handover', name: 'kong-resilience-handover' };
    expect(
      merged({ deployment: { userDefinedVolumeMounts: [handover] }, status: { http: { containerPort: '8100' } } }),
    ).toEqual(ours);
  });

  it('stand once where both have the same token', () => {
    const stack = aStack();
    const variable = new TerraformVariable(stack, 'cp', { type: 'string' });
    const importer = anImporter({ importerNode: { controlPlane: variable.stringValue } }, stack);
    expect(() => importer.helmValuesWith({ env: { cluster_control_plane: variable.stringValue } })).not.toThrow();
    expect(refusalOf(() => importer.helmValuesWith({ env: { cluster_control_plane: 'cp:8005' } }))).toBe(
      'stack/GatewayPods: 1 problem\n' +
        '  KR_TF_HELM_CONFLICT env.cluster_control_plane is "cp:8005" in your values, and a value that Terraform alone knows in those of the importer. Leave it out; where it is to differ, give controlPlane to KongResilience.',
    );
  });

  it.each<[string, object, Wanted, string]>([
    [
      'another text',
      { env: { lua_ssl_trusted_certificate: 'system,/etc/secrets/ca/ca.crt' } },
      {},
      'KR_TF_HELM_CONFLICT env.lua_ssl_trusted_certificate is "system,/etc/secrets/ca/ca.crt" in your values, and "system" in those of the importer. Leave it out; where it is to differ, give trustedCertificates to KongResilience.',
    ],
    [
      'a file where ours is a secret',
      { env: { cluster_cert_key: '/etc/secrets/cluster/tls.key' } },
      {},
      'KR_TF_HELM_CONFLICT env.cluster_cert_key is "/etc/secrets/cluster/tls.key" in your values, and {"valueFrom":{"secretKeyRef":{"name":"kong-cluster","key":"tls.key"}}} in those of the importer. Leave it out; where it is to differ, give clusterCertKey to KongResilience.',
    ],
    [
      'another kind of reference, which would become both',
      { env: { cluster_cert: { valueFrom: { configMapKeyRef: { name: 'cert', key: 'tls.crt' } } } } },
      {},
      'KR_TF_HELM_CONFLICT env.cluster_cert is {"valueFrom":{"configMapKeyRef":{"name":"cert","key":"tls.crt"}}} in your values, and {"valueFrom":{"secretKeyRef":{"name":"kong-cluster","key":"tls.crt"}}} in those of the importer. Leave it out; where it is to differ, give clusterCert to KongResilience.',
    ],
    [
      'a key in the clear, which is not shown',
      { env: { cluster_cert_key: '-----BEGIN PRIVATE KEY-----\nMII' } },
      {},
      'KR_TF_HELM_CONFLICT env.cluster_cert_key is a secret in your values, and {"valueFrom":{"secretKeyRef":{"name":"kong-cluster","key":"tls.key"}}} in those of the importer. Leave it out; where it is to differ, give clusterCertKey to KongResilience.',
    ],
    [
      'a switch of YAML',
      { env: { database: false } },
      {},
      'KR_TF_HELM_CONFLICT env.database is false in your values, and "off" in those of the importer. Leave it out.',
    ],
    [
      'another BASH_ENV',
      { customEnv: { BASH_ENV: '/etc/profile' } },
      {},
      'KR_TF_HELM_CONFLICT customEnv.BASH_ENV is "/etc/profile" in your values, and "/var/lib/kong-resilience/handover/start.sh" in those of the importer. Leave it out.',
    ],
    [
      'another tag',
      { image: { tag: '3.8.0' } },
      {},
      'KR_TF_HELM_CONFLICT image.tag is "3.8.0" in your values, and "3.9.1" in those of the importer. Leave it out; where it is to differ, give gatewayVersion to the importer.',
    ],
    [
      'nothing, where ours is a map',
      { readinessProbe: null },
      {},
      'KR_TF_HELM_CONFLICT readinessProbe is null in your values, and {"httpGet":{"path":"/status/ready"}} in those of the importer. Leave it out.',
    ],
    [
      'a volume of the same name',
      { deployment: { userDefinedVolumes: [{ name: 'kong-resilience-handover', hostPath: { path: '/srv' } }] } },
      {},
      'KR_TF_HELM_CONFLICT deployment.userDefinedVolumes is {"name":"kong-resilience-handover","hostPath":{"path":"/srv"}} in your values, and {"name":"kong-resilience-handover","emptyDir":{}} in those of the importer. Leave it out, or give yours another name or path.',
    ],
    [
      'a mount at the same path',
      { deployment: { userDefinedVolumeMounts: [{ name: 'own', mountPath: '/var/lib/kong-resilience/handover/' }] } },
      {},
      'KR_TF_HELM_CONFLICT deployment.userDefinedVolumeMounts is {"name":"own","mountPath":"/var/lib/kong-resilience/handover/"} in your values, and {"name":"kong-resilience-handover","mountPath":"/var/lib/kong-resilience/handover"} in those of the importer. Leave it out, or give yours another name or path.',
    ],
    [
      'an init container of the same name, whose variables are not shown',
      {
        deployment: {
          initContainers: [{ name: 'kong-resilience-import', image: 'own:1', env: [{ name: 'A', value: 'b' }] }],
        },
      },
      {},
      'KR_TF_HELM_CONFLICT deployment.initContainers is a container "kong-resilience-import" in your values, and a container "kong-resilience-import" in those of the importer. Leave it out, or give yours another name or path.',
    ],
    [
      'another secret at the path where the chart mounts one',
      { secretVolumes: ['our-tls'] },
      { importer: { secretMounts: { '/etc/secrets/our-tls': 'another' } } },
      'KR_TF_HELM_CONFLICT secretVolumes at /etc/secrets/our-tls is "our-tls" in your values, and "another" in those of the importer. Give secretMounts the same.',
    ],
  ])('are refused with %s', (_what, values, wanted, text) => {
    expect(refusalOf(() => merged(values, wanted))).toBe(`stack/GatewayPods: 1 problem\n  ${text}`);
  });

  it('are told all at once', () => {
    const refusal = refusalOf(() =>
      merged(
        { env: { role: 'control_plane', cluster_mtls: 'pki' }, manager: { enabled: true } },
        { importerNode: { clusterMtls: 'shared' } },
      ),
    );
    expect(refusal.split('\n').map((line) => line.trim().split(' ').slice(0, 2).join(' '))).toEqual([
      'stack/GatewayPods: 3',
      'KR_TF_HELM_CONFLICT env.cluster_mtls',
      'KR_TF_HELM_CONFLICT env.role',
      'KR_TF_HELM_CONFLICT manager.enabled',
    ]);
  });

  it.each<[unknown, string]>([
    ['env: {}', 'the values is a text'],
    [[], 'the values is a list'],
    [null, 'the values is null'],
    [Fn.yamldecode('a: 1'), 'the values is known to Terraform alone'],
    [Fn.file('values.yaml'), 'the values is known to Terraform alone'],
    [{ podAnnotations: { since: new Date(0) } }, 'podAnnotations.since is a Date'],
    [{ list: [() => 1] }, 'list[0] is a function'],
    [{ deployment: { name: EnvValue.fromText('a') } }, 'deployment.name is a EnvValue'],
  ])('are refused as %j, which is no map of what YAML holds', (values, what) => {
    expect(refusalOf(() => anImporter().helmValuesToYaml(values as Record<string, unknown>))).toBe(
      `stack/GatewayPods: 1 problem\n  KR_TF_HELM_VALUES ${what}: give your values of the chart as an object, such as load(readFileSync('values.yaml', 'utf8')) of js-yaml makes of a file.`,
    );
  });
});
