import { describe, expect, it } from 'vitest';
import {
  AgentConfigMap,
  AgentImage,
  atSynth,
  DeclarationError,
  EnvValue,
  ExporterImporterNode,
  type EnvValues,
  type KubernetesExporterProps,
} from '../../../constructs';
import { agentVersion } from '../../../constructs/artefact';
import {
  anExporter,
  aStack,
  containerOf,
  keys,
  pathsBelow,
  podOf,
  refusalOf,
  SomePrincipal,
  SomeStore,
  variablesOf,
  type Wanted,
} from './harness';

const selector = {
  'app.kubernetes.io/name': 'kong-resilience',
  'app.kubernetes.io/instance': 'kong-exporter',
  'app.kubernetes.io/component': 'exporter',
};
const labels = { ...selector, 'app.kubernetes.io/version': agentVersion() };

/** Rules of what may go out, without those for names and for 443 and the control plane. */
function egressOf(wanted: Wanted): unknown[] {
  const { spec } = atSynth(anExporter(wanted).networkPolicy) as unknown as { spec: { egress: unknown[] } };
  return spec.egress.slice(2);
}

/** TCP ports that are open to every address. */
function openPorts(wanted: Wanted): unknown[] {
  const { spec } = atSynth(anExporter(wanted).networkPolicy) as unknown as {
    spec: { egress: { ports: { port: number }[] }[] };
  };
  return spec.egress[1]?.ports.map(({ port }) => port) ?? [];
}

