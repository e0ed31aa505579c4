import { readFileSync } from 'node:fs';
import { Fn, TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { Construct } from 'constructs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  atSynth,
  EnvValue,
  KubernetesAlarms,
  KubernetesCheck,
  type KubernetesExporter,
  type KubernetesImporter,
  type KubernetesManifest,
} from '../../../constructs';
import { agentBundle } from '../../../constructs/artefact';
import { kubernetesSchemasAreMissing, validateKubernetes } from '../support/parsers';
import { terraformIsMissing, terraformLifecycle } from '../support/terraform';
import { anExporter, anImporter, type Pod } from './harness';
import { restrictedProblems } from './pod-security';

/** The oldest version that a cloud still runs, and the newest of the schemas. */
const versions = ['1.30.0', '1.37.0'];

/** Everything that this folder makes, in one namespace. */
class Whole extends TerraformStack {
  readonly exporter: KubernetesExporter;
  readonly importer: KubernetesImporter;
  readonly check: KubernetesCheck;
  readonly alarms: KubernetesAlarms;

  /** @param unknown whether Terraform alone is to know what the user gives */
  constructor(unknown: boolean) {
    super(Testing.app(), 'stack');
    const t = (id: string, value: string): string =>
      unknown ? new TerraformVariable(this, id, { type: 'string', default: value }).stringValue : value;
    const n = (id: string, value: number): number =>
      unknown ? new TerraformVariable(this, id, { type: 'number', default: value }).numberValue : value;
    const namespace = t('namespace', 'kong');
    const storageUrl = `s3://${t('bucket', 'kong-fallback')}/kong`;
    const role = t('role', 'arn:aws:iam::123456789012:role/kong');
    const shared = {
      storageUrl,
      storeEnvironment: { AWS_CONFIG_STORAGE_ENDPOINT: EnvValue.fromText(t('endpoint', 'http://minio.minio:9000')) },
    };
    // Each of these characters means something to YAML, to Terraform or to the kubelet.
    const labels = { KONG_CLUSTER_DP_LABELS: EnvValue.fromText('a:b') };
    const tricky = { TRICKY: EnvValue.fromText('a "${b}" %{c} $(HOME) #d: |\n\t\\ é') };
    const shutdown = { KONG_RESILIENCE_SHUTDOWN_SECONDS: EnvValue.fromText(t('shutdown', '1.5')) };
    const node = {
      controlPlane: t('control_plane', 'cp.example.com:8005'),
      environment: { ...labels, ...tricky, ...shutdown },
    };
    this.exporter = anExporter(
      {
        ...shared,
        exporterNode: { ...node, statusPort: n('status_port', 9100) },
        exporter: {
          namespace,
          serviceAccountName: t('exporter_account', 'kong-exporter'),
          serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': role },
          monitoringNamespace: t('monitoring', 'monitoring'),
          replicas: n('replicas', 2),
          egressPorts: [n('egress_port', 3128)],
        },
      },
      this,
    );
    this.importer = anImporter(
      {
        ...shared,
        importerNode: {
          ...node,
          gatewayVersion: t('gateway_version', '3.9.1'),
          gatewayStatusPort: n('gateway_port', 9200),
        },
        importer: {
          namespace,
          serviceAccountName: t('gateway_account', 'kong-gateway'),
          serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': role },
        },
      },
      this,
    );
    this.check = new KubernetesCheck(this, 'Check', { importer: this.importer });
    this.alarms = new KubernetesAlarms(this, 'Alarms', {
      exporter: this.exporter,
      check: this.check,
      confirmedWithinSeconds: n('max_age', 600),
    });
    const { exporter, importer, check, alarms } = this;
    const outputs = {
      exporter: exporter.toYaml(),
      importer: importer.toYaml(),
      check: check.toYaml(),
      alarms: alarms.toYaml(),
      values: importer.helmValuesToYaml(),
      json: `[${[...exporter.manifests, ...importer.manifests, ...check.manifests, ...alarms.manifests].map((manifest) => JSON.stringify(manifest)).join(',')}]`,
    };
    for (const [name, value] of Object.entries(outputs)) new TerraformOutput(this, name, { value });
  }
}

