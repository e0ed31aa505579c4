import { CloudwatchLogMetricFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-metric-filter';
import type { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import type { Construct } from 'constructs';
import type { IExporterNode } from '../../topology';
import { isKnown, warn, type Problem } from '../../problems';
import { secondsIn } from '../../environment/seconds';
import { listProblems } from '../../topology/lists';
import { wrongAge } from '../../topology/problems';
import { logUnseen, nobodyTold, topicArn } from './problems';
import type { PlaceProps } from './surroundings';

/** Who is told of alarms. */
export interface AlarmProps {
  /**
   * Whether alarms are declared.
   *
   * @default true
   */
  readonly alarms?: boolean;
  /**
   * ARNs of what is told when an alarm is raised, and when it is over: SNS topics.
   *
   * @default none, with a warning: alarms show in the console alone
   */
  readonly alarmActions?: string[];
}

/** The same, of an exporter. */
export interface ExporterAlarmProps extends AlarmProps {
  /**
   * Age, in seconds, at which the last confirmed export of a version is too old: at least twice the time in which one is
   * confirmed, at most a day. An exporter on ECS confirms every KONG_RESILIENCE_RECONNECT_SECONDS, and says so every 900
   * seconds at most; one on Lambda at every run.
   *
   * @default three times that: 2700 on ECS, and 900 on Lambda with a run every 5 minutes
   */
  readonly confirmedWithinSeconds?: number;
}

/** Longest that an alarm of CloudWatch may look back, with periods of less than an hour. */
const day = 86_400;
const period = 300;
/** An exporter tells at `info` about every 15 minutes that it confirmed, and that an outage goes on. */
const toldEvery = 900;
const namespace = 'KongResilience';

/** What is wrong with the actions; and, as a doubt at the construct, that there are none. */
export function checkAlarms(scope: Construct, { alarms = true, alarmActions }: AlarmProps): Problem[] {
  const example = '["arn:aws:sns:eu-west-1:123456789012:on-call"]';
  const noList = alarmActions === undefined ? [] : listProblems('alarmActions', alarmActions, example);
  if (noList.length > 0) return noList;
  if (alarms && (alarmActions === undefined || (isKnown(alarmActions) && alarmActions.length === 0))) {
    warn(scope, nobodyTold());
  }
  if (!isKnown(alarmActions)) return [];
  return alarmActions
    .filter((action) => isKnown(action) && !/^arn:[a-z0-9-]+:[a-z0-9-]+:\S+$/.test(action))
    .map((action) => topicArn(action));
}

/** What an alarm looks at, in CloudWatch's own words. */
export interface Watched {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions?: Record<string, string>;
  readonly statistic: string;
  readonly comparisonOperator: string;
  readonly threshold: number;
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly treatMissingData: string;
}

/** Alarms of one deployment, with names that start with its own. */
export class Alarms {
  constructor(
    private readonly scope: Construct,
    private readonly name: string,
    private readonly props: AlarmProps & PlaceProps,
  ) {}

  add(id: string, suffix: string, alarmDescription: string, watched: Watched): void {
    const { provider, region, tags, alarmActions } = this.props;
    new CloudwatchMetricAlarm(this.scope, id, {
      provider,
      region,
      tags,
      alarmName: `${this.name}-${suffix}`,
      alarmDescription,
      ...watched,
      datapointsToAlarm: watched.evaluationPeriods,
      alarmActions,
      okActions: alarmActions,
    });
  }

  /** Counts lines of the agent's log. @returns the metric */
  count(
    id: string,
    suffix: string,
    log: CloudwatchLogGroup,
    pattern: string,
  ): Pick<Watched, 'namespace' | 'metricName'> {
    const { provider, region } = this.props;
    const metricName = `${this.name}/${suffix}`;
    new CloudwatchLogMetricFilter(this.scope, id, {
      provider,
      region,
      name: `${this.name}-${suffix}`,
      logGroupName: log.name,
      pattern,
      metricTransformation: { name: metricName, namespace, value: '1' },
    });
    return { namespace, metricName };
  }
}

/** What an exporter's alarms are made of. */
export interface ExporterLog {
  readonly exporter: IExporterNode;
  readonly log: CloudwatchLogGroup;
  /** Seconds between two runs; 0 for one that always runs. */
  readonly everySeconds: number;
}

/** What is wrong with the alarms of an exporter; and, as a doubt at the construct, that nobody is told. */
export function checkExporterAlarms(
  scope: Construct,
  props: ExporterAlarmProps,
  exporter: IExporterNode,
  everySeconds: number,
): Problem[] {
  if (props.alarms === false) return [];
  return [...checkAlarms(scope, props), ...checkLog(exporter), ...checkAge(props, exporter, everySeconds)];
}

function checkAge(
  { confirmedWithinSeconds }: ExporterAlarmProps,
  exporter: IExporterNode,
  everySeconds: number,
): Problem[] {
  if (!isKnown(confirmedWithinSeconds)) return [];
  const least = Math.max(2 * pace(exporter, everySeconds), period);
  if (Number.isInteger(confirmedWithinSeconds) && confirmedWithinSeconds >= least && confirmedWithinSeconds <= day) {
    return [];
  }
  const allowed = `a whole number from ${least}, twice the time in which an export is confirmed, to ${day}, a day`;
  return [wrongAge('confirmedWithinSeconds', confirmedWithinSeconds, allowed)];
}

/** The alarms are made of lines of JSON at `info`. */
function checkLog({ agentEnvironment }: IExporterNode): Problem[] {
  const level = agentEnvironment.get('KONG_LOG_LEVEL')?.toString();
  const format = agentEnvironment.get('KONG_RESILIENCE_LOG_FORMAT')?.toString();
  return [
    ...(isKnown(level) && !['debug', 'info', 'notice'].includes(level) ? [logUnseen('KONG_LOG_LEVEL', level)] : []),
    ...(format === 'pretty' ? [logUnseen('KONG_RESILIENCE_LOG_FORMAT', format)] : []),
  ];
}

/** How often an exporter tells that what is stored is current. */
function pace({ agentEnvironment }: IExporterNode, everySeconds: number): number {
  if (everySeconds > 0) return everySeconds;
  return Math.max(secondsIn(agentEnvironment, 'KONG_RESILIENCE_RECONNECT_SECONDS'), toldEvery);
}

/** The age of the last confirmed export, by version. */
export function addConfirmedAlarms(
  alarms: Alarms,
  props: ExporterAlarmProps,
  { exporter, log, everySeconds }: ExporterLog,
): void {
  const within = Math.min(props.confirmedWithinSeconds ?? 3 * pace(exporter, everySeconds), day);
  const confirmed = '($.event = "confirmed") || ($.event = "exported")';
  // A list that Terraform alone knows is watched as one.
  const versions = isKnown(exporter.gatewayVersions) ? exporter.gatewayVersions : [undefined];
  versions.forEach((version, index) => {
    const known = isKnown(version) ? version : versions.length > 1 ? `${index + 1}` : '';
    const suffix = known === '' ? 'confirmed' : `confirmed-${known}`;
    const pattern = version === undefined ? `{ ${confirmed} }` : `{ ($.version = "${version}") && (${confirmed}) }`;
    alarms.add(
      `NotConfirmed${known}`,
      `not-${suffix}`,
      `No exporter has confirmed for ${within} seconds that the stored configuration${version === undefined ? '' : ` of gateway ${version}`} is current: new data planes would start with an old one in an outage, or with none. The exporter's log tells why, and the fix; "kong-resilience status" tells what is stored.`,
      {
        ...alarms.count(`Confirmed${known}`, suffix, log, pattern),
        statistic: 'Sum',
        comparisonOperator: 'LessThanThreshold',
        threshold: 1,
        period,
        evaluationPeriods: Math.ceil(within / period),
        treatMissingData: 'breaching',
      },
    );
  });
}

/** Failed exports of one that always runs; on Lambda the run itself fails. */
export function addFailedAlarm(alarms: Alarms, log: CloudwatchLogGroup): void {
  alarms.add(
    'ExportFailed',
    'export-failed',
    "An export failed. It is tried again, and nothing is lost, but until then the store lacks the newest configuration. The exporter's log has the code and the fix.",
    {
      ...alarms.count('Failed', 'export-failed', log, '{ $.event = "export_failed" }'),
      statistic: 'Sum',
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      period: toldEvery,
      evaluationPeriods: 1,
      treatMissingData: 'notBreaching',
    },
  );
}
