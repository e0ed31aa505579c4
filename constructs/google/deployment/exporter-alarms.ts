import { Construct } from 'constructs';
import { throwProblems } from '../../problems';
import type { IExporterNode } from '../../topology';
import { ageProblems, alarmWhile, channelProblems, countLines } from './log-alarm';
import { secondsIn } from '../../environment/seconds';

/** Who is told of an exporter's alarms, and when. */
export interface AlarmOptions {
  /** Names of the notification channels that are told: `projects/<project>/notificationChannels/<id>`. @default none: incidents show in the console alone */
  readonly notificationChannels?: readonly string[];
  /**
   * Age, in seconds, at which the last confirmed export is too old. At least twice the time after which the exporter asks
   * again (KONG_RESILIENCE_RECONNECT_SECONDS), at most a day.
   *
   * @default three times KONG_RESILIENCE_RECONNECT_SECONDS, 2700
   */
  readonly confirmedWithinSeconds?: number;
}

/** What a deployment of an exporter says of its alarms. */
export interface ExporterAlarmOptions extends AlarmOptions {
  /** Whether alarms are declared. @default true */
  readonly alarms?: boolean;
}

export interface ExporterAlarmsProps extends AlarmOptions {
  /** The exporter of the topology; its KONG_RESILIENCE_RECONNECT_SECONDS sets the pace. */
  readonly exporter: IExporterNode;
  /** Filter of Cloud Logging that takes the lines of this exporter and no others: `resource.type="k8s_container" AND …`. */
  readonly logs: string;
  /** Id of the project whose logs they are. @default the project of the provider */
  readonly project?: string;
}

/**
 * Alarms of Cloud Monitoring for an exporter, made of its log: no confirmed export within a time (an exporter that never
 * wrote is seen too), failed exports, an exporter that is not running.
 *
 * The deployments on Cloud Run bring them; on GKE give the filter of the exporter's container.
 */
export class ExporterAlarms extends Construct {
  /** @throws DeclarationError when `confirmedWithinSeconds` is out of its range */
  constructor(scope: Construct, id: string, props: ExporterAlarmsProps) {
    super(scope, id);
    const { exporter, logs, project } = props;
    const reconnect = secondsIn(exporter.agentEnvironment, 'KONG_RESILIENCE_RECONNECT_SECONDS');
    const { confirmedWithinSeconds = 3 * reconnect } = props;
    const pace = 'twice KONG_RESILIENCE_RECONNECT_SECONDS';
    throwProblems(this, [
      ...ageProblems('confirmedWithinSeconds', confirmedWithinSeconds, 2 * reconnect, pace),
      ...channelProblems(props),
    ]);
    const confirmed = countLines(
      this,
      'Confirmed',
      `${logs} AND jsonPayload.event=("confirmed" OR "exported")`,
      project,
    );
    const failed = countLines(this, 'Failed', `${logs} AND jsonPayload.event="export_failed"`, project);
    const alive = countLines(this, 'Alive', logs, project);

    alarmWhile(
      this,
      'NotConfirmed',
      `absent_over_time(${confirmed}[${confirmedWithinSeconds}s])`,
      {
        title: 'Kong fallback configuration: no confirmed export',
        advice: `For ${confirmedWithinSeconds} seconds no exporter has confirmed that what is stored is current: new data planes would start with an old configuration in an outage, or with none. The exporter's log tells why, and the fix; \`kong-resilience status\` tells what is stored.`,
      },
      props,
    );
    alarmWhile(
      this,
      'ExportFailed',
      `sum(increase(${failed}[15m])) > 0`,
      {
        title: 'Kong fallback configuration: exports fail',
        advice:
          "An export failed within the last 15 minutes. It is tried again and nothing is lost, but the store lacks the newest configuration until it succeeds. The exporter's log has the code and the fix.",
      },
      props,
    );
    // A running exporter says something at each reconnection, and about each outage every ten minutes.
    const silent = reconnect + 300;
    alarmWhile(
      this,
      'NotRunning',
      `absent_over_time(${alive}[${silent}s])`,
      {
        title: 'Kong fallback configuration: the exporter is not running',
        advice: `The exporter has logged nothing for ${silent} seconds, which a running one does not do. Look at its instances and at their last lines.`,
      },
      props,
    );
  }
}

/** The alarms of a deployment, unless it wants none. */
export function addExporterAlarms(
  deployment: Construct,
  { alarms = true, ...options }: ExporterAlarmOptions & { readonly project?: string },
  exporter: Pick<ExporterAlarmsProps, 'exporter' | 'logs'>,
): void {
  if (!alarms) return;
  const { notificationChannels, confirmedWithinSeconds, project } = options;
  new ExporterAlarms(deployment, 'Alarms', { ...exporter, notificationChannels, confirmedWithinSeconds, project });
}
