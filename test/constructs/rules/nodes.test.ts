import { EcsService } from '@cdktf/provider-aws/lib/ecs-service';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { Instance } from '@cdktf/provider-aws/lib/instance';
import { LbTargetGroup, type LbTargetGroupConfig } from '@cdktf/provider-aws/lib/lb-target-group';
import { LbTargetGroupAttachment } from '@cdktf/provider-aws/lib/lb-target-group-attachment';
import { S3BucketReplicationConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-replication-configuration';
import {
  CloudRunV2Service,
  type CloudRunV2ServiceTemplateContainers,
} from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { TerraformResource, TerraformVariable, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { KubernetesCheck } from '../../../constructs';
import { anExporter, anImporter } from '../kubernetes/harness';
import { container, fallback, toldBy } from './harness';

const storage = 's3://company/kong';
const enterprise = 'kong/kong-gateway:3.10.0.2';
const levelOf = ([line]: readonly string[]): string | undefined => /^\S+ (\w+):/.exec(line ?? '')?.[1];

function task(stack: TerraformStack, id: string, ...containers: readonly object[]): EcsTaskDefinition {
  return new EcsTaskDefinition(stack, id, {
    family: id.toLowerCase(),
    containerDefinitions: JSON.stringify(containers),
  });
}

function cloudRun(
  stack: TerraformStack,
  verb: 'IMPORT' | 'EXPORT',
  rest: Partial<CloudRunV2ServiceTemplateContainers>,
  ingress?: string,
) {
  const env = Object.entries(fallback(verb, 'gcs://company')).map(([name, value]) => ({ name, value }));
  new CloudRunV2Service(stack, 'Run', {
    name: 'kong',
    location: 'europe-west1',
    ingress,
    template: { containers: [{ image: enterprise, env, ...rest }] },
  });
}

describe('KR_RULE_EXPORTER_BEHIND_LOAD_BALANCER', () => {
  const code = 'KR_RULE_EXPORTER_BEHIND_LOAD_BALANCER';
  const service = (definition: object, balanced: boolean, by: 'arn' | 'family' = 'arn') =>
    toldBy(code, (stack) => {
      const { arn, family } = task(stack, 'Task', definition);
      new EcsService(stack, 'Service', {
        name: 'kong',
        taskDefinition: by === 'arn' ? arn : `${family}:3`,
        loadBalancer: balanced ? [{ containerName: 'kong', containerPort: 8000, targetGroupArn: 'arn:x' }] : [],
      });
    });
  const exporter = container('kong', enterprise, fallback('EXPORT', storage));
  const importer = container('kong', enterprise, fallback('IMPORT', storage));
  const controlPlane = container('kong', enterprise, { ...fallback('EXPORT', storage), KONG_ROLE: 'control_plane' });

  it('tells of a service of ECS that exports and has a load balancer', () => {
    expect(service(exporter, true)).toEqual([
      `Stack/Service warn: ${code} the service's load balancer sends traffic to "Stack/Task", which exports. An exporter may write every configuration and should serve no traffic. Take it out, and proxy on nodes that only import.`,
    ]);
    expect(levelOf(service(exporter, true, 'family'))).toBe('warn');
  });

  it('not of one without, nor of an importer, nor of a control plane', () => {
    expect(service(exporter, false)).toEqual([]);
    expect(service(importer, true)).toEqual([]);
    expect(service(controlPlane, true)).toEqual([]);
  });

  it('of an instance whose user data exports, in a target group', () => {
    const attached = (userData: string) =>
      toldBy(code, (stack) => {
        const instance = new Instance(stack, 'Instance', { ami: 'ami-1', userData });
        new LbTargetGroupAttachment(stack, 'Target', { targetGroupArn: 'arn:x', targetId: instance.id });
      });
    expect(attached('export KONG_CLUSTER_FALLBACK_CONFIG_EXPORT="on"\n')).toEqual([
      `Stack/Target warn: ${code} the target group sends traffic to "Stack/Instance", whose user data exports. An exporter may write every configuration and should serve no traffic. Take it out, and proxy on nodes that only import.`,
    ]);
    expect(attached('export KONG_CLUSTER_FALLBACK_CONFIG_EXPORT="off"\n')).toEqual([]);
  });

  it('of a service of Cloud Run that exports, unless its ingress is internal only', () => {
    const run = (ingress?: string) => toldBy(code, (stack) => cloudRun(stack, 'EXPORT', {}, ingress));
    expect(run()).toEqual([
      `Stack/Run warn: ${code} the service's ingress is INGRESS_TRAFFIC_ALL, so it gets traffic, and it exports. An exporter may write every configuration and should serve no traffic. Take it out, and proxy on nodes that only import.`,
    ]);
    expect(levelOf(run('INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER'))).toBe('warn');
    expect(run('INGRESS_TRAFFIC_INTERNAL_ONLY')).toEqual([]);
  });

  it('says that it sees no Service of Kubernetes', () => {
    class Release extends TerraformResource {
      protected override synthesizeAttributes() {
        return { values: ['env:\n  cluster_fallback_config_export: "on"\n'] };
      }
    }
    const found = toldBy(code, (stack) => new Release(stack, 'Release', { terraformResourceType: 'helm_release' }));
    expect(found).toEqual([
      `Stack/Release info: ${code} could not be checked: it sets KONG_CLUSTER_FALLBACK_CONFIG_EXPORT, and which Service of Kubernetes selects its pods is not in the stack. See that none does but for the status port.`,
    ]);
  });
});

describe('KR_RULE_VERSION_NOT_EXPORTED', () => {
  const code = 'KR_RULE_VERSION_NOT_EXPORTED';
  const agent = (verb: 'IMPORT' | 'EXPORT', version: string, url = storage) =>
    container('agent', 'kong-resilience:1', { ...fallback(verb, url), KONG_RESILIENCE_GATEWAY_VERSION: version });
  const app = (imported: object, exported?: object, more: (stack: TerraformStack) => void = () => undefined) =>
    toldBy(code, (stack) => {
      task(stack, 'Importer', imported);
      if (exported !== undefined) task(stack, 'Exporter', exported);
      more(stack);
    });

  it('tells of a version that nobody exports to the same store', () => {
    expect(app(agent('IMPORT', '3.9.1'), agent('EXPORT', '3.9.0'))).toEqual([
      `Stack/Importer warn: ${code} it imports gateway 3.9.1 from the bucket "company", and nobody in this app exports that version there: in an outage its new nodes would find nothing. Add "3.9.1" to an exporter and deploy it first; if another app exports it, acknowledge that.`,
    ]);
    expect(levelOf(app(agent('IMPORT', '3.9.1')))).toBe('warn');
    expect(levelOf(app(agent('IMPORT', '3.9.1'), agent('EXPORT', '3.9.1', 's3://other/kong')))).toBe('warn');
    expect(levelOf(app(agent('IMPORT', '3.9.1'), agent('EXPORT', '3.9.1', 's3://company/other')))).toBe('warn');
  });

  it('not of one of several that are exported, nor of the version in the tag of an Enterprise image', () => {
    expect(app(agent('IMPORT', '3.9.1'), agent('EXPORT', '3.9.0, 3.9.1'))).toEqual([]);
    const gateway = (verb: 'IMPORT' | 'EXPORT') => container('kong', `${enterprise}-ubuntu`, fallback(verb, storage));
    expect(app(gateway('IMPORT'), gateway('EXPORT'))).toEqual([]);
    expect(app(agent('IMPORT', '3.10.0.2'), gateway('EXPORT'))).toEqual([]);
  });

  it('follows a replication of the bucket', () => {
    const found = app(agent('IMPORT', '3.9.1', 's3://copy/kong'), agent('EXPORT', '3.9.1'), (stack) => {
      new S3BucketReplicationConfigurationA(stack, 'Replication', {
        bucket: 'company',
        role: 'arn:aws:iam::111111111111:role/replication',
        rule: [{ status: 'Enabled', destination: { bucket: 'arn:aws:s3:::copy' } }],
      });
    });
    expect(found).toEqual([]);
  });

  it('says that it could not check what Terraform alone knows', () => {
    expect(app(container('kong', 'kong/kong-gateway:latest', fallback('IMPORT', storage)))).toEqual([
      `Stack/Importer info: ${code} could not be checked: its gateway version is not in the stack. See that an exporter writes the same version.`,
    ]);
    const found = toldBy(code, (stack) => {
      task(stack, 'Importer', agent('IMPORT', '3.9.1'));
      task(
        stack,
        'Exporter',
        agent('EXPORT', '3.9.1', `s3://${new TerraformVariable(stack, 'name', {}).stringValue}/kong`),
      );
    });
    expect(found).toEqual([
      `Stack/Importer info: ${code} could not be checked: whether an exporter writes gateway 3.9.1 to the bucket "company" depends on what is not in the stack.`,
    ]);
  });
});

describe('KR_RULE_BLIND_READINESS', () => {
  const code = 'KR_RULE_BLIND_READINESS';
  const gateway = (healthCheck?: object) =>
    container('kong', enterprise, fallback('IMPORT', storage), healthCheck === undefined ? {} : { healthCheck });

  it.each<[readonly string[], string | undefined]>([
    [['CMD', 'kong', 'health'], 'warn'],
    [['CMD-SHELL', 'curl -f http://localhost:8100/status || exit 1'], 'warn'],
    [['CMD-SHELL', 'curl -f http://localhost:8000/ || exit 1'], 'warn'],
    [['CMD-SHELL', 'nc -z localhost 8000'], 'warn'],
    [['CMD', '/my-check'], 'info'],
    [['CMD-SHELL', 'curl -f http://localhost:8100/status/ready || exit 1'], undefined],
  ])('health check %j of ECS', (command, level) => {
    expect(levelOf(toldBy(code, (stack) => task(stack, 'Task', gateway({ command }))))).toBe(level);
  });

  it('tells which check passes on an empty node, and what to ask instead', () => {
    const command = ['CMD', 'kong', 'health'];
    expect(toldBy(code, (stack) => task(stack, 'Task', gateway({ command })))).toEqual([
      `Stack/Task warn: ${code} the health check of the container "kong" runs "CMD kong health". A gateway without a configuration passes it and answers every request with 404. Ask /status/ready of the status listener, by HTTP. EcsImporter brings such a check where healthCheck is left out.`,
    ]);
  });

  it('lets a node alone that does not import', () => {
    const healthCheck = { command: ['CMD', 'kong', 'health'] };
    expect(toldBy(code, (stack) => task(stack, 'Task', container('kong', enterprise, {}, { healthCheck })))).toEqual(
      [],
    );
  });

  it.each<[string, Partial<LbTargetGroupConfig>, string | undefined]>([
    ['the default of HTTP', { protocol: 'HTTP' }, 'warn'],
    ['the default of TCP', { protocol: 'TCP' }, 'warn'],
    ['TCP', { protocol: 'HTTP', healthCheck: { protocol: 'TCP' } }, 'warn'],
    ['/status', { protocol: 'HTTP', healthCheck: { path: '/status' } }, 'warn'],
    ['/status/ready', { protocol: 'HTTP', healthCheck: { path: '/status/ready', port: '8100' } }, undefined],
    [
      '/status/ready below TCP',
      { protocol: 'TCP', healthCheck: { protocol: 'HTTP', path: '/status/ready' } },
      undefined,
    ],
  ])('target group that asks by %s', (_, config, level) => {
    const found = toldBy(code, (stack) => {
      const group = new LbTargetGroup(stack, 'Group', config);
      new EcsService(stack, 'Service', {
        name: 'kong',
        taskDefinition: task(stack, 'Task', gateway()).arn,
        loadBalancer: [{ containerName: 'kong', containerPort: 8000, targetGroupArn: group.arn }],
      });
    });
    expect(levelOf(found)).toBe(level);
  });

  it.each<[string, Partial<CloudRunV2ServiceTemplateContainers>, string | undefined]>([
    ['none', {}, 'warn'],
    ['TCP', { startupProbe: { tcpSocket: { port: 8000 } } }, 'warn'],
    ['/', { startupProbe: { httpGet: {} } }, 'warn'],
    ['/status', { startupProbe: { httpGet: { path: '/status' } } }, 'warn'],
    ['/status/ready', { startupProbe: { httpGet: { path: '/status/ready' } } }, undefined],
  ])('startup probe of Cloud Run: %s', (_, rest, level) => {
    expect(levelOf(toldBy(code, (stack) => cloudRun(stack, 'IMPORT', rest)))).toBe(level);
  });
});

describe('KR_RULE_HANDOVER_UNREAD', () => {
  const code = 'KR_RULE_HANDOVER_UNREAD';
  const agent = (verb: 'IMPORT' | 'EXPORT') =>
    container('agent', 'kong-resilience:0.1.0', {
      ...fallback(verb, storage),
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
    });
  const beside = (gateway: object, verb: 'IMPORT' | 'EXPORT' = 'IMPORT') =>
    toldBy(code, (stack) => void task(stack, 'Task', agent(verb), gateway));
  const gateway = container('kong', 'kong:3.9.1', { KONG_ROLE: 'data_plane' });

  it('tells of a gateway beside an import that starts as if there were none', () => {
    expect(beside(gateway)).toEqual([
      `Stack/Task warn: ${code} the container "kong" has no BASH_ENV with the start script of the hand-over, so that what the agent beside it stages is never used. Set BASH_ENV to /var/lib/kong-resilience/handover/start.sh, or let EcsImporter or CloudRunImporter make the containers.`,
    ]);
  });

  it('not of one whose start decides, in any of the ways', () => {
    const start = '/var/lib/kong-resilience/handover/start.sh';
    expect(beside(container('kong', 'kong:3.9.1', { BASH_ENV: start }))).toEqual([]);
    expect(beside({ ...gateway, entryPoint: ['sh', start, '/docker-entrypoint.sh'] })).toEqual([]);
    expect(beside(container('kong', 'kong:3.9.1', { KONG_DECLARATIVE_CONFIG: '/handover/config.json' }))).toEqual([]);
  });

  it('tells of an entry point that never reads BASH_ENV', () => {
    const started = container('kong', 'kong:3.9.1', { BASH_ENV: '/var/lib/kong-resilience/handover/start.sh' });
    expect(beside({ ...started, entryPoint: ['/usr/local/bin/kong'], command: ['start'] })).toEqual([
      `Stack/Task warn: ${code} the container "kong" has an entry point of its own, ["/usr/local/bin/kong"], which is no bash that reads BASH_ENV, so that what the agent beside it stages is never used. Leave it out, or start it by bash.`,
    ]);
    expect(beside({ ...started, entryPoint: ['/docker-entrypoint.sh'], command: ['kong', 'docker-start'] })).toEqual(
      [],
    );
    expect(levelOf(beside({ ...started, entryPoint: ['/our-own.sh'] }))).toBe('info');
  });

  it('nor of a control plane, another process, or one beside an export', () => {
    expect(beside(container('kong', 'kong:3.9.1', { KONG_ROLE: 'control_plane' }))).toEqual([]);
    expect(beside(container('otel', 'otel:1', {}))).toEqual([]);
    expect(beside(gateway, 'EXPORT')).toEqual([]);
  });

  it('does not pass one whose variables are in a file', () => {
    expect(beside({ ...gateway, environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::b/kong.env' }] })).toEqual([
      `Stack/Task info: ${code} could not be checked: whether the container "kong" starts by the start script of the hand-over.`,
    ]);
  });
});

describe('KR_RULE_FALLBACK_WITHOUT_AGENT', () => {
  const code = 'KR_RULE_FALLBACK_WITHOUT_AGENT';
  const agent = container('agent', 'registry.example.com/tools:1', { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1' });

  it.each<[string, string | undefined]>([
    ['kong:3.9.1', 'error'],
    ['docker.io/library/kong:3.9.1-ubuntu', 'error'],
    ['kong/kong:latest', 'error'],
    ['registry.example.com/gateway:3.9.1', 'error'],
    ['registry.example.com/gateway:3.10.0.2', undefined],
    ['registry.example.com/kong-gateway@sha256:0123', undefined],
    [enterprise, undefined],
    ['registry.example.com/gateway:latest', 'info'],
  ])('image %s', (image, level) => {
    const found = toldBy(code, (stack) => task(stack, 'Task', container('kong', image, fallback('IMPORT', storage))));
    expect(levelOf(found)).toBe(level);
  });

  it('tells which variable is ignored', () => {
    expect(
      toldBy(code, (stack) => task(stack, 'Task', container('kong', 'kong:3.9.1', fallback('EXPORT', storage)))),
    ).toEqual([
      `Stack/Task error: ${code} the container "kong" has KONG_CLUSTER_FALLBACK_CONFIG_EXPORT on, and "kong:3.9.1" is open source, which ignores it: nothing is exported. Run the agent beside it, or take kong/kong-gateway.`,
    ]);
  });

  it('not with the agent beside it, nor with the variable off', () => {
    const gateway = container('kong', 'kong:3.9.1', fallback('IMPORT', storage));
    expect(toldBy(code, (stack) => task(stack, 'Task', agent, gateway))).toEqual([]);
    const off = container('kong', 'kong:3.9.1', { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'off' });
    expect(toldBy(code, (stack) => task(stack, 'Task', off))).toEqual([]);
  });

  it('says that it could not check containers that Terraform alone knows', () => {
    const found = toldBy(code, (stack) => {
      const containerDefinitions = new TerraformVariable(stack, 'definitions', {}).stringValue;
      new EcsTaskDefinition(stack, 'Task', { family: 'kong', containerDefinitions });
    });
    expect(found).toEqual([
      `Stack/Task info: ${code} could not be checked: its containers are known to Terraform alone; no rule about nodes sees them.`,
    ]);
  });
});

describe('on Kubernetes', () => {
  class Manifest extends TerraformResource {
    constructor(
      stack: TerraformStack,
      readonly manifest: object,
    ) {
      super(stack, 'Manifest', { terraformResourceType: 'kubernetes_manifest' });
    }
    protected override synthesizeAttributes() {
      return { manifest: this.manifest };
    }
  }
  const cases: [code: string, manifestOf: (stack: TerraformStack) => object][] = [
    [
      'KR_RULE_BLIND_READINESS',
      (stack) => new KubernetesCheck(stack, 'Check', { importer: anImporter({}, stack) }).cronJob,
    ],
    ['KR_RULE_EXPORTER_BEHIND_LOAD_BALANCER', (stack) => anExporter({}, stack).deployment],
  ];

  it.each(cases)('%s says nothing of the pods of this package, which get no traffic', (code, manifestOf) => {
    expect(toldBy(code, (stack) => new Manifest(stack, manifestOf(stack)))).toEqual([]);
  });

  it.each(cases)('%s could not be checked of pods of somebody else', (code, manifestOf) => {
    const theirs = (stack: TerraformStack): object => {
      const { metadata, ...rest } = manifestOf(stack) as { metadata: object };
      return { ...rest, metadata: { ...metadata, labels: { 'app.kubernetes.io/name': 'kong' } } };
    };
    const [told, ...more] = toldBy(code, (stack) => new Manifest(stack, theirs(stack)));
    expect(told).toMatch(new RegExp(`^Stack/Manifest info: ${code} could not be checked: `));
    expect(more).toEqual([]);
  });
});
