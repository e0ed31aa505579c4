import { describe, expect, it } from 'vitest';
import { CloudRunCheck, CloudRunImporter } from '../../../../constructs/google';
import { ofType, only } from '../../support/google-stack';
import { deployed, image, place, refusalOf } from './support';

describe('the scheduled check on Cloud Run', () => {
  const stack = deployed(({ stack, importer }) => void new CloudRunCheck(stack, 'Check', { ...place, importer }));
  const job = only(stack, 'google_cloud_run_v2_job');

  it('is a job that runs as the importer and is not tried until it passes', () => {
    expect(job).toMatchObject({
      name: 'kong-check-17598e32',
      location: 'europe-west1',
      deletion_protection: false,
      template: {
        template: {
          service_account: '${google_service_account.ImporterAccount_1A4B8937.email}',
          max_retries: 0,
          timeout: '300s',
          containers: [{ image, args: ['check', '--json'] }],
        },
      },
    });
  });

  it('is started every 15 minutes by an account that may do nothing else', () => {
    expect(only(stack, 'google_cloud_scheduler_job')).toMatchObject({
      region: 'europe-west1',
      schedule: '*/15 * * * *',
      time_zone: 'Etc/UTC',
      http_target: {
        http_method: 'POST',
        uri: 'https://run.googleapis.com/v2/projects/${google_cloud_run_v2_job.Check_8FEA48D3.project}/locations/europe-west1/jobs/${google_cloud_run_v2_job.Check_8FEA48D3.name}:run',
        oauth_token: { service_account_email: '${google_service_account.Check_Caller_780F3FCA.email}' },
      },
    });
    expect(only(stack, 'google_cloud_run_v2_job_iam_member')).toEqual({
      name: '${google_cloud_run_v2_job.Check_8FEA48D3.name}',
      location: 'europe-west1',
      role: 'roles/run.invoker',
      member: '${google_service_account.Check_Caller_780F3FCA.member}',
    });
  });

  it('raises an alarm when it fails, and when none has passed for a while', () => {
    const queries = ofType(stack, 'google_monitoring_alert_policy').map((policy) => {
      const [condition] = policy['conditions'] as { condition_prometheus_query_language: { query: string } }[];
      return condition?.condition_prometheus_query_language.query;
    });
    expect(queries).toEqual([
      'sum(increase(logging_googleapis_com:user_${google_logging_metric.Check_Failed_F2FF5ACF.name}[15m])) > 0',
      'absent_over_time(logging_googleapis_com:user_${google_logging_metric.Check_Passed_68480B21.name}[2700s])',
    ]);
    expect(ofType(stack, 'google_logging_metric').map(({ filter }) => String(filter).split(' AND ').at(-1))).toEqual([
      'jsonPayload.event="check_failed"',
      'jsonPayload.event="check_passed"',
    ]);
  });

  it('shares the grants of secrets with the importer that has the same account', () => {
    const both = deployed(({ stack: scope, importer }) => {
      new CloudRunImporter(scope, 'Handover', { importer, image });
      new CloudRunCheck(scope, 'Check', { ...place, importer });
    });
    expect(ofType(both, 'google_secret_manager_secret_iam_member')).toHaveLength(2);
  });

  it('tells a list of channels, not a text', () => {
    const notificationChannels = 'oncall' as unknown as string[];
    const refusal = refusalOf(({ stack: scope, importer }) => {
      new CloudRunCheck(scope, 'Check', { ...place, importer, notificationChannels });
    });
    expect(refusal).toBe(
      'app/Check: 1 problem\n  KR_TF_LIST notificationChannels is "oncall": it must be a list. Write it in brackets, such as ["projects/acme/notificationChannels/1234567890"].',
    );
  });

  it.each([600, 86_400])('may wait %d seconds for a passed check', (passedWithinSeconds) => {
    const refusal = refusalOf(({ stack: scope, importer }) => {
      new CloudRunCheck(scope, 'Check', { ...place, importer, passedWithinSeconds });
    });
    expect(refusal).toBe('not refused');
  });

  it.each([599, 86_401])('may not wait %d seconds for one', (passedWithinSeconds) => {
    const refusal = refusalOf(({ stack: scope, importer }) => {
      new CloudRunCheck(scope, 'Check', { ...place, importer, passedWithinSeconds });
    });
    expect(refusal).toBe(
      `app/Check: 1 problem\n  KR_TF_ALARM_AGE passedWithinSeconds is ${passedWithinSeconds}: it must be a whole number of seconds from 600 (ten minutes) to 86400.`,
    );
  });
});
