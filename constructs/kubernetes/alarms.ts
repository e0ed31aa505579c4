import { Tokenization } from 'cdktf';
import { Construct } from 'constructs';
import { forJson } from '../environment/text';
import { isKnown, throwProblems, type Problem } from '../problems';
import type { KubernetesCheck } from './check';
import { secondsOf, type KubernetesExporter } from './exporter';
import { labelsOf, yamlStream, type KubernetesManifest } from './manifest';
import { wrongAge } from '../topology/problems';
import { notScraped } from './problems';

export interface KubernetesAlarmsProps {
  /** The exporter that is watched; it needs a `monitoringNamespace`. */
  readonly exporter: KubernetesExporter;
  /**
   * The check that is watched, through kube-state-metrics.
   *
   * @default none
   */
  readonly check?: KubernetesCheck;
  /**
   * Labels by which your Prometheus selects its monitors and rules, such as `{ release: 'kube-prometheus-stack' }`.
   *
   * @default none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * How old the last confirmation may be, in seconds.
   *
   * @default three times KONG_RESILIENCE_RECONNECT_SECONDS, and KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: 2760
   */
  readonly confirmedWithinSeconds?: number;
  /**
   * How long ago the last check that said yes may be, in seconds.
   *
   * @default 2700 - with a check every 15 minutes, three in a row are missing
   */
  readonly passedWithinSeconds?: number;
}

const component = 'alarms';

/**
 * Alarms for the Prometheus Operator: a `PodMonitor` and a `PrometheusRule`. They are no part of the exporter's manifests,
 * since a cluster without the operator refuses their kinds, and with them the whole stream.
 */
export class KubernetesAlarms extends Construct {
  readonly podMonitor: KubernetesManifest;
  readonly prometheusRule: KubernetesManifest;
  /** Both. */
  readonly manifests: readonly KubernetesManifest[];

  /** @throws DeclarationError when nobody may read the exporter's metrics, or for an age that is none */
  constructor(scope: Construct, id: string, props: KubernetesAlarmsProps) {
    super(scope, id);
    const { exporter, check, labels = {}, confirmedWithinSeconds, passedWithinSeconds = 2700 } = props;
    throwProblems(this, propsProblems(props));
    const { name, namespace } = exporter;
    const metadata = { name, namespace, labels: { ...labelsOf(name, component), ...labels } };
    this.podMonitor = forJson({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata,
      spec: {
        selector: { matchLabels: exporter.podLabels },
        podMetricsEndpoints: [{ port: 'status', path: '/metrics', interval: '30s' }],
      },
    });
    this.prometheusRule = forJson({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata,
      spec: {
        groups: [
          { name: 'kong-resilience-exporter', rules: exporterRules(exporter, confirmedWithinSeconds) },
          ...(check === undefined
            ? []
            : [{ name: 'kong-resilience-check', rules: checkRules(check, passedWithinSeconds) }]),
        ],
      },
    });
    this.manifests = [this.podMonitor, this.prometheusRule];
  }

  /** The manifests as one YAML stream, which Terraform writes when it applies: for `kubectl apply --server-side -f -`. */
  toYaml(): string {
    return yamlStream(this.manifests);
  }
}

function propsProblems({ exporter, confirmedWithinSeconds, passedWithinSeconds }: KubernetesAlarmsProps): Problem[] {
  const ages = Object.entries({ confirmedWithinSeconds, passedWithinSeconds });
  return [
    ...(exporter.monitoringNamespace === undefined ? [notScraped(exporter.node.path)] : []),
    ...ages.flatMap(([prop, value]) =>
      isKnown(value) && !(Number.isInteger(value) && value >= 60)
        ? [wrongAge(prop, value, 'a whole number of seconds, at least 60')]
        : [],
    ),
  ];
}

/** One alarm, as a group has it. */
function rule(alert: string, expr: string, wait: string, severity: 'critical' | 'warning', summary: string): object {
  return { alert, expr, for: wait, labels: { severity }, annotations: { summary } };
}