describe('an exporter on Kubernetes', () => {
  it('is a service account, a network policy and a deployment, after the agent’s ConfigMap', () => {
    const { manifests } = anExporter();
    expect(manifests.map(({ kind, metadata: { name, namespace } }) => [kind, name, namespace])).toEqual([
      ['ConfigMap', expect.stringMatching(/^kong-resilience-[\d.]+-[0-9a-f]{10}$/), 'kong'],
      ['ServiceAccount', 'kong-exporter', 'kong'],
      ['NetworkPolicy', 'kong-exporter', 'kong'],
      ['Deployment', 'kong-exporter', 'kong'],
    ]);
  });

  it('keeps its ids', () => {
    expect(pathsBelow(anExporter())).toEqual([
      'stack/ExporterPods',
      'stack/ExporterPods/Agent',
      'stack/ExporterPods/Agent/Program',
    ]);
  });

  it('runs the agent with the environment of its node, as any user of the restricted standard', () => {
    const exporter = anExporter();
    const container = containerOf(podOf(exporter.deployment));
    const { env, ...rest } = container;
    expect(env).toEqual(atSynth(exporter.exporter.agentEnvironment.toKubernetes()));
    expect(rest).toEqual({
      name: 'kong-resilience',
      image: 'node:22-slim',
      imagePullPolicy: 'IfNotPresent',
      command: ['node', '/opt/kong-resilience/kong-resilience.cjs'],
      args: ['run'],
      ports: [{ name: 'status', containerPort: 8101 }],
      startupProbe: { httpGet: { path: '/health', port: 'status' }, periodSeconds: 2, failureThreshold: 30 },
      livenessProbe: {
        httpGet: { path: '/health', port: 'status' },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 6,
      },
      readinessProbe: { httpGet: { path: '/ready', port: 'status' }, periodSeconds: 5, timeoutSeconds: 5 },
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 1000,
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumeMounts: [
        { name: 'kong-resilience-agent', mountPath: '/opt/kong-resilience', readOnly: true },
        { name: 'spool', mountPath: '/var/lib/kong-resilience/spool' },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    });
  });

  it('has a pod without a token of Kubernetes and without the variables of its Services, which ends after its export', () => {
    const { manifests, deployment } = anExporter();
    const { containers, topologySpreadConstraints: spread, ...pod } = podOf(deployment);
    expect(containers).toHaveLength(1);
    expect(spread).toEqual(
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selector },
      })),
    );
    expect(pod).toEqual({
      serviceAccountName: 'kong-exporter',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 1000,
        runAsNonRoot: true,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      terminationGracePeriodSeconds: 30,
      volumes: [
        { name: 'kong-resilience-agent', configMap: { name: manifests[0]?.metadata.name } },
        { name: 'spool', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    });
  });

  it('is updated by a new pod that is ready before the old one goes, and keeps no node from being drained', () => {
    const { metadata, spec } = atSynth(anExporter().deployment) as unknown as {
      metadata: unknown;
      spec: { template: { metadata: unknown } } & Record<string, unknown>;
    };
    const { template, ...rest } = spec;
    expect(metadata).toEqual({ name: 'kong-exporter', namespace: 'kong', labels });
    expect(rest).toEqual({
      replicas: 1,
      revisionHistoryLimit: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selector },
    });
    expect(template.metadata).toEqual({
      labels,
      annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' },
    });
    expect(anExporter().manifests.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  });

  it.each([
    ['25', 30],
    ['1.5', 7],
    ['600', 605],
  ])('gives an export in hand its %s seconds before it is killed', (seconds, grace) => {
    const environment = { KONG_RESILIENCE_SHUTDOWN_SECONDS: EnvValue.fromText(seconds) };
    const pod = podOf(anExporter({ exporterNode: { environment } }).deployment);
    expect(pod['terminationGracePeriodSeconds']).toBe(grace);
  });

  it('annotates its service account, which mounts no token', () => {
    const serviceAccountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/exporter' };
    expect(anExporter({ exporter: { serviceAccountAnnotations } }).serviceAccount).toEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'kong-exporter', namespace: 'kong', labels, annotations: serviceAccountAnnotations },
      automountServiceAccountToken: false,
    });
  });

  it('runs the export of a node that also imports: no gateway is beside it to import for', () => {
    const stack = aStack();
    const node = new ExporterImporterNode(stack, 'Both', {
      controlPlane: 'cp.example.com:8005',
      clusterCert: EnvValue.fromKubernetesSecret('kong-cluster', 'tls.crt'),
      clusterCertKey: EnvValue.fromKubernetesSecret('kong-cluster', 'tls.key'),
      store: new SomeStore(stack, 'BothStore'),
      principal: new SomePrincipal(stack, 'BothPrincipal'),
      gatewayVersion: '3.9.1',
    });
    const { args, env } = containerOf(podOf(anExporter({ exporter: { exporter: node } }, stack).deployment));
    expect(args).toEqual(['export']);
    expect(env).toEqual(atSynth(node.agentEnvironment.toKubernetes()));
  });

  it('takes an image of your own, whose entry point is the program, and no ConfigMap then', () => {
    const image = AgentImage.fromImage('registry.example.com/kong-resilience:0.1.0');
    const { manifests, deployment } = anExporter({ exporter: { image, imagePullSecrets: ['registry'] } });
    expect(manifests.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'NetworkPolicy', 'Deployment']);
    const pod = podOf(deployment);
    const container = containerOf(pod);
    expect([container.image, container.command, container.args]).toEqual([
      'registry.example.com/kong-resilience:0.1.0',
      undefined,
      ['run'],
    ]);
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(['spool', 'tmp']);
    expect(pod['imagePullSecrets']).toEqual([{ name: 'registry' }]);
  });

  it('shares a ConfigMap that is declared by itself, with a mirror of the image of Node', () => {
    const stack = aStack();
    const configMap = new AgentConfigMap(stack, 'Agent', { namespace: 'kong' });
    const image = AgentImage.nodeWithConfigMap(configMap, 'mirror.example.com:5000/node:22.14.0-slim');
    const { manifests, deployment } = anExporter({ exporter: { image } }, stack);
    expect(manifests.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'NetworkPolicy', 'Deployment']);
    const pod = podOf(deployment);
    expect(containerOf(pod).image).toBe('mirror.example.com:5000/node:22.14.0-slim');
    expect(pod.volumes?.[0]).toEqual({
      name: 'kong-resilience-agent',
      configMap: { name: configMap.configMapName },
    });
  });

  it('mounts the secrets whose files its environment names', () => {
    const exporter = anExporter({
      exporterNode: { trustedCertificates: ['/etc/kong/ca/ca.crt'] },
      exporter: { secretMounts: { '/etc/kong/tls': 'other', '/etc/kong/ca': 'private-ca' } },
    });
    const pod = podOf(exporter.deployment);
    expect(pod.volumes?.slice(-2)).toEqual([
      { name: 'kong-resilience-secret-0', secret: { secretName: 'private-ca' } },
      { name: 'kong-resilience-secret-1', secret: { secretName: 'other' } },
    ]);
    expect(containerOf(pod).volumeMounts.slice(-2)).toEqual([
      { name: 'kong-resilience-secret-0', mountPath: '/etc/kong/ca', readOnly: true },
      { name: 'kong-resilience-secret-1', mountPath: '/etc/kong/tls', readOnly: true },
    ]);
  });

  it('has a second pod and amounts of your own', () => {
    const resources = { cpuRequest: '250m', cpuLimit: '1', memoryRequest: '256Mi', memoryLimit: '2Gi' };
    const { deployment } = anExporter({ exporter: { replicas: 2, resources, name: 'backup' } });
    expect((deployment as unknown as { spec: { replicas: number } }).spec.replicas).toBe(2);
    expect(containerOf(podOf(deployment)).resources).toEqual({
      requests: { cpu: '250m', memory: '256Mi' },
      limits: { cpu: '1', memory: '2Gi' },
    });
    expect(deployment.metadata.name).toBe('backup');
  });

  it('has its secrets by reference, and none in the clear', () => {
    const variables = variablesOf(containerOf(podOf(anExporter({ credentials: keys }).deployment)));
    expect(variables['AWS_SECRET_ACCESS_KEY']).toEqual({ secretKeyRef: { name: 'store-keys', key: 'secret' } });
    expect(variables['KONG_CLUSTER_CERT_KEY']).toEqual({ secretKeyRef: { name: 'kong-cluster', key: 'tls.key' } });
  });
});

