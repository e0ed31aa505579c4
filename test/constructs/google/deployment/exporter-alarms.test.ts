import { describe, expect, it } from 'vitest';
import { ExporterAlarms } from '../../../../constructs/google';
import { ofType } from '../../support/google-stack';
import { deployed, refusalOf, type NodeOptions } from './support';

const logs = 'resource.type="k8s_container" AND resource.labels.container_name="kong-exporter"';

const alarms = (props: { confirmedWithinSeconds?: number; notificationChannels?: string[] }, options?: NodeOptions) =>
  deployed(({ stack, exporter }) => void new ExporterAlarms(stack, 'Alarms', { exporter, logs, ...props }), options);

const queriesOf = (stack: ReturnType<typeof alarms>): Record<string, string> =>
  Object.fromEntries(
    ofType(stack, 'google_monitoring_alert_policy').map((policy) => {
      const [condition] = policy['conditions'] as { condition_prometheus_query_language: { query: string } }[];
      return [String(policy['display_name']), condition?.condition_prometheus_query_language.query ?? ''];
    }),
  );

describe('the alarms of an exporter', () => {
  it('count the lines of its log by their events', () => {
    expect(ofType(alarms({}), 'google_logging_metric').map(({ name, filter }) => [name, filter])).toEqual([
      ['kong_resilience_alive_alarms_8ddf6e45', logs],
      ['kong_resilience_confirmed_alarms_8ddf6e45', `${logs} AND jsonPayload.event=("confirmed" OR "exported")`],
      ['kong_resilience_failed_alarms_8ddf6e45', `${logs} AND jsonPayload.event="export_failed"`],
    ]);
  });

  it('are raised when nothing is confirmed for three reconnections, when an export fails, and when nothing is said', () => {
    const queries = queriesOf(alarms({}));
    expect(
      Object.entries(queries).map(([name, query]) => [name, query.replace(/\$\{[^}]*\.name\}/, 'METRIC')]),
    ).toEqual([
      [
        'Kong fallback configuration: exports fail (app/Alarms)',
        'sum(increase(logging_googleapis_com:user_METRIC[15m])) > 0',
      ],
      [
        'Kong fallback configuration: no confirmed export (app/Alarms)',
        'absent_over_time(logging_googleapis_com:user_METRIC[2700s])',
      ],
      [
        'Kong fallback configuration: the exporter is not running (app/Alarms)',
        'absent_over_time(logging_googleapis_com:user_METRIC[1200s])',
      ],
    ]);
    // Each watches its own metric.
    expect(queries['Kong fallback configuration: exports fail (app/Alarms)']).toContain('Alarms_Failed');
    expect(queries['Kong fallback configuration: no confirmed export (app/Alarms)']).toContain('Alarms_Confirmed');
    expect(queries['Kong fallback configuration: the exporter is not running (app/Alarms)']).toContain('Alarms_Alive');
  });

  it('go by the pace of the exporter', () => {
    const queries = Object.values(queriesOf(alarms({}, { environment: { KONG_RESILIENCE_RECONNECT_SECONDS: '600' } })));
    expect(queries.join()).toContain('[1800s]');
    expect(queries.join()).toContain('[900s]');
  });

  it('tell whom they are told to', () => {
    const channel = 'projects/acme/notificationChannels/1';
    const policies = ofType(alarms({ notificationChannels: [channel] }), 'google_monitoring_alert_policy');
    expect(policies.map((policy) => policy['notification_channels'])).toEqual([[channel], [channel], [channel]]);
  });

  it('are told to a list of channels, not to a text', () => {
    const notificationChannels = 'projects/acme/notificationChannels/1' as unknown as string[];
    const refusal = refusalOf(({ stack, exporter }) => {
      new ExporterAlarms(stack, 'Alarms', { exporter, logs, notificationChannels });
    });
    expect(refusal).toBe(
      'app/Alarms: 1 problem\n  KR_TF_LIST notificationChannels is "projects/acme/notificationChannels/1": it must be a list. Write it in brackets, such as ["projects/acme/notificationChannels/1234567890"].',
    );
  });

  it.each([1800, 86_400])('may wait %d seconds', (confirmedWithinSeconds) => {
    expect(Object.values(queriesOf(alarms({ confirmedWithinSeconds }))).join()).toContain(
      `[${confirmedWithinSeconds}s]`,
    );
  });

  it.each([1799, 86_401, 2000.5])('may not wait %d seconds', (confirmedWithinSeconds) => {
    const refusal = refusalOf(({ stack, exporter }) => {
      new ExporterAlarms(stack, 'Alarms', { exporter, logs, confirmedWithinSeconds });
    });
    expect(refusal).toBe(
      `app/Alarms: 1 problem\n  KR_TF_ALARM_AGE confirmedWithinSeconds is ${confirmedWithinSeconds}: it must be a whole number of seconds from 1800 (twice KONG_RESILIENCE_RECONNECT_SECONDS) to 86400.`,
    );
  });
});
