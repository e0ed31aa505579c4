/** Alarms on what the agent's log says (docs/metrics.md, "Log events"). */
import { LoggingMetric } from '@cdktf/provider-google/lib/logging-metric';
import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../../problems';
import { generatedMetricName } from '../names';
import { listProblems } from '../../topology/lists';
import { wrongAge } from '../../topology/problems';

/** Who is told, and where. */
export interface AlarmTargets {
  readonly project?: string;
  readonly notificationChannels?: readonly string[];
}

/** What is wrong with who is told. */
export function channelProblems({ notificationChannels = [] }: AlarmTargets): Problem[] {
  const example = '["projects/acme/notificationChannels/1234567890"]';
  return listProblems('notificationChannels', notificationChannels, example);
}

/** Counts the lines of the log that a filter takes. @returns its name in PromQL, which the policy waits for */
export function countLines(scope: Construct, id: string, filter: string, project: string | undefined): string {
  const metric = new LoggingMetric(scope, id, {
    name: generatedMetricName(scope, id.toLowerCase()),
    project,
    filter,
    metricDescriptor: { metricKind: 'DELTA', valueType: 'INT64', unit: '1' },
  });
  return `logging_googleapis_com:user_${metric.name}`;
}

/**
 * An alarm that is raised while a query of PromQL has a result. PromQL, since `absent_over_time` also sees what never
 * was, which an absence condition of Cloud Monitoring does not.
 */
export function alarmWhile(
  scope: Construct,
  id: string,
  query: string,
  text: { readonly title: string; readonly advice: string },
  { project, notificationChannels }: AlarmTargets,
): MonitoringAlertPolicy {
  return new MonitoringAlertPolicy(scope, id, {
    displayName: `${text.title} (${scope.node.path})`,
    project,
    combiner: 'OR',
    severity: 'CRITICAL',
    notificationChannels: notificationChannels === undefined ? undefined : [...notificationChannels],
    conditions: [
      {
        displayName: text.title,
        conditionPrometheusQueryLanguage: { query, duration: '0s', evaluationInterval: '60s' },
      },
    ],
    documentation: { mimeType: 'text/markdown', content: text.advice },
  });
}

/** Cloud Monitoring looks at most a day and an hour back for a metric made of logs. */
export const longestLookBack = 86_400;

export function ageProblems(prop: string, seconds: number | undefined, least: number, why: string): Problem[] {
  if (!isKnown(seconds)) return [];
  if (Number.isInteger(seconds) && seconds >= least && seconds <= longestLookBack) return [];
  return [wrongAge(prop, seconds, `a whole number of seconds from ${least} (${why}) to ${longestLookBack}`)];
}
