import { describe, expect, it } from 'vitest';
import { atSynth, DeclarationError, KubernetesCheck, type KubernetesCheckProps } from '../../../constructs';
import { agentVersion } from '../../../constructs/artefact';
import { anImporter, aStack, containerOf, pathsBelow, type Pod, type Wanted } from './harness';

const labels = {
  'app.kubernetes.io/name': 'kong-resilience',
  'app.kubernetes.io/instance': 'kong-gateway-check',
  'app.kubernetes.io/component': 'check',
  'app.kubernetes.io/version': agentVersion(),
};

function aCheck(props: Partial<KubernetesCheckProps> = {}, wanted: Wanted = {}): KubernetesCheck {
  const stack = aStack();
  return new KubernetesCheck(stack, 'Check', { importer: anImporter(wanted, stack), ...props });
}

interface CronJob {
  readonly spec: {
    readonly jobTemplate: { readonly spec: { readonly template: { readonly metadata: unknown; readonly spec: Pod } } };
    readonly [field: string]: unknown;
  };
}

const cronJobOf = (check: KubernetesCheck): CronJob => atSynth(check.cronJob) as unknown as CronJob;

describe('the check on Kubernetes', () => {
  it('runs every 15 minutes, never twice at a time, and fails after a second try', () => {
    const check = aCheck();
    expect(check.cronJob.metadata).toEqual({ name: 'kong-gateway-check', namespace: 'kong', labels });
    const { jobTemplate, ...spec } = cronJobOf(check).spec;
    expect(spec).toEqual({
      schedule: '*/15 * * * *',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
    });
    const { template, ...job } = jobTemplate.spec;
    expect(job).toEqual({ backoffLimit: 1, activeDeadlineSeconds: 300 });
    expect(template.metadata).toEqual({ labels });
  });

  it('is who the gateways are, with their environment and their program', () => {
    const stack = aStack();
    const importer = anImporter({}, stack);
    const check = new KubernetesCheck(stack, 'Check', { importer });
    const pod = cronJobOf(check).spec.jobTemplate.spec.template.spec;
    expect({ ...pod, containers: [] }).toEqual({
      serviceAccountName: 'kong-gateway',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 1000,
        runAsNonRoot: true,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      // It must fail where the gateways would silently do without.
      volumes: [{ name: 'kong-resilience-agent', configMap: { name: importer.manifests[0]?.metadata.name } }],
      containers: [],
    });
    const { env, securityContext, ...container } = containerOf(pod);
    expect(env).toEqual(atSynth(importer.importer.agentEnvironment.toKubernetes()));
    expect(securityContext?.runAsUser).toBe(1000);
    expect(container).toEqual({
      name: 'kong-resilience',
      image: 'node:22-slim',
      imagePullPolicy: 'IfNotPresent',
      command: ['node', '/opt/kong-resilience/kong-resilience.cjs'],
      args: ['check'],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
      volumeMounts: [{ name: 'kong-resilience-agent', mountPath: '/opt/kong-resilience', readOnly: true }],
    });
  });

  it('reaches the store and nothing comes in', () => {
    const { spec } = atSynth(aCheck({ egressPorts: [9000] }).networkPolicy) as unknown as {
      spec: { ingress: unknown; podSelector: { matchLabels: object }; egress: { ports: { port: number }[] }[] };
    };
    expect(spec.ingress).toEqual([]);
    const { podSelector } = spec;
    expect({ ...podSelector.matchLabels, 'app.kubernetes.io/version': agentVersion() }).toEqual(labels);
    expect(spec.egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[53, 53], [443, 8005, 9000], [80]]);
  });

  it('keeps its ids', () => {
    const check = aCheck();
    expect(pathsBelow(check)).toEqual(['stack/Check']);
    expect(check.manifests).toEqual([check.networkPolicy, check.cronJob]);
  });

  const name = (value: string): string =>
    `KR_TF_KUBERNETES_NAME name is "${value}": it must have 1 to 52 characters, lower-case letters, digits and "-", with a letter or digit first and last.`;
  const schedule = (value: string): string =>
    `KR_TF_SCHEDULE schedule is "${value}": it must have the five fields of cron, such as "*/15 * * * *" for every 15 minutes.`;

  it.each<[Partial<KubernetesCheckProps>, Wanted, string]>([
    [{ name: 'x'.repeat(53) }, {}, name('x'.repeat(53))],
    [{}, { importer: { serviceAccountName: 'g'.repeat(47) } }, name(`${'g'.repeat(47)}-check`)],
    [{ schedule: '@hourly' }, {}, schedule('@hourly')],
    [{ schedule: '* * * *' }, {}, schedule('* * * *')],
    [{ schedule: '0 * * * * *' }, {}, schedule('0 * * * * *')],
  ])('is refused with %j', (props, wanted, text) => {
    const [code = '', ...words] = text.split(' ');
    const problems = [{ code, text: words.join(' ') }];
    expect(() => aCheck(props, wanted)).toThrow(new DeclarationError('stack/Check', problems));
  });

  it.each(['*/15 0-6,12 * JAN-MAR MON', '0 0 1 1 0'])('but not with the schedule %s', (given) => {
    expect(cronJobOf(aCheck({ schedule: given, name: 'x'.repeat(52) })).spec['schedule']).toBe(given);
  });
});
