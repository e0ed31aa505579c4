import type { Pod, PodSpec } from './kubernetes';
import type { Series } from './prometheus';
import { onlyKnown, Refused } from './workload';

/*
 * A cron job and its jobs, by Kubernetes' documentation:
 * - "CronJob": each time that it is due it makes a job, whose name ends with the minutes since 1970
 * - "Jobs": a pod with restartPolicy Never that fails is replaced by another one, as often as backoffLimit (6) says; then, or after
 *   activeDeadlineSeconds, the job has failed
 * - kube-state-metrics, "Job Metrics": kube_job_failed is there for a job that has failed
 *
 * Waits between tries are not waited for.
 */

export interface CronJob {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly schedule: string;
    readonly jobTemplate: {
      readonly spec: {
        readonly backoffLimit?: number;
        readonly activeDeadlineSeconds?: number;
        readonly template: { readonly spec: PodSpec };
      };
    };
  };
}

/** What became of a job. */
export interface JobRun {
  /** Of its pods, each of the first container that failed; not a number where a pod was not started. */
  readonly exitCodes: readonly number[];
  /** All that its pods wrote, and what the kubelet says of those that were not started. */
  readonly log: string;
  /** What kube-state-metrics shows of it. */
  readonly series: readonly Series[];
}

/** What concerns more than one run. */
const ofSeveralRuns = [
  'concurrencyPolicy',
  'startingDeadlineSeconds',
  'successfulJobsHistoryLimit',
  'failedJobsHistoryLimit',
];

/** One time at which a cron job is due. @param podOf makes a pod, which is not started @throws Refused as the API server does */
export async function runCronJob(
  { metadata: { name, namespace }, spec }: CronJob,
  podOf: (spec: PodSpec, name: string) => Promise<Pod>,
): Promise<JobRun> {
  onlyKnown('the cron job', spec, ['schedule', 'jobTemplate', ...ofSeveralRuns]);
  const { backoffLimit = 6, activeDeadlineSeconds, template, ...others } = spec.jobTemplate.spec;
  onlyKnown('the job', others, []);
  onlyKnown('the template of the pod', template, ['spec', 'metadata']);
  if (spec.schedule.trim().split(/\s+/).length !== 5)
    throw new Refused(`spec.schedule: Invalid value: ${spec.schedule}`);
  if (template.spec.restartPolicy !== 'Never')
    throw new Refused(`restartPolicy ${template.spec.restartPolicy}: not executed`);
  const startedAt = Date.now() / 1000;
  const job = `${name}-${Math.floor(startedAt / 60)}`;
  const end = performance.now() + (activeDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const exitCodes: number[] = [];
  let log = '';
  do {
    const pod = await podOf(template.spec, `${job}-${exitCodes.length}`);
    exitCodes.push(await completion(pod, end));
    log += `${pod.containers.map((container) => pod.sandbox(container)?.log ?? '').join('')}${pod.stopped ?? ''}`;
  } while (exitCodes.at(-1) !== 0 && exitCodes.length <= backoffLimit && performance.now() < end);
  const succeeded = exitCodes.at(-1) === 0 && performance.now() < end;
  const labels = { namespace, job_name: job };
  const failed = { name: 'kube_job_failed', labels: { ...labels, condition: 'true' }, value: 1 };
  return {
    exitCodes,
    log,
    series: [{ name: 'kube_job_status_start_time', labels, value: startedAt }, ...(succeeded ? [] : [failed])],
  };
}

async function completion(pod: Pod, end: number): Promise<number> {
  await pod.start();
  const sandboxes = pod.containers.map((container) => pod.sandbox(container));
  const late = setTimeout(
    () => {
      pod.abandon();
      for (const sandbox of sandboxes) void sandbox?.stop('SIGTERM', 30_000);
    },
    Math.min(end - performance.now(), 2 ** 31 - 1),
  );
  const codes = await Promise.all(sandboxes.map(async (sandbox) => (await sandbox?.exit) ?? Number.NaN));
  clearTimeout(late);
  return codes.find((code) => code !== 0) ?? 0;
}
