import { describe, expect, it } from 'vitest';
import { EnvValue, KubernetesAlarms, KubernetesCheck, type KubernetesAlarmsProps } from '../../../constructs';
import { agentVersion } from '../../../constructs/artefact';
import { read } from '../../docs/markdown';
import { anExporter, anImporter, aStack, refusalOf, type Wanted } from './harness';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

function alarms(props: Partial<KubernetesAlarmsProps> = {}, wanted: Wanted = {}): KubernetesAlarms {
  const stack = aStack();
  const exporter = anExporter(
    { ...wanted, exporter: { monitoringNamespace: 'monitoring', ...wanted.exporter } },
    stack,
  );
  return new KubernetesAlarms(stack, 'Alarms', { exporter, ...props });
}

function withCheck(props: Partial<KubernetesAlarmsProps> = {}): KubernetesAlarms {
  const stack = aStack();
  const exporter = anExporter({ exporter: { monitoringNamespace: 'monitoring' } }, stack);
  const check = new KubernetesCheck(stack, 'Check', { importer: anImporter({}, stack) });
  return new KubernetesAlarms(stack, 'Alarms', { exporter, check, ...props });
}

function rulesOf({ prometheusRule }: KubernetesAlarms): readonly Rule[] {
  const { spec } = prometheusRule as unknown as { spec: { groups: { rules: Rule[] }[] } };
  return spec.groups.flatMap(({ rules }) => rules);
}

const expressionsOf = (of: KubernetesAlarms): Record<string, string> =>
  Object.fromEntries(rulesOf(of).map(({ alert, expr }) => [alert, expr]));

describe('the alarms of Kubernetes', () => {
  it('scrape the exporter’s pods', () => {
    const { podMonitor } = alarms({ labels: { release: 'prometheus' } });
    expect(podMonitor).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: {
        name: 'kong-exporter',
        namespace: 'kong',
        labels: {
          'app.kubernetes.io/name': 'kong-resilience',
          'app.kubernetes.io/instance': 'kong-exporter',
          'app.kubernetes.io/component': 'alarms',
          'app.kubernetes.io/version': agentVersion(),
          release: 'prometheus',
        },
      },
      spec: {
        selector: {
          matchLabels: {
            'app.kubernetes.io/name': 'kong-resilience',
            'app.kubernetes.io/instance': 'kong-exporter',
            'app.kubernetes.io/component': 'exporter',
          },
        },
        podMetricsEndpoints: [{ port: 'status', path: '/metrics', interval: '30s' }],
      },
    });
  });

  it('tell the age of the last confirmation, an exporter that is gone for each version, and exports that fail', () => {
    const of = alarms({}, { exporterNode: { gatewayVersions: ['3.9.1', '3.10.0'] } });
    expect(expressionsOf(of)).toEqual({
      KongFallbackNotConfirmed:
        'time() - max by (version) (kong_resilience_last_confirmed_timestamp_seconds{job="kong/kong-exporter"}) > 2760',
      KongFallbackExporterGone:
        'absent(kong_resilience_source_live{job="kong/kong-exporter",version="3.9.1"})' +
        ' or absent(kong_resilience_source_live{job="kong/kong-exporter",version="3.10.0"})',
      KongFallbackNeverConfirmed:
        'max by (version) (kong_resilience_source_live{job="kong/kong-exporter"})' +
        ' unless max by (version) (kong_resilience_last_confirmed_timestamp_seconds{job="kong/kong-exporter"})',
      KongFallbackNotLive: 'max by (version) (kong_resilience_source_live{job="kong/kong-exporter"}) == 0',
      KongFallbackExportFails:
        'sum by (version) (increase(kong_resilience_export_failures_total{job="kong/kong-exporter"}[15m])) > 3',
    });
    expect(rulesOf(of).map((rule) => [rule.alert, rule.for, rule.labels.severity])).toEqual([
      ['KongFallbackNotConfirmed', '5m', 'critical'],
      ['KongFallbackExporterGone', '5m', 'critical'],
      ['KongFallbackNeverConfirmed', '15m', 'critical'],
      ['KongFallbackNotLive', '10m', 'warning'],
      ['KongFallbackExportFails', '5m', 'warning'],
    ]);
  });

  it('tell a check that failed, that is overdue, and that never succeeded', () => {
    const expressions = expressionsOf(withCheck({ passedWithinSeconds: 7200 }));
    expect(Object.entries(expressions).slice(5)).toEqual([
      [
        'KongFallbackCheckFailed',
        'kube_job_failed{namespace="kong",job_name=~"kong-gateway-check-[0-9]+",condition="true"} == 1 and on (namespace, job_name) ' +
          'time() - kube_job_status_start_time{namespace="kong",job_name=~"kong-gateway-check-[0-9]+"} < 7200',
      ],
      [
        'KongFallbackCheckOverdue',
        'time() - kube_cronjob_status_last_successful_time{namespace="kong",cronjob="kong-gateway-check"} > 7200',
      ],
      [
        'KongFallbackCheckMissing',
        'absent(kube_cronjob_status_last_successful_time{namespace="kong",cronjob="kong-gateway-check"})',
      ],
    ]);
    expect(rulesOf(withCheck()).every(({ annotations }) => annotations.summary.length > 0)).toBe(true);
  });

  it('ask for metrics that the agent has, by labels that they have', () => {
    const expressions = Object.values(expressionsOf(withCheck())).join('\n');
    const asked = new Set(expressions.match(/kong_resilience_\w+/g));
    // The table of the metrics is checked against the program, both ways.
    const known = [...read('docs/metrics.md').matchAll(/^\| `(kong_resilience_\w+)` +\| (?:gauge|counter) +\|/gm)].map(
      ([, name]) => name,
    );
    expect(asked.size).toBe(3);
    expect([...asked].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('wait as long as the exporter may take to confirm', () => {
    const environment = {
      KONG_RESILIENCE_RECONNECT_SECONDS: EnvValue.fromText('100'),
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: EnvValue.fromText('7'),
    };
    const age = (of: KubernetesAlarms): string => /> (\d+)$/.exec(rulesOf(of)[0]?.expr ?? '')?.[1] ?? 'none';
    expect(age(alarms({}, { exporterNode: { environment } }))).toBe('307');
    expect(age(alarms({ confirmedWithinSeconds: 60 }, { exporterNode: { environment } }))).toBe('60');
  });

  it('are refused where nobody may scrape, or for an age that is none', () => {
    expect(
      refusalOf(() =>
        alarms(
          { confirmedWithinSeconds: 59, passedWithinSeconds: 60.5 },
          { exporter: { monitoringNamespace: undefined } },
        ),
      ),
    ).toBe(
      [
        'stack/Alarms: 3 problems',
        '  KR_TF_NOT_SCRAPED the network policy of "stack/ExporterPods" lets nobody reach its metrics, so the alarm "exporter gone" would never end. Give KubernetesExporter the namespace of Prometheus as monitoringNamespace.',
        '  KR_TF_ALARM_AGE confirmedWithinSeconds is 59: it must be a whole number of seconds, at least 60.',
        '  KR_TF_ALARM_AGE passedWithinSeconds is 60.5: it must be a whole number of seconds, at least 60.',
      ].join('\n'),
    );
    expect(refusalOf(() => alarms({ confirmedWithinSeconds: 60 }))).toBe('nothing was refused');
  });
});
