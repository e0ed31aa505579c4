import { CloudRunV2Job } from '@cdktf/provider-google/lib/cloud-run-v2-job';
import { CloudRunV2JobIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-job-iam-member';
import { CloudSchedulerJob } from '@cdktf/provider-google/lib/cloud-scheduler-job';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { Construct } from 'constructs';
import type { ImporterNode } from '../../topology';
import { generatedAccountId, generatedRunName } from '../names';
import { checkRun, serviceAccountOf, vpcAccess, type CloudRunProps } from './cloud-run';
import { ageProblems, alarmWhile, channelProblems, countLines } from './log-alarm';
import { grantSecrets } from './secret-access';
import { runVariables } from './variables';

export interface CloudRunCheckProps extends CloudRunProps {
  /** The importer of the topology: what is checked is what it would read, with its own identity. */
  readonly importer: ImporterNode;
  /** When it runs, in the form of cron, in UTC. @default every 15 minutes */
  readonly schedule?: string;
  /**
   * Seconds without a passed check after which the alarm is raised: at least 600, and more than the time between two runs;
   * at most a day.
   *
   * @default 2700
   */
  readonly passedWithinSeconds?: number;
  /** Whether alarms are declared. @default true */
  readonly alarms?: boolean;
  /** Names of the notification channels that are told. @default none: incidents show in the console alone */
  readonly notificationChannels?: readonly string[];
}

/**
 * The scheduled check under the importer's identity: a Cloud Run job that reads what an importer would read, whether it is
 * there, whole, fresh and can be decrypted; and an alarm when it is not, or when no check has passed for a while.
 */
export class CloudRunCheck extends Construct {
  /** The job, for what this construct has no prop for. */
  readonly job: CloudRunV2Job;

  /** @throws DeclarationError with everything that is wrong in the props, and for a principal that is no service account */
  constructor(scope: Construct, id: string, props: CloudRunCheckProps) {
    super(scope, id);
    const { importer, image, location, project, schedule = '*/15 * * * *', passedWithinSeconds = 2700 } = props;
    checkRun(this, props, [
      ...ageProblems('passedWithinSeconds', passedWithinSeconds, 600, 'ten minutes'),
      ...channelProblems(props),
    ]);
    const account = serviceAccountOf(this, importer.principal);
    const env = runVariables(importer.agentEnvironment);
    this.job = new CloudRunV2Job(this, 'Resource', {
      name: props.name ?? generatedRunName(this),
      location,
      project,
      labels: props.labels,
      deletionProtection: false,
      template: {
        template: {
          serviceAccount: account.email,
          // A failed check is told, not tried until it passes.
          maxRetries: 0,
          timeout: '300s',
          containers: [
            {
              name: 'kong-resilience',
              image,
              args: ['check', '--json'],
              env,
              resources: { limits: { cpu: '1', memory: '512Mi' } },
            },
          ],
          ...vpcAccess(props),
        },
      },
      dependsOn: grantSecrets(this, account, env, project),
    });
    const caller = new ServiceAccount(this, 'Caller', {
      accountId: generatedAccountId(this),
      displayName: `Runs ${this.node.path}`.slice(0, 100),
      project,
    });
    const mayRun = new CloudRunV2JobIamMember(this, 'MayRun', {
      name: this.job.name,
      location,
      project,
      role: 'roles/run.invoker',
      member: caller.member,
    });
    new CloudSchedulerJob(this, 'Schedule', {
      name: this.job.name,
      region: location,
      project,
      schedule,
      timeZone: 'Etc/UTC',
      attemptDeadline: '60s',
      httpTarget: {
        httpMethod: 'POST',
        uri: `https://run.googleapis.com/v2/projects/${this.job.project}/locations/${location}/jobs/${this.job.name}:run`,
        oauthToken: {
          serviceAccountEmail: caller.email,
          scope: 'https://www.googleapis.com/auth/cloud-platform',
        },
      },
      dependsOn: [mayRun],
    });
    if (props.alarms ?? true) this.#alarms(props, passedWithinSeconds);
  }

  #alarms(props: CloudRunCheckProps, passedWithinSeconds: number): void {
    const logs = `resource.type="cloud_run_job" AND resource.labels.job_name="${this.job.name}" AND resource.labels.location="${props.location}"`;
    const failed = countLines(this, 'Failed', `${logs} AND jsonPayload.event="check_failed"`, props.project);
    const passed = countLines(this, 'Passed', `${logs} AND jsonPayload.event="check_passed"`, props.project);
    const advice =
      "New data planes would start with an old configuration in an outage, or with none. The job's log has the code and the fix.";
    alarmWhile(
      this,
      'CheckFailed',
      `sum(increase(${failed}[15m])) > 0`,
      {
        title: 'Kong fallback configuration: the check failed',
        advice: `What an importer would read is missing, damaged, stale or refused. ${advice}`,
      },
      props,
    );
    alarmWhile(
      this,
      'NoCheckPassed',
      `absent_over_time(${passed}[${passedWithinSeconds}s])`,
      {
        title: 'Kong fallback configuration: no check passed',
        advice: `For ${passedWithinSeconds} seconds no check has passed; perhaps none has run. ${advice}`,
      },
      props,
    );
  }
}