/** The network policies of exporters with addresses that are variables. */
class Addresses extends TerraformStack {
  constructor(addresses: readonly (readonly [controlPlane: string, endpoint: string, ports: number[]])[]) {
    super(Testing.app(), 'stack');
    addresses.forEach(([controlPlane, endpoint], index) => {
      const token = (id: string, value: string): string =>
        new TerraformVariable(this, `${id}-${index}`, { type: 'string', default: value }).stringValue;
      const { networkPolicy } = anExporter(
        {
          storeEnvironment: { AWS_CONFIG_STORAGE_ENDPOINT: EnvValue.fromText(token('endpoint', endpoint)) },
          exporterNode: { controlPlane: token('control-plane', controlPlane) },
        },
        // Each in a construct of its own, since the ids are the same.
        new Construct(this, `At${index}`),
      );
      new TerraformOutput(this, `policy-${index}`, { value: Fn.yamlencode(networkPolicy) });
    });
  }
}

const known = (): Whole => new Whole(false);
const unknown = (): Whole => new Whole(true);

type Document = Readonly<Record<string, unknown>>;

function documentsIn(stream: unknown): Document[] {
  return parseAllDocuments(String(stream)).map((document) => {
    expect('errors' in document ? document.errors : []).toEqual([]);
    return document.toJS() as Document;
  });
}

/** The objects that a stack is about to write, as they are at synth. */
function objectsOf({ exporter, importer, check, alarms }: Whole): Record<string, unknown> {
  const agent = readFileSync(agentBundle(), 'utf8');
  const plain = (manifests: readonly KubernetesManifest[]): unknown[] =>
    manifests.map((manifest) =>
      manifest.kind === 'ConfigMap'
        ? { ...manifest, data: { 'kong-resilience.cjs': agent } }
        : (atSynth(manifest) as unknown),
    );
  return {
    exporter: plain(exporter.manifests),
    importer: plain(importer.manifests),
    check: plain(check.manifests),
    alarms: plain(alarms.manifests),
    values: [atSynth(importer.helmValues)],
    json: [[exporter, importer, check, alarms].flatMap(({ manifests }) => plain(manifests))],
  };
}

