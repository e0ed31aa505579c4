import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  AgentImage,
  atSynth,
  EnvValue,
  type KubernetesImporter,
  type KubernetesImporterProps,
} from '../../../constructs';
import { anImporter, keys, pathsBelow, refusalOf, variablesOf, type Container, type Wanted } from './harness';

const initOf = ({ podParts }: KubernetesImporter): Container => atSynth(podParts.initContainer) as Container;

const handover = { name: 'kong-resilience-handover', mountPath: '/var/lib/kong-resilience/handover' };

describe('an importer on Kubernetes', () => {
  it('has values for Kong’s chart: the gateway as it is, the hook, the volume, its account', () => {
    const importer = anImporter();
    const { deployment, env, ...values } = atSynth(importer.helmValues);
    expect(values).toEqual({
      image: { repository: 'kong', tag: '3.9.1' },
      customEnv: { BASH_ENV: '/var/lib/kong-resilience/handover/start.sh' },
      ingressController: { enabled: false },
      manager: { enabled: false },
      status: { enabled: true, http: { enabled: true, containerPort: 8100 } },
      readinessProbe: { httpGet: { path: '/status/ready' } },
    });
    expect(env).toEqual(atSynth(importer.importer.gatewayEnvironment.toHelmValues().env));
    expect(deployment).toEqual({
      serviceAccount: { create: true, name: 'kong-gateway' },
      initContainers: [initOf(importer)],
      userDefinedVolumes: [
        {
          name: 'kong-resilience-agent',
          configMap: { name: importer.manifests[0]?.metadata.name, optional: true },
        },
        { name: 'kong-resilience-handover', emptyDir: {} },
      ],
      userDefinedVolumeMounts: [handover],
    });
  });

  it('has an init container with the agent’s environment, which says its user itself', () => {
    const importer = anImporter();
    const { env, ...container } = initOf(importer);
    expect(env).toEqual(atSynth(importer.importer.agentEnvironment.toKubernetes()));
    expect(container).toEqual({
      name: 'kong-resilience-import',
      image: 'node:22-slim',
      imagePullPolicy: 'IfNotPresent',
      command: ['/bin/sh', '-c', expect.any(String), '/opt/kong-resilience/kong-resilience.cjs'],
      args: ['import'],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 1000,
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumeMounts: [{ name: 'kong-resilience-agent', mountPath: '/opt/kong-resilience', readOnly: true }, handover],
    });
  });

  it('has the same as parts for a pod of your own', () => {
    const { podParts, importer, helmValues } = anImporter();
    expect(atSynth(podParts.gatewayEnv)).toEqual([
      ...atSynth(importer.gatewayEnvironment.toKubernetes()),
      { name: 'BASH_ENV', value: '/var/lib/kong-resilience/handover/start.sh' },
    ]);
    expect(podParts.gatewayReadinessProbe).toEqual({ httpGet: { path: '/status/ready', port: 8100 } });
    expect(podParts.volumes).toEqual(helmValues.deployment.userDefinedVolumes);
    expect(podParts.gatewayVolumeMounts).toEqual(helmValues.deployment.userDefinedVolumeMounts);
    expect([podParts.initContainer]).toEqual(helmValues.deployment.initContainers);
  });

  it.each([
    ['3.9.1', undefined, 'kong'],
    ['3.10.0.2', undefined, 'kong/kong-gateway'],
    ['3.10.0.2', 'mirror.example.com/kong', 'mirror.example.com/kong'],
  ])('runs the image of its version: %s, %s', (gatewayVersion, gatewayRepository, repository) => {
    const { helmValues } = anImporter({ importerNode: { gatewayVersion }, importer: { gatewayRepository } });
    expect(helmValues.image).toEqual({ repository, tag: gatewayVersion });
  });

  it('keeps the keys of the store from an open-source gateway', () => {
    const importer = anImporter({ credentials: keys });
    expect(variablesOf(initOf(importer))).toMatchObject({
      AWS_SECRET_ACCESS_KEY: { secretKeyRef: { name: 'store-keys', key: 'secret' } },
    });
    expect(JSON.stringify(importer.podParts.gatewayEnv)).not.toContain('store-keys');
    expect(JSON.stringify(importer.helmValues.customEnv)).not.toContain('store-keys');
  });

  it('annotates the chart’s service account, and mounts secrets in both containers', () => {
    const importer = anImporter({
      importerNode: { trustedCertificates: ['/etc/kong/ca/ca.crt'] },
      importer: {
        serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/gateway' },
        secretMounts: { '/etc/kong/ca': 'private-ca' },
      },
    });
    const { deployment } = importer.helmValues;
    expect(deployment.serviceAccount).toEqual({
      create: true,
      name: 'kong-gateway',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/gateway' },
    });
    const mount = { name: 'kong-resilience-secret-0', mountPath: '/etc/kong/ca', readOnly: true };
    expect(deployment.userDefinedVolumeMounts).toEqual([handover, mount]);
    expect(initOf(importer).volumeMounts.slice(-2)).toEqual([handover, mount]);
    expect(deployment.userDefinedVolumes.slice(-1)).toEqual([
      { name: 'kong-resilience-secret-0', secret: { secretName: 'private-ca' } },
    ]);
  });

  it('runs an image of your own by its entry point', () => {
    const image = AgentImage.fromImage('kong-resilience:0.1.0');
    const importer = anImporter({ importer: { image } });
    const container = initOf(importer);
    expect([container.image, container.command, container.args]).toEqual([
      'kong-resilience:0.1.0',
      undefined,
      ['import'],
    ]);
    expect(container.volumeMounts).toEqual([handover]);
    expect(importer.podParts.volumes).toEqual([{ name: 'kong-resilience-handover', emptyDir: {} }]);
    expect(importer.manifests).toEqual([]);
    expect(importer.toYaml()).toBe('');
  });

  it('keeps its ids', () => {
    expect(pathsBelow(anImporter())).toEqual([
      'stack/GatewayPods',
      'stack/GatewayPods/Agent',
      'stack/GatewayPods/Agent/Program',
    ]);
  });
});