describe('the network policy of an exporter', () => {
  it('lets nobody in, and out what every exporter needs', () => {
    const byRole = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/exporter' };
    expect(anExporter({ exporter: { serviceAccountAnnotations: byRole } }).networkPolicy).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'kong-exporter', namespace: 'kong', labels },
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [],
        egress: [
          {
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
          {
            ports: [
              { protocol: 'TCP', port: 443 },
              { protocol: 'TCP', port: 8005 },
            ],
          },
        ],
      },
    });
  });

  it('lets one namespace read the metrics', () => {
    const { networkPolicy } = anExporter({ exporter: { monitoringNamespace: 'monitoring' } });
    expect((networkPolicy as unknown as { spec: { ingress: unknown } }).spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ protocol: 'TCP', port: 8101 }],
      },
    ]);
  });

  const address = (cidr: string, ...ports: number[]): unknown => ({
    to: [{ ipBlock: { cidr } }],
    ports: ports.map((port) => ({ protocol: 'TCP', port })),
  });

  it.each<[string, Wanted, unknown[]]>([
    [
      'EKS Pod Identity',
      {},
      [
        {
          to: [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }],
          ports: [{ protocol: 'TCP', port: 80 }],
        },
      ],
    ],
    ['keys', { credentials: keys }, []],
    [
      'a store that is compatible with S3',
      { storeEnvironment: { AWS_CONFIG_STORAGE_ENDPOINT: EnvValue.fromText('https://minio:9000') } },
      [],
    ],
    [
      'an identity of GKE',
      { storageUrl: 'gcs://kong-fallback/kong', storeEnvironment: {} },
      [address('169.254.169.252/32', 987, 988), address('169.254.169.254/32', 80, 8080)],
    ],
    [
      'an identity of GKE, in the other spelling',
      { storageUrl: 'gs://kong-fallback/kong', storeEnvironment: {} },
      [address('169.254.169.252/32', 987, 988), address('169.254.169.254/32', 80, 8080)],
    ],
    [
      'a key of Google',
      {
        storageUrl: 'gcs://kong-fallback/kong',
        storeEnvironment: {},
        credentials: { GCP_SERVICE_ACCOUNT: EnvValue.fromKubernetesSecret('store-keys', 'json') },
      },
      [],
    ],
  ])('reaches the server of credentials for %s, and no other', (_name, wanted, rules) => {
    expect(egressOf(wanted)).toEqual(rules);
  });

  const endpoint = (url: string): EnvValues => ({ AWS_CONFIG_STORAGE_ENDPOINT: EnvValue.fromText(url) });

  it.each<[string, Wanted, number[]]>([
    ['a control plane', { exporterNode: { controlPlane: '[2001:db8::5]:443' } }, [443]],
    ['a store', { storeEnvironment: endpoint('http://minio.minio:9000') }, [443, 8005, 9000]],
    ['a store without TLS', { storeEnvironment: endpoint('http://minio.minio') }, [443, 8005, 80]],
    ['a store at 443', { storeEnvironment: endpoint('https://minio.minio') }, [443, 8005]],
    [
      'a proxy',
      {
        exporterNode: {
          environment: {
            KONG_CLUSTER_USE_PROXY: EnvValue.fromText('on'),
            KONG_PROXY_SERVER: EnvValue.fromText('http://proxy.example.com:3128'),
          },
        },
      },
      [443, 8005, 3128],
    ],
    [
      'a proxy that is a secret, by your word',
      {
        exporterNode: {
          environment: {
            KONG_CLUSTER_USE_PROXY: EnvValue.fromText('on'),
            KONG_PROXY_SERVER: EnvValue.fromKubernetesSecret('proxy', 'url'),
          },
        },
        exporter: { egressPorts: [3128] },
      },
      [443, 8005, 3128],
    ],
    [
      'what no URL is',
      { exporterNode: { environment: { AWS_ENDPOINT_URL: EnvValue.fromText('minio') } } },
      [443, 8005],
    ],
  ])('opens the port of %s', (_name, wanted, ports) => {
    expect(openPorts(wanted)).toEqual(ports);
  });
});