describe.skipIf(terraformIsMissing())('what Terraform writes', { timeout: 180_000 }, () => {
  let written: Record<string, Document[]>;
  beforeAll(async () => {
    const { outputs } = await terraformLifecycle(known());
    written = Object.fromEntries(Object.entries(outputs).map(([name, text]) => [name, documentsIn(text)]));
  }, 180_000);

  it('is the objects, with the agent whole', () => {
    expect(written).toEqual(objectsOf(known()));
  });

  it('is the same where Terraform alone knows what the user gave', async () => {
    const { outputs } = await terraformLifecycle(unknown());
    const texts = Object.fromEntries(Object.entries(outputs).map(([name, text]) => [name, documentsIn(text)]));
    expect(texts).toEqual(written);
  });

  it('opens the ports of addresses that Terraform alone knows', async () => {
    const addresses: [controlPlane: string, endpoint: string, ports: number[]][] = [
      ['cp.example.com:443', 'https://minio.example.com', [443, 443, 443]],
      ['[2001:db8::5]:8443', 'http://minio.example.com/', [443, 8443, 80]],
      ['[::1]:8005', 'https://[2001:db8::7]/', [443, 8005, 443]],
      ['cp:8005', 'http://[2001:db8::7]:9000', [443, 8005, 9000]],
    ];
    const { outputs } = await terraformLifecycle(new Addresses(addresses));
    const opened = addresses.map((_address, index) => {
      const [policy] = documentsIn(outputs[`policy-${index}`]);
      const { egress } = policy?.['spec'] as { egress: { ports: { port: number }[] }[] };
      return egress[1]?.ports.map(({ port }) => port);
    });
    expect(opened).toEqual(addresses.map(([, , ports]) => ports));
  });

  describe.skipIf(kubernetesSchemasAreMissing())('against the strict schemas of Kubernetes', () => {
    /** A pod as Kong's chart has it, as far as our parts are concerned. */
    const gatewayPod = (): Document => {
      const [values] = written['values'] as unknown as { deployment: Record<string, unknown> }[];
      const {
        initContainers,
        userDefinedVolumes: volumes,
        userDefinedVolumeMounts: volumeMounts,
      } = values?.deployment ?? {};
      const containers = [{ name: 'proxy', image: 'kong:3.9.1', volumeMounts }];
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'kong' },
        spec: { initContainers, containers, volumes },
      };
    };
    const manifests = (): Document[] =>
      ['exporter', 'importer', 'check'].flatMap((name) => written[name] ?? []).concat(gatewayPod());

    it.each(versions)('is right: %s', (version) => {
      const found = manifests().map(({ kind }) => kind);
      expect(found).toEqual([
        'ConfigMap',
        'ServiceAccount',
        'NetworkPolicy',
        'Deployment',
        'ConfigMap',
        'NetworkPolicy',
        'CronJob',
        'Pod',
      ]);
      expect(validateKubernetes(manifests(), version)).toEqual(found.map(() => ''));
    });

    it.each(versions)('would not be with a field too many: %s', (version) => {
      const [, serviceAccount = {}] = written['exporter'] ?? [];
      expect(validateKubernetes([{ ...serviceAccount, automountToken: false }], version)).toEqual([
        ": Additional properties are not allowed ('automountToken' was unexpected)",
      ]);
    });
  });

  it('passes the restricted pod security standard', () => {
    const deployment = written['exporter']?.[3] as unknown as { spec: { template: { spec: Pod } } };
    const cronJob = written['check']?.[1] as unknown as {
      spec: { jobTemplate: { spec: { template: { spec: Pod } } } };
    };
    expect(restrictedProblems(deployment.spec.template.spec)).toEqual([]);
    expect(restrictedProblems(cronJob.spec.jobTemplate.spec.template.spec)).toEqual([]);
    // The init container stands in a pod of the chart, which says nothing of users.
    const [values] = written['values'] as unknown as { deployment: { initContainers: Pod['containers'] } }[];
    expect(restrictedProblems({ containers: values?.deployment.initContainers ?? [] })).toEqual([]);
  });

  it('would not pass it with any control broken', () => {
    const deployment = written['exporter']?.[3] as unknown as { spec: { template: { spec: Pod } } };
    const pod = deployment.spec.template.spec;
    const [container] = pod.containers;
    if (container === undefined) throw new Error('no container');
    const withSecurity = (security: object): Pod => ({
      ...pod,
      containers: [{ ...container, securityContext: { ...container.securityContext, ...security } }],
    });
    const broken: [Pod, string][] = [
      [{ ...pod, hostNetwork: true }, 'host namespaces: hostNetwork'],
      [withSecurity({ privileged: true }), 'privileged: kong-resilience'],
      [withSecurity({ capabilities: {} }), 'capabilities: kong-resilience'],
      [withSecurity({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }), 'capabilities: kong-resilience'],
      [{ ...pod, volumes: [{ name: 'host', hostPath: { path: '/' } }] }, 'volume kinds: hostPath'],
      [{ ...pod, containers: [{ ...container, ports: [{ hostPort: 80 }] }] }, 'host ports: kong-resilience'],
      [withSecurity({ allowPrivilegeEscalation: undefined }), 'privilege escalation: kong-resilience'],
      [withSecurity({ runAsNonRoot: false }), 'running as non-root: kong-resilience'],
      [withSecurity({ runAsUser: 0 }), 'running as a user: kong-resilience'],
      [withSecurity({ seccompProfile: { type: 'Unconfined' } }), 'seccomp: kong-resilience'],
    ];
    for (const [bad, problem] of broken) expect(restrictedProblems(bad)).toEqual([problem]);
  });
});