describe('the init container', () => {
  /** Its command, with another program in the place of the agent's. */
  function run(program: string): { status: number | null; stdout: string; stderr: string } {
    const [shell = '', ...rest] = initOf(anImporter()).command ?? [];
    const args = [...rest.slice(0, -1), program, 'import'];
    const env = { PATH: process.env['PATH'] };
    const { status, stdout, stderr } = spawnSync(shell, args, { env, encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  it('becomes the program, with its arguments and its exit code', () => {
    const program = join(mkdtempSync(join(tmpdir(), 'agent-')), 'agent 1.cjs');
    writeFileSync(program, 'console.log(process.argv.slice(2), process.pid); process.exitCode = 7;');
    const { status, stdout, stderr } = run(program);
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
    expect(stdout).toMatch(/^\[ 'import' \] \d+\n$/);
  });

  it('holds no gateway back whose ConfigMap is gone, and says so', () => {
    expect(run('/nowhere/kong-resilience.cjs')).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'kong-resilience: /nowhere/kong-resilience.cjs is missing, so nothing is imported: is its ConfigMap gone?\n',
    });
  });
});

describe('an importer on Kubernetes is refused', () => {
  const refusal = (wanted: Wanted): string => refusalOf(() => anImporter(wanted));
  const one = (text: string): string => `stack/GatewayPods: 1 problem\n  ${text}`;

  it.each<[Partial<KubernetesImporterProps>, string]>([
    [
      { namespace: 'Kong' },
      'KR_TF_KUBERNETES_NAME namespace is "Kong": it must have 1 to 63 characters, lower-case letters, digits and "-", with a letter or digit first and last.',
    ],
    [
      { serviceAccountName: 'kong_gateway' },
      'KR_TF_KUBERNETES_NAME serviceAccountName is "kong_gateway": it must have 1 to 253 characters, lower-case letters, digits, "-" and ".", with a letter or digit first and last.',
    ],
    [
      { resources: { memoryLimit: 'much' } },
      'KR_TF_QUANTITY resources.memoryLimit is "much": it must be an amount as Kubernetes writes it, such as "100m" of a processor or "256Mi" of memory.',
    ],
    [
      { secretMounts: { '/var/lib/kong-resilience/handover': 'ca' } },
      'KR_TF_SECRET_MOUNT secretMounts has "/var/lib/kong-resilience/handover": it must be the absolute path of a folder of its own, such as "/etc/kong/cluster", and none that the pod has for something else.',
    ],
  ])('with %j', (importer, text) => {
    expect(refusal({ importer })).toBe(one(text));
  });

  it('with a file of the chart’s own mounts, which the init container does not have', () => {
    const clusterCert = EnvValue.fromText('/etc/secrets/kong-cluster/tls.crt');
    expect(refusal({ importerNode: { clusterCert } })).toBe(
      one(
        "KR_TF_FILE_NOT_MOUNTED KONG_CLUSTER_CERT names /etc/secrets/kong-cluster/tls.crt, which is not in the pod. Give the secret itself (EnvValue.fromKubernetesSecret), or mount the secret that holds the file: secretMounts: { \"/etc/secrets/kong-cluster\": '<name of the secret>' }. Where secretVolumes of Kong's chart have it in the gateway, merge your values (helmValuesToYaml(yours)): that mount is left to the chart.",
      ),
    );
  });

  it('with a hand-over folder of its own, a BASH_ENV of its own and a file that is not mounted', () => {
    expect(
      refusal({
        importerNode: {
          clusterCertKey: EnvValue.fromText('/etc/kong/tls.key'),
          environment: {
            KONG_RESILIENCE_HANDOVER_DIR: EnvValue.fromText('/handover'),
            BASH_ENV: EnvValue.fromText('/etc/profile'),
          },
        },
        importer: { image: AgentImage.fromImage('kong-resilience') },
      }),
    ).toBe(
      [
        'stack/GatewayPods: 4 problems',
        '  KR_TF_IMAGE image is "kong-resilience": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.',
        '  KR_TF_FILE_NOT_MOUNTED KONG_CLUSTER_CERT_KEY names /etc/kong/tls.key, which is not in the pod. Give the secret itself (EnvValue.fromKubernetesSecret), or mount the secret that holds the file: secretMounts: { "/etc/kong": \'<name of the secret>\' }.',
        '  KR_TF_FOLDER_MOVED KONG_RESILIENCE_HANDOVER_DIR is set, and in a pod that folder is a volume of its own, at /var/lib/kong-resilience/handover. Leave the variable out.',
        '  KR_TF_BASH_ENV BASH_ENV is set in the environment of the gateway, which needs it for the start script of the hand-over. Leave it out.',
      ].join('\n'),
    );
  });
});
