import type { KubernetesContainer, PodSpec } from '../support/platforms/kubernetes';
import type { CronJob } from '../support/platforms/kubernetes-job';
import { environmentMutants, type ScheduledCheck } from './checks';
import { type Mutant, noControlPlane } from './scenarios';

type Change = (container: KubernetesContainer) => KubernetesContainer;

const drop =
  (variable: string): Change =>
  (container) => ({ ...container, env: (container.env ?? []).filter(({ name }) => name !== variable) });

const set =
  (variable: string, value: string): Change =>
  (container) => ({ ...container, env: [...(drop(variable)(container).env ?? []), { name: variable, value }] });

const elsewhere: Change = (container) => {
  const url = container.env?.find(({ name }) => name === 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE')?.value;
  return set('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', `${url}/elsewhere`)(container);
};

function change(spec: PodSpec, which: (container: KubernetesContainer) => boolean, to: Change): PodSpec {
  const changed = (all: readonly KubernetesContainer[]): KubernetesContainer[] =>
    all.map((container) => (which(container) ? to(container) : container));
  return {
    ...spec,
    ...(spec.initContainers === undefined ? {} : { initContainers: changed(spec.initContainers) }),
    containers: changed(spec.containers),
  };
}

/** The same pod with more variables in some of its containers. */
export function withVariables(
  spec: PodSpec,
  which: (container: KubernetesContainer) => boolean,
  variables: Readonly<Record<string, string>>,
): PodSpec {
  return change(spec, which, (container) =>
    Object.entries(variables).reduce<KubernetesContainer>((one, [name, value]) => set(name, value)(one), container),
  );
}

interface Pods {
  readonly exporter: PodSpec;
  readonly gateway: PodSpec;
}

/** What a rendering for Kubernetes could do wrong, whatever renders it. @param importer name of the container that imports */
export function kubernetesMutants<Specification extends Pods>(importer: string): readonly Mutant<Specification>[] {
  const gatewayWith = (name: string, to: Change) => (specification: Specification) => ({
    ...specification,
    gateway: change(specification.gateway, (container) => container.name === name, to),
  });
  const exporterWith = (to: Change) => (specification: Specification) => ({
    ...specification,
    exporter: change(specification.exporter, () => true, to),
  });
  const inOutage = {
    fails: 'serves after each single container was restarted in an outage',
    saying: /serves nothing/,
  } as const;
  const withControlPlane = 'starts with the control plane while the store is down';
  const withoutMount: Change = (container) => ({
    ...container,
    volumeMounts: (container.volumeMounts ?? []).filter(({ mountPath }) => !mountPath.includes('handover')),
  });
  return [
    { name: 'without BASH_ENV', mutate: gatewayWith('proxy', drop('BASH_ENV')), ...inOutage },
    { name: "without the gateway's mount", mutate: gatewayWith('proxy', withoutMount), ...inOutage },
    { name: "without the importer's mount", mutate: gatewayWith(importer, withoutMount), ...inOutage },
    {
      name: 'that imports beside the gateway, not before it',
      mutate: (specification) => {
        const { initContainers = [], containers } = specification.gateway;
        return {
          ...specification,
          gateway: {
            ...specification.gateway,
            initContainers: initContainers.filter(({ name }) => name !== importer),
            containers: [...containers, ...initContainers.filter(({ name }) => name === importer)],
          },
        };
      },
      fails: 'starts in an outage with a store that is slow',
      saying: /serves nothing/,
    },
    {
      name: 'whose import runs as another user',
      mutate: gatewayWith(importer, (container) => ({
        ...container,
        securityContext: { ...container.securityContext, runAsUser: 2000, runAsGroup: 2000 },
      })),
      ...inOutage,
    },
    {
      name: 'whose import looks elsewhere',
      mutate: gatewayWith(importer, elsewhere),
      ...inOutage,
    },
    {
      name: 'whose import is of another version',
      mutate: gatewayWith(importer, set('KONG_RESILIENCE_GATEWAY_VERSION', '3.8.0')),
      ...inOutage,
    },
    {
      name: 'whose import hands over elsewhere',
      mutate: gatewayWith(importer, set('KONG_RESILIENCE_HANDOVER_DIR', '/tmp/handover')),
      ...inOutage,
    },
    {
      name: 'whose gateway has no control plane',
      mutate: gatewayWith('proxy', drop('KONG_CLUSTER_CONTROL_PLANE')),
      fails: withControlPlane,
      saying: /never serves configuration 1: it writes/,
      writes: noControlPlane,
    },
    {
      name: 'whose gateway has no certificate',
      mutate: gatewayWith('proxy', drop('KONG_CLUSTER_CERT')),
      fails: withControlPlane,
      saying: /never the gateway answers: it writes/,
      writes: /cluster certificate and key must be provided/,
    },
    {
      name: 'whose certificate is another secret',
      mutate: gatewayWith('proxy', (container) => ({
        ...container,
        env: [
          ...(drop('KONG_CLUSTER_CERT')(container).env ?? []),
          { name: 'KONG_CLUSTER_CERT', valueFrom: { secretKeyRef: { name: 'another', key: 'tls.crt' } } },
        ],
      })),
      fails: withControlPlane,
      saying: /CreateContainerConfigError/,
    },
    {
      name: 'whose exporter writes elsewhere',
      mutate: exporterWith(elsewhere),
      fails: 'exports what the control plane has, and starts with what it has',
      saying: /never stored configuration 1: it writes/,
      writes: /"event":"confirmed"/,
    },
  ];
}

interface Check {
  readonly cronJob: CronJob;
  readonly failed: string;
}

/** What a rendering of the scheduled check could do wrong. @param accountsMatter whether its identity depends on its service account */
export function kubernetesCheckMutants<Specification extends Check>(
  accountsMatter: boolean,
): ScheduledCheck<Specification>['mutants'] {
  const podWith =
    (to: (spec: PodSpec) => PodSpec) =>
    (specification: Specification): Specification => {
      const { metadata, spec: cronJob } = specification.cronJob;
      const { template, ...job } = cronJob.jobTemplate.spec;
      const spec = { ...job, template: { ...template, spec: to(template.spec) } };
      return { ...specification, cronJob: { metadata, spec: { ...cronJob, jobTemplate: { spec } } } };
    };
  const containerWith = (to: Change) => podWith((spec) => change(spec, () => true, to));
  return [
    ...environmentMutants<Specification>(
      (variable) => containerWith(drop(variable)),
      (variable, value) => containerWith(set(variable, value)),
    ),
    {
      name: 'without its program',
      mutate: podWith((spec) => ({
        ...change(
          spec,
          () => true,
          (container) => ({ ...container, volumeMounts: [] }),
        ),
        volumes: [],
      })),
      saying: /Cannot find module/,
    },
    {
      name: 'that imports',
      mutate: containerWith((container) => ({ ...container, args: ['import'] })),
      saying: /KONG_RESILIENCE_HANDOVER_DIR|"event":"import/,
    },
    {
      name: 'whose alarm is of another job',
      mutate: (specification) => ({ ...specification, failed: specification.failed.replaceAll('-check-', '-checks-') }),
      stored: 'is missing',
      saying: /"?alarmed"?: false/,
    },
    ...(accountsMatter
      ? [
          {
            name: 'with another service account',
            mutate: podWith((spec) => ({ ...spec, serviceAccountName: 'default' })),
            saying: /KR_STORE_(DENIED|NO_CREDENTIALS)/,
          },
        ]
      : []),
  ];
}
