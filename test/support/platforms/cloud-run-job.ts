import { type CloudRunContainer, type CloudRunProject, type CloudRunTemplate, Instance } from './cloud-run';
import type { Machine } from './sandbox';
import { onlyKnown, Refused } from './workload';

/*
 * A job of Cloud Run and the schedule that starts it, by Google's documentation:
 * - "Create jobs": a task runs its container to its end; one that ends with another code than 0, or takes longer than its timeout
 *   (10 minutes), has failed, and is tried again as often as maxRetries (3) says
 * - "Container runtime contract", jobs: what a task has in its environment
 * - "Execute jobs on a schedule": Cloud Scheduler asks the API to run the job, with the token of an account that may (roles/run.invoker)
 */

type Values = Readonly<Record<string, unknown>>;

/** Values of a google_cloud_run_v2_job, a google_cloud_scheduler_job and the google_cloud_run_v2_job_iam_member of its account. */
export interface CloudRunJob {
  readonly job: Values;
  readonly schedule: Values;
  readonly mayRun: Values;
}

interface TaskTemplate extends CloudRunTemplate {
  readonly service_account?: string | null;
  readonly max_retries?: number | null;
  readonly timeout?: string | null;
}

/** What became of an execution of a job. */
export interface CloudRunJobRun {
  /** Of each try; not a number for a container that was not started. */
  readonly exitCodes: readonly number[];
  /** All that it wrote, and what the platform says. */
  readonly log: string;
}

/** The one task of a job. @throws Refused for several, and for what is not executed */
export function taskOf({ template }: Values): TaskTemplate {
  const [execution] = template as readonly { readonly template: readonly TaskTemplate[] }[];
  const [task] = execution?.template ?? [];
  if (execution === undefined || task?.containers.length !== 1) throw new Refused('the job has not one container');
  const { task_count: count, ...others } = execution as typeof execution & Values;
  if (typeof count === 'number' && count !== 1) throw new Refused(`not executed: ${count} tasks`);
  onlyKnown('the execution', others, ['template', 'parallelism', 'labels', 'annotations']);
  const executed = ['containers', 'volumes', 'service_account', 'max_retries', 'timeout'];
  onlyKnown('the task', task, [...executed, 'vpc_access', 'execution_environment', 'encryption_key']);
  return task;
}

/**
 * One time at which a job is due.
 *
 * @param of gives the project, as an account sees it
 * @returns nothing where the schedule runs no job
 */
export async function runOnSchedule(
  machine: Machine,
  { job, schedule, mayRun }: CloudRunJob,
  of: (serviceAccount: string) => CloudRunProject,
): Promise<CloudRunJobRun | undefined> {
  if (String(schedule['schedule']).trim().split(/\s+/).length !== 5) throw new Refused('the schedule is none');
  if (!reaches({ job, schedule, mayRun })) return undefined;
  const task = taskOf(job);
  const [container] = task.containers;
  if (container === undefined) throw new Refused('the job has no container');
  const exitCodes: number[] = [];
  let log = '';
  do {
    const own = withTask(container, String(job['name']), exitCodes.length);
    const project = of(task.service_account ?? 'the default account of Compute Engine');
    const instance = await Instance.create(machine, { ...task, containers: [own] }, project);
    await instance.start();
    const [sandbox] = instance.sandboxes.values();
    const limit = setTimeout(() => void sandbox?.stop('SIGTERM', 10_000), secondsOf(task.timeout ?? '600s') * 1000);
    await instance.over;
    clearTimeout(limit);
    exitCodes.push((await sandbox?.exit) ?? Number.NaN);
    log += `${sandbox?.log ?? ''}${instance.ended ?? ''}\n`;
  } while (exitCodes.at(-1) !== 0 && exitCodes.length <= (task.max_retries ?? 3));
  return { exitCodes, log };
}

function reaches({ job, schedule, mayRun }: CloudRunJob): boolean {
  const [target] = schedule['http_target'] as readonly Values[];
  const [token] = (target?.['oauth_token'] ?? []) as readonly Values[];
  const address = `projects/${String(job['project'])}/locations/${String(job['location'])}/jobs/${String(job['name'])}`;
  return (
    target?.['http_method'] === 'POST' &&
    target['uri'] === `https://run.googleapis.com/v2/${address}:run` &&
    mayRun['name'] === job['name'] &&
    mayRun['location'] === job['location'] &&
    mayRun['role'] === 'roles/run.invoker' &&
    mayRun['member'] === `serviceAccount:${String(token?.['service_account_email'])}`
  );
}

function withTask({ env = [], ...container }: CloudRunContainer, job: string, attempt: number): CloudRunContainer {
  const task = {
    CLOUD_RUN_JOB: job,
    CLOUD_RUN_EXECUTION: `${job}-abcde`,
    CLOUD_RUN_TASK_INDEX: '0',
    CLOUD_RUN_TASK_ATTEMPT: String(attempt),
    CLOUD_RUN_TASK_COUNT: '1',
  };
  return { ...container, env: [...env, ...Object.entries(task).map(([name, value]) => ({ name, value }))] };
}

function secondsOf(duration: string): number {
  const [, seconds] = /^([\d.]+)s$/.exec(duration) ?? [];
  if (seconds === undefined) throw new Refused(`timeout: ${duration} is no duration`);
  return Number(seconds);
}