describe('an exporter on Kubernetes is refused', () => {
  const refusal = (wanted: Wanted): string => refusalOf(() => anExporter(wanted));
  const one = (text: string): string => `stack/ExporterPods: 1 problem\n  ${text}`;

  const digest = `kong-resilience@sha256:${'0'.repeat(64)}`;
  const loose = (prop: string, image: string): string =>
    `KR_TF_IMAGE ${prop} is "${image}": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.`;

  it.each(['kong-resilience', 'kong-resilience:latest', ''])('with the image %j', (image) => {
    expect(refusal({ exporter: { image: AgentImage.fromImage(image) } })).toBe(one(loose('image', image)));
  });

  it('with an image of Node that moves on', () => {
    const stack = aStack();
    const configMap = new AgentConfigMap(stack, 'Agent', { namespace: 'kong' });
    const image = AgentImage.nodeWithConfigMap(configMap, 'node:latest');
    expect(refusal({ exporter: { image } })).toBe(one(loose('nodeImage', 'node:latest')));
  });

  it.each([digest, 'localhost:5000/kong-resilience:0.1.0', 'kong-resilience:0.1.0-rc.1'])(
    'but not with %s',
    (image) => {
      expect(refusal({ exporter: { image: AgentImage.fromImage(image) } })).toBe('nothing was refused');
    },
  );

  it('with a ConfigMap of another namespace', () => {
    const stack = aStack();
    const image = AgentImage.nodeWithConfigMap(new AgentConfigMap(stack, 'Agent', { namespace: 'other' }));
    expect(refusal({ exporter: { image } })).toBe(
      one(
        'KR_TF_AGENT_NAMESPACE the agent\'s ConfigMap is in the namespace "other", and the pods are in "kong", which cannot mount it. Declare another AgentConfigMap there.',
      ),
    );
  });

  const name = (prop: string, value: string, longest: number, characters: string): string =>
    `KR_TF_KUBERNETES_NAME ${prop} is ${JSON.stringify(value)}: it must have 1 to ${longest} characters, ${characters}, with a letter or digit first and last.`;
  const label = 'lower-case letters, digits and "-"';
  const subdomain = 'lower-case letters, digits, "-" and "."';
  const replicas = (count: number): string =>
    `KR_TF_REPLICAS replicas is ${count}: it must be a whole number from 1 to 3. One exports at a time and the others wait to take over, so more gain nothing.`;
  const quantity = (prop: string, value: string): string =>
    `KR_TF_QUANTITY resources.${prop} is "${value}": it must be an amount as Kubernetes writes it, such as "100m" of a processor or "256Mi" of memory.`;
  const mount = (path: string): string =>
    `KR_TF_SECRET_MOUNT secretMounts has "${path}": it must be the absolute path of a folder of its own, such as "/etc/kong/cluster", and none that the pod has for something else.`;

  const list = (prop: string, given: string, example: string): string =>
    `KR_TF_LIST ${prop} is ${given}: it must be a list. Write it in brackets, such as [${example}].`;

  it.each<[Partial<KubernetesExporterProps>, string]>([
    [{ namespace: 'kong.prod' }, name('namespace', 'kong.prod', 63, label)],
    [{ name: '-exporter' }, name('name', '-exporter', 63, label)],
    [{ name: 'x'.repeat(64) }, name('name', 'x'.repeat(64), 63, label)],
    [{ serviceAccountName: 'kong.exporter' }, name('name', 'kong.exporter', 63, label)],
    [{ serviceAccountName: 'Exporter', name: 'exporter' }, name('serviceAccountName', 'Exporter', 253, subdomain)],
    [{ monitoringNamespace: '' }, name('monitoringNamespace', '', 63, label)],
    [{ imagePullSecrets: ['a', 'B'] }, name('imagePullSecrets[1]', 'B', 253, subdomain)],
    [{ secretMounts: { '/etc/ca': 'CA' } }, name('secretMounts["/etc/ca"]', 'CA', 253, subdomain)],
    [{ replicas: 0 }, replicas(0)],
    [{ replicas: 4 }, replicas(4)],
    [{ replicas: 1.5 }, replicas(1.5)],
    [{ resources: { memoryLimit: '512MB' } }, quantity('memoryLimit', '512MB')],
    [{ resources: { cpuRequest: '' } }, quantity('cpuRequest', '')],
    [{ egressPorts: [3128, 0] }, 'KR_TF_PORT egressPorts[1] is 0: it must be a whole number from 1 to 65535.'],
    [{ secretMounts: { 'etc/ca': 'ca' } }, mount('etc/ca')],
    [{ secretMounts: { '/tmp': 'ca' } }, mount('/tmp')],
    [{ secretMounts: { '/etc/ca/': 'ca' } }, mount('/etc/ca/')],
    [{ secretMounts: { '/var/lib/kong-resilience/spool': 'ca' } }, mount('/var/lib/kong-resilience/spool')],
    [{ imagePullSecrets: 'registry' as unknown as string[] }, list('imagePullSecrets', '"registry"', '"registry"')],
    [{ egressPorts: 3128 as unknown as number[] }, list('egressPorts', '3128', '3128')],
  ])('with %j', (exporter, text) => {
    expect(refusal({ exporter })).toBe(one(text));
  });

  it.each([{ replicas: 1 }, { replicas: 3 }, { name: 'x'.repeat(63) }, { egressPorts: [1, 65_535] }])(
    'but not with %j',
    (exporter) => {
      expect(refusal({ exporter })).toBe('nothing was refused');
    },
  );

  it('with a file that is not in the pod, and for everything else that is wrong', () => {
    const notMounted = (variable: string, path: string, folder: string): string =>
      `KR_TF_FILE_NOT_MOUNTED ${variable} names ${path}, which is not in the pod. Give the secret itself (EnvValue.fromKubernetesSecret), or mount the secret that holds the file: secretMounts: { "${folder}": '<name of the secret>' }.`;
    expect(
      refusal({
        exporterNode: {
          clusterCert: EnvValue.fromText('/etc/kong/tls/tls.crt'),
          trustedCertificates: ['/ca.crt'],
          environment: { KONG_RESILIENCE_SPOOL_DIR: EnvValue.fromText('/spool') },
        },
        exporter: { secretMounts: { '/etc/kong/tl': 'tls' }, replicas: 9 },
      }),
    ).toBe(
      [
        'stack/ExporterPods: 4 problems',
        `  ${replicas(9)}`,
        `  ${notMounted('KONG_CLUSTER_CERT', '/etc/kong/tls/tls.crt', '/etc/kong/tls')}`,
        `  ${notMounted('KONG_LUA_SSL_TRUSTED_CERTIFICATE', '/ca.crt', '<folder>')}`,
        '  KR_TF_FOLDER_MOVED KONG_RESILIENCE_SPOOL_DIR is set, and in a pod that folder is a volume of its own, at /var/lib/kong-resilience/spool. Leave the variable out.',
      ].join('\n'),
    );
  });

  it('with a secret that no pod can read', () => {
    expect(() => anExporter({ exporterNode: { clusterCertKey: EnvValue.fromAwsSecret('arn:aws:x') } })).toThrow(
      new DeclarationError('stack/Exporter', [
        {
          code: 'KR_TF_ENV_SECRET_KIND',
          text: 'KONG_CLUSTER_CERT_KEY is a secret of AWS Secrets Manager, which Kubernetes cannot take. Put it into a secret of the pod’s namespace and give EnvValue.fromKubernetesSecret.',
        },
      ]),
    );
  });
});