function exporterRules(
  { exporter, namespace, name }: KubernetesExporter,
  confirmedWithinSeconds?: number,
): readonly object[] {
  const { agentEnvironment, gatewayVersions } = exporter;
  const maxAge = Tokenization.stringifyNumber(confirmedWithinSeconds ?? defaultAge(agentEnvironment));
  // As the operator names what a PodMonitor scrapes.
  const job = `job="${namespace}/${name}"`;
  const versions = isKnown(gatewayVersions) ? gatewayVersions : [];
  const gone = [job, ...versions.map((version) => `${job},version="${version}"`)].slice(versions.length > 0 ? 1 : 0);
  const latest = (metric: string): string => `max by (version) (${metric}{${job}})`;
  const confirmed = 'kong_resilience_last_confirmed_timestamp_seconds';
  const live = 'kong_resilience_source_live';
  const failures = 'kong_resilience_export_failures_total';
  return [
    rule(
      'KongFallbackNotConfirmed',
      `time() - ${latest(confirmed)} > ${maxAge}`,
      '5m',
      'critical',
      'The stored configuration of Kong {{ $labels.version }} has not been confirmed for {{ $value | humanizeDuration }}',
    ),
    rule(
      'KongFallbackExporterGone',
      gone.map((labels) => `absent(${live}{${labels}})`).join(' or '),
      '5m',
      'critical',
      'No exporter of Kong {{ $labels.version }} is running',
    ),
    rule(
      'KongFallbackNeverConfirmed',
      `${latest(live)} unless ${latest(confirmed)}`,
      '15m',
      'critical',
      'The configuration of Kong {{ $labels.version }} has never been confirmed by an exporter that runs',
    ),
    rule(
      'KongFallbackNotLive',
      `${latest(live)} == 0`,
      '10m',
      'warning',
      'No exporter of Kong {{ $labels.version }} receives from the control plane',
    ),
    rule(
      'KongFallbackExportFails',
      `sum by (version) (increase(${failures}{${job}}[15m])) > 3`,
      '5m',
      'warning',
      'Exports of Kong {{ $labels.version }} fail; the error is in the log and in /status',
    ),
  ];
}

/** A configuration that does not change is confirmed at each reconnection; one that waits for its delay, only then. */
function defaultAge(block: Parameters<typeof secondsOf>[0]): number {
  const reconnect = secondsOf(block, 'KONG_RESILIENCE_RECONNECT_SECONDS');
  const delay = secondsOf(block, 'KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY');
  return Math.ceil(3 * (isKnown(reconnect) ? reconnect : 900) + (isKnown(delay) ? delay : 60));
}

/** A failed job stays for as long as its history, so it counts only while it is young. */
function checkRules({ namespace, name }: KubernetesCheck, passedWithinSeconds: number): readonly object[] {
  const cronJob = `{namespace="${namespace}",cronjob="${name}"}`;
  const jobs = `namespace="${namespace}",job_name=~"${name}-[0-9]+"`;
  const maxAge = Tokenization.stringifyNumber(passedWithinSeconds);
  const succeeded = `kube_cronjob_status_last_successful_time${cronJob}`;
  return [
    rule(
      'KongFallbackCheckFailed',
      `kube_job_failed{${jobs},condition="true"} == 1 and on (namespace, job_name) time() - kube_job_status_start_time{${jobs}} < ${maxAge}`,
      '0m',
      'critical',
      'The check of the stored configuration failed: {{ $labels.job_name }} has the reason in its log',
    ),
    rule(
      'KongFallbackCheckOverdue',
      `time() - ${succeeded} > ${maxAge}`,
      '5m',
      'critical',
      'The check of the stored configuration has not succeeded for {{ $value | humanizeDuration }}',
    ),
    rule(
      'KongFallbackCheckMissing',
      `absent(${succeeded})`,
      '1h',
      'critical',
      'The check of the stored configuration has never succeeded, or kube-state-metrics does not see it',
    ),
  ];
}
