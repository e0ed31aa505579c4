import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { filterTakes } from '../support/platforms/alarms';
import { CloudRunService } from '../support/platforms/cloud-run';
import { runOnSchedule } from '../support/platforms/cloud-run-job';
import { ComposeProject, dotEnv, interpolate, readCompose } from '../support/platforms/compose';
import { type ContainerDefinition, EcsService, secretOf, type TaskDefinition } from '../support/platforms/ecs';
import type { Image } from '../support/platforms/images';
import { type ChartValues, kongChart } from '../support/platforms/kong-chart';
import { expand, Pod, type PodSpec } from '../support/platforms/kubernetes';
import { type CronJob, runCronJob } from '../support/platforms/kubernetes-job';
import { fire, LambdaFunction, type LambdaSpec } from '../support/platforms/lambda';
import { Network } from '../support/platforms/network';
import { hasResult, type Series } from '../support/platforms/prometheus';
import { type ContainerSpec, Machine, sandboxIsMissing, userOf } from '../support/platforms/sandbox';
import { environmentFile, SystemdMachine } from '../support/platforms/systemd';
import type { Workload } from '../support/platforms/workload';
import { eventually } from './world';

/*
 * The rules by which the platforms run what is rendered: that each executor does what its platform's documentation says, with
 * processes that do nothing but end, wait and write.
 */

let machine: Machine;
/** A shell and nothing else. */
let image: Image;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'machine-'));
  chmodSync(folder, 0o755);
  machine = new Machine(folder);
  onTestFinished(() => machine.end());
  image = {
    folder: machine.newFolder('image'),
    entrypoint: [],
    command: ['sleep', 'infinity'],
    environment: {},
    user: '0:0',
    workingDirectory: '/',
    stopSignal: 'SIGTERM',
    volumes: [],
    owners: {},
    users: [
      { name: 'root', uid: 0, gid: 0, home: '/root' },
      { name: 'kong', uid: 1001, gid: 1001, home: '/home/kong' },
    ],
    groups: [{ name: 'shared', gid: 5000, members: ['kong'] }],
    binds: [],
    hidden: [],
  };
});

const sh = (script: string): string[] => ['sh', '-c', script];
/** Ends when it is asked, as the first process of a container must. */
const forever = "trap 'exit 0' TERM; echo up; sleep infinity & wait";

/** Names in the order in which their processes started and ended; `name:code` is an end. */
const history = (): string[] =>
  machine.events.map(({ container, what, exitCode }) => (what === 'started' ? container : `${container}:${exitCode}`));

/** What a container wrote since it was started last, once it has written this. */
async function says(workload: Workload, container: string, text: string): Promise<string> {
  const said = (): string => workload.sandbox(container)?.log ?? '';
  await eventually(
    `said: ${text}`,
    () => said().includes(text),
    () => undefined,
    20_000,
  );
  return said();
}

function running<T extends Workload>(workload: T): T {
  machine.beforeEnd(() => workload.abandon());
  return workload;
}

describe.skipIf(sandboxIsMissing())('a sandbox', () => {
  async function run(spec: Partial<ContainerSpec>, script: string): Promise<string> {
    const network = await Network.open(machine.newFolder('network'), {});
    machine.atEnd(() => network.close());
    const box = machine.create({ name: 'box', image, environment: {}, network, command: sh(script), ...spec });
    await box.start();
    return `${box.log}${await box.exit.then((code) => `${box.log.length > 0 ? box.log : ''}exit ${code}`)}`;
  }

  it('gives a process exactly its environment', async () => {
    const said = await run({ environment: { NAME: "it's\n$HOME" } }, 'env -0 | sort -z | tr "\\0" "|"; exit 7');
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    expect(said).toContain(`HOME=/root|HOSTNAME=box|NAME=it's\n$HOME|PATH=${path}|PWD=/|`);
    expect(said).toMatch(/exit 7$/);
  });

  it('runs it by its user, with the groups of the image or the given one', async () => {
    expect(await run({ user: 'kong' }, 'id -u; id -G')).toContain('1001\n1001 5000\n');
    expect(userOf(image, 'kong:10001')).toEqual({ uid: 1001, gid: 10001, home: '/home/kong', groups: [] });
    expect(userOf(image, '1234')).toEqual({ uid: 1234, gid: 0, home: '/', groups: [] });
    expect(() => userOf(image, 'nobody')).toThrow('unable to find user nobody: no matching entries in passwd file');
  });

  it('has a root that can be read only, with volumes that can be written', async () => {
    const volume = { source: machine.newFolder('volume'), target: '/data' };
    const script = 'for path in /etc /usr/local /tmp /data /mem; do touch $path/x && echo wrote $path; done';
    const said = await run({ readOnlyRoot: true, mounts: [volume], tmpfs: ['/mem'] }, `(${script}) 2>/dev/null`);
    expect(said).toContain('wrote /data\nwrote /mem\n');
    expect(said).not.toMatch(/wrote \/(etc|usr|tmp)/);
  });

  it('takes capabilities away, from root too', async () => {
    const folder = machine.newFolder('owned', [1001, 1001], 0o700);
    const mounts = [{ source: folder, target: '/owned' }];
    expect(await run({ mounts }, 'ls /owned && echo allowed')).toContain('allowed');
    expect(await run({ mounts, dropCapabilities: ['ALL'] }, 'ls /owned && echo allowed')).toMatch(/exit 2$/);
  });

  it('reaches nothing but what is named, and ends by force where it does not end when asked', async () => {
    const network = await Network.open(machine.newFolder('network'), {});
    machine.atEnd(() => network.close());
    const box = machine.create({
      name: 'box',
      image,
      environment: {},
      network,
      command: sh(`trap '' TERM; sleep infinity & wait; wait`),
    });
    await box.start();
    expect(await box.exec(['bash', '-c', ': </dev/tcp/127.0.0.1/80'], 5000)).toBe(1);
    expect(await box.exec(sh('sleep 9'), 100)).toBe(124);
    expect(await box.stop('SIGTERM', 200)).toBe(137);
  });
});

describe.skipIf(sandboxIsMissing())('a task of ECS', () => {
  const container = (name: string, script: string, more: Partial<ContainerDefinition> = {}): ContainerDefinition => ({
    name,
    image: 'shell',
    command: sh(script),
    ...more,
  });

  function service(definitions: readonly ContainerDefinition[], volumes: readonly string[] = []): EcsService {
    const definition: TaskDefinition = { containerDefinitions: definitions, volumes, hasTaskRole: false };
    const account = {
      images: () => image,
      secrets: {},
      credentials: () => ({ accessKeyId: '', secretAccessKey: '' }),
      reachable: {},
      secondMs: 10,
    };
    return running(new EcsService(machine, definition, account));
  }

  const first = (condition: string) => ({ dependsOn: [{ containerName: 'first', condition }] });

  it('waits for a completion, however it ended, and for a start alone', async () => {
    await service([
      container('first', 'sleep 0.3; exit 3', { essential: false }),
      container('after', forever, first('COMPLETE')),
    ]).start();
    expect(history()).toEqual(['first', 'first:3', 'after']);
    machine.events.length = 0;
    await service([
      container('first', forever, { essential: false }),
      container('after', forever, first('START')),
    ]).start();
    expect(history()).toEqual(['first', 'after']);
  });

  it('fails where a success was waited for, and is replaced three times', async () => {
    const task = service([
      container('first', 'exit 3', { essential: false }),
      container('after', forever, first('SUCCESS')),
    ]);
    await task.start();
    await eventually(
      'given up',
      () => task.stopped !== undefined,
      () => undefined,
      20_000,
    );
    expect(task.stopped).toBe('after: dependency first never was SUCCESS: it ended with 3');
    expect(history()).not.toContain('after');
  });

  it('waits for health, by the command of the definition', async () => {
    const healthCheck = { command: ['CMD-SHELL', '[ -e /shared/well ]'], interval: 30, retries: 1000 };
    const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared' }];
    const task = service(
      [
        container('first', `sleep 0.4; : >/shared/well; ${forever}`, { healthCheck, mountPoints }),
        container('after', `ls /shared; ${forever}`, { ...first('HEALTHY'), mountPoints }),
      ],
      ['shared'],
    );
    await task.start();
    expect(await says(task, 'after', 'up')).toBe('well\nup\n');
  });

  it('restarts one container alone, and only one that ran for its period', async () => {
    const restartPolicy = { enabled: true, restartAttemptPeriod: 60 };
    const task = service([
      container('first', 'exit 0', { essential: false }),
      container('gateway', forever, { ...first('COMPLETE'), restartPolicy }),
    ]);
    await task.start();
    await task.crash('gateway');
    expect(history()).toEqual(['first', 'first:0', 'gateway', 'gateway:137', 'gateway']);
    await task.crash('gateway', 59);
    expect(history().slice(5)).toEqual(['gateway:137', 'first', 'first:0', 'gateway']);
  });

  it('ends with an essential container, and has new volumes then', async () => {
    const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared' }];
    const task = service(
      [container('gateway', `ls /shared; : >/shared/mine; ${forever}`, { mountPoints }), container('other', forever)],
      ['shared'],
    );
    await task.start();
    await says(task, 'gateway', 'up');
    await says(task, 'other', 'up');
    await task.crash('gateway');
    expect(history()).toContain('other:0');
    expect(await says(task, 'gateway', 'up')).not.toContain('mine');
  });

  it('refuses what cannot be registered, and what it would not execute', () => {
    const refused = (...definitions: readonly ContainerDefinition[]) => expect(() => service(definitions));
    refused(container('one', '', { essential: false })).toThrow('a task must have at least one essential container');
    refused(container('first', ''), container('after', '', first('COMPLETE'))).toThrow(
      'after depends on COMPLETE of first, which is essential',
    );
    refused(container('first', '', first('START'))).toThrow('first depends on itself');
    refused({ ...container('one', ''), privileged: true } as ContainerDefinition).toThrow(
      'one: not executed: privileged',
    );
    refused(container('one', '', { mountPoints: [{ sourceVolume: 'none', containerPath: '/' }] })).toThrow(
      'one: unknown volume none',
    );
  });

  it('resolves secrets by their JSON key', () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:cluster-AbCdEf';
    const secrets = { [arn]: '{"key":"value"}' };
    expect([secretOf(secrets, arn), secretOf(secrets, `${arn}:key::`)]).toEqual(['{"key":"value"}', 'value']);
    expect(() => secretOf(secrets, `${arn}:cert::`)).toThrow('retrieved secret did not contain json key cert');
  });
});

describe.skipIf(sandboxIsMissing())('a pod of Kubernetes', () => {
  const pod = (spec: PodSpec): Pod =>
    running(
      new Pod(machine, spec, {
        images: () => image,
        configMaps: { settings: { 'a.txt': 'of the map' } },
        secrets: { keys: { key: 'of the secret' } },
        identity: () => ({}),
        reachable: {},
        secondMs: 10,
      }),
    );
  const shared = [{ name: 'shared', mountPath: '/shared' }];
  const volumes = [{ name: 'shared', emptyDir: {} }];

  it('runs init containers one after the other, each until it succeeds, and then the others', async () => {
    const script = 'n=$(cat /shared/n 2>/dev/null || echo 0); echo $((n + 1)) >/shared/n; [ $n -ge 1 ]';
    await pod({
      initContainers: [
        { name: 'one', image: 'shell', command: sh(script), volumeMounts: shared },
        { name: 'two', image: 'shell', command: sh('exit 0') },
      ],
      containers: [{ name: 'app', image: 'shell', command: sh(forever) }],
      volumes,
    }).start();
    expect(history()).toEqual(['one', 'one:1', 'one', 'one:0', 'two', 'two:0', 'app']);
  });

  it('restarts a container alone: with the volumes of the pod, without what else it wrote', async () => {
    const app = pod({
      initContainers: [{ name: 'init', image: 'shell', command: sh('exit 0') }],
      containers: [
        {
          name: 'app',
          image: 'shell',
          command: sh(`ls /shared /layer; mkdir -p /layer; : >/shared/kept; : >/layer/gone; ${forever}`),
          volumeMounts: shared,
        },
      ],
      volumes,
    });
    await app.start();
    await says(app, 'app', 'up');
    await app.crash('app');
    const said = await says(app, 'app', 'up');
    expect(said).toContain('kept');
    expect(said).not.toContain('gone');
    expect(history()).toEqual(['init', 'init:0', 'app', 'app:137', 'app']);
  });

  it('expands variables, and takes them from secrets, config maps and fields', async () => {
    expect(expand('$(A) $$(A) $(B)', { A: 'a' })).toBe('a $(A) $(B)');
    const valueFrom = { secretKeyRef: { name: 'keys', key: 'key' } };
    const env = [
      { name: 'KEY', valueFrom },
      { name: 'BOTH', value: '<$(KEY)>' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ];
    const files = [{ name: 'files', configMap: { name: 'settings', defaultMode: 0o400 } }];
    const app = pod({
      containers: [
        {
          name: 'app',
          image: 'shell',
          command: ['sh', '-c'],
          args: [`echo "$BOTH $POD $(KEY)" $(cat /files/a.txt); ${forever}`],
          env,
          volumeMounts: [{ name: 'files', mountPath: '/files' }],
        },
      ],
      volumes: files,
    });
    await app.start();
    const said = await says(app, 'app', 'up');
    expect(said).toBe('<of the secret> pod-1 of the secret of the map\nup\n');
  });

  it('runs by the numbers of the security contexts', async () => {
    const app = pod({
      securityContext: { fsGroup: 4000 },
      containers: [
        {
          name: 'app',
          image: 'shell',
          command: sh(`id -u; id -g; id -G; stat -c '%g %a' /shared; ${forever}`),
          securityContext: { runAsUser: 1001, runAsGroup: 2000 },
          volumeMounts: shared,
        },
      ],
      volumes,
    });
    await app.start();
    const said = await says(app, 'app', 'up');
    expect(said).toBe('1001\n2000\n2000 4000\n4000 2777\nup\n');
    const root = pod({ containers: [{ name: 'app', image: 'shell', securityContext: { runAsNonRoot: true } }] });
    await root.start();
    expect(root.stopped).toBe('CreateContainerConfigError: app: container has runAsNonRoot and runs as 0:0');
  });

  const cronJob = (script: string, job: object = {}, spec: object = {}): CronJob => ({
    metadata: { name: 'check', namespace: 'kong' },
    spec: {
      schedule: '*/15 * * * *',
      jobTemplate: {
        spec: {
          ...job,
          template: {
            spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'shell', command: sh(script) }] },
          },
        },
      },
      ...spec,
    },
  });
  const due = (job: CronJob): ReturnType<typeof runCronJob> => runCronJob(job, (spec) => Promise.resolve(pod(spec)));

  /** What kube-state-metrics shows, with the name of the job without its time. */
  const shown = ({ series }: Awaited<ReturnType<typeof due>>): string[] =>
    series.map(({ name, labels }) => `${name} ${String(labels['job_name']).replace(/\d+$/, 'N')}`);

  it.each([
    ['once where it succeeds', 'exit 0', [0], []],
    ['as often as its job may be tried', 'exit 8', [8, 8], ['kube_job_failed check-N']],
  ])('runs when its cron job is due, %s, and is shown so', async (_, script, exitCodes, failed) => {
    const run = await due(cronJob(`echo said; ${script}`, { backoffLimit: 1 }));
    expect(run).toMatchObject({ exitCodes, log: 'said\n'.repeat(exitCodes.length) });
    expect(shown(run)).toEqual(['kube_job_status_start_time check-N', ...failed]);
  });

  // Asked to end before its shell has the trap, a first process goes on, and is ended by force after 30 s.
  it('has failed when the time of its job is over, with whatever it ended then', { timeout: 90_000 }, async () => {
    const run = await due(cronJob(forever, { activeDeadlineSeconds: 1 }));
    expect(run.exitCodes).toHaveLength(1);
    expect(shown(run)).toContain('kube_job_failed check-N');
  });

  it('is not run by a cron job that says what is not executed', async () => {
    await expect(due(cronJob('exit 0', {}, { suspend: true }))).rejects.toThrow('the cron job: not executed: suspend');
    await expect(due(cronJob('exit 0', { completions: 2 }))).rejects.toThrow('the job: not executed: completions');
    await expect(due(cronJob('exit 0', {}, { schedule: 'hourly' }))).rejects.toThrow('Invalid value: hourly');
  });

  it('is made of the values of Kong’s chart', () => {
    const values: ChartValues = {
      image: { repository: 'kong', tag: '3.9.1' },
      env: { role: 'data_plane', cluster_cert: { valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } } },
      customEnv: { BASH_ENV: '/x' },
      deployment: { initContainers: [{ name: 'import', image: 'agent' }] },
    };
    const { initContainers = [], containers } = kongChart(values);
    expect(initContainers.map(({ name }) => name)).toEqual(['clear-stale-pid', 'import']);
    expect(containers[0]).toMatchObject({
      image: 'kong:3.9.1',
      securityContext: { runAsUser: 1000, readOnlyRootFilesystem: true },
    });
    expect(containers[0]?.env).toContainEqual({ name: 'KONG_ROLE', value: 'data_plane' });
    expect(containers[0]?.env).toContainEqual({ name: 'BASH_ENV', value: '/x' });
    expect(() => kongChart({ extraObjects: [1] } as ChartValues)).toThrow('values: not executed: extraObjects');
  });
});

describe.skipIf(sandboxIsMissing())('a project of Compose', () => {
  const project = (text: string, only: string): ComposeProject => {
    const host = { images: () => image, folder: machine.newFolder('project'), reachable: {}, secondMs: 10 };
    return running(new ComposeProject(machine, readCompose(text, {}), host, [only]));
  };

  it('puts variables in, and demands those that must be there', () => {
    const env = dotEnv('A=\'it $B\'\nB=two words\nC="a\\nb"\n');
    expect(env).toEqual({ A: 'it $B', B: 'two words', C: 'a\nb' });
    expect(interpolate('${A} $B $$B ${D:-d}', env)).toBe('it $B two words $B d');
    expect(() => interpolate('${D:?is missing}', env)).toThrow('required variable D is missing a value: is missing');
  });

  it('waits for a completion, and starts nothing after one that failed', async () => {
    const file = (code: number): string => `
services:
  first: { image: shell, command: [sh, -c, 'sleep 0.2; exit ${code}'] }
  after: { image: shell, depends_on: { first: { condition: service_completed_successfully } } }`;
    await project(file(0), 'after').start();
    expect(history()).toEqual(['first', 'first:0', 'after']);
    machine.events.length = 0;
    const failing = project(file(4), 'after');
    await failing.start();
    expect(failing.stopped).toBe('service "first" didn\'t complete successfully: exit 4');
    expect(history()).toEqual(['first', 'first:4']);
  });

  it('starts a container again alone, as it was, by its own policy', async () => {
    const both = project(
      `
services:
  first: { image: shell, command: [sh, -c, 'exit 0'] }
  kept: { image: shell, command: [sh, -c, 'ls /; touch /mine; echo up; sleep infinity'], restart: unless-stopped, depends_on: { first: { condition: service_completed_successfully } } }`,
      'kept',
    );
    await both.start();
    await says(both, 'kept', 'up');
    await both.crash('kept');
    await says(both, 'kept', 'mine');
    expect(history()).toEqual(['first', 'first:0', 'kept', 'kept:137', 'kept']);
    const none = project('services: { once: { image: shell } }', 'once');
    await none.start();
    await none.crash('once');
    expect(none.sandbox('once')?.runs).toBe(false);
  });

  it('refuses what it would not execute', () => {
    expect(() => project('services: { one: { image: shell, pid: host } }', 'one')).toThrow('one: not executed: pid');
  });
});

describe.skipIf(sandboxIsMissing())('a unit of systemd', () => {
  const boot = (
    unit: string,
    dropIns: readonly string[] = [],
    others: readonly { name: string; unit: string }[] = [],
    name = 'a.service',
  ): SystemdMachine =>
    running(
      new SystemdMachine(machine, [...others, { name, unit, dropIns }], {
        image,
        files: { '/etc/a.env': { content: 'A="two \\"words\\""\nB="its  one"\n' } },
        reachable: {},
      }),
    );

  it('reads its environment as systemd does', () => {
    expect(environmentFile('A="two \\"words\\""\n# B=no\nC=\'$x\' \nD=a\\\nb\n')).toEqual({
      A: 'two "words"',
      C: '$x',
      D: 'ab',
    });
  });

  it('runs what is before in its order, ignores a failure that may be, and starts all of it again', async () => {
    const host = boot('[Service]\nExecStartPre=/bin/sh -c "exit 9"\nExecStart=/bin/sleep infinity\n', [
      '[Service]\nEnvironmentFile=/etc/a.env\nExecStartPre=\nExecStartPre=-/bin/sh -c "exit 3"\nExecStartPre=/bin/echo ${A} $B\nRestart=on-failure\n',
    ]);
    await host.start();
    expect(host.sandbox()?.log).toContain('two "words" its one');
    expect(history().slice(1)).toEqual([
      'sh -c "exit 3"',
      'sh -c "exit 3":3',
      'echo ${A} $B',
      'echo ${A} $B:0',
      'a.service',
    ]);
    await host.crash('a.service');
    expect(history().slice(6)).toEqual(['a.service:137', ...history().slice(1, 6)]);
  });

  it('fails where what is before fails or takes too long, and after five starts in ten seconds', async () => {
    const failing = boot('[Service]\nExecStartPre=/bin/sh -c "exit 9"\nExecStart=/bin/true\n');
    await failing.start();
    expect(failing.stopped).toBe('ExecStartPre=/bin/sh -c "exit 9" ended with 9');
    const slow = boot('[Service]\nTimeoutStartSec=0.3\nExecStartPre=/bin/sleep 9\nExecStart=/bin/true\n');
    await slow.start();
    expect(slow.stopped).toBe('ExecStartPre=/bin/sleep 9 ended with 137');
    const looping = boot('[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=1ms\n');
    await looping.start();
    await eventually(
      'given up',
      () => looping.stopped !== undefined,
      () => undefined,
      20_000,
    );
    expect(looping.stopped).toBe('start request repeated too quickly');
  });

  it('has folders of its own, and the rest read only, as it says', async () => {
    const script = 'for path in $STATE_DIRECTORY /etc /tmp; do touch $path/x && stat -c "%u %a %n" $path; done; umask';
    const host = boot(
      `[Service]\nUser=kong\nUMask=0077\nPrivateTmp=yes\nProtectSystem=strict\nStateDirectory=a/b\nStateDirectoryMode=0700\nExecStartPre=/bin/sh -c '${script}'\nExecStart=/bin/sleep infinity\n`,
    );
    await host.start();
    expect(host.sandbox()?.log).toMatch(/^1001 700 \/var\/lib\/a\/b\n.*Read-only.*\n0 1777 \/tmp\n0077\n/);
  });

  it('starts what it wants each time, waits for what it comes after, and starts also where that failed', async () => {
    const one = { name: 'one.service', unit: '[Service]\nType=oneshot\nExecStart=/bin/sh -c "sleep 0.2; exit 5"\n' };
    const host = boot(
      '[Unit]\nWants=one.service\nAfter=one.service\n[Service]\nExecStart=/bin/sleep infinity\nRestart=always\n',
      [],
      [one],
    );
    machine.events.length = 0;
    await host.start();
    await host.crash('a.service');
    const start = ['one.service', 'one.service:5', 'a.service'];
    expect(history().filter((event) => event !== 'vm')).toEqual([...start, 'a.service:137', ...start]);
  });

  const due = '[Timer]\nOnCalendar=hourly\n[Install]\nWantedBy=timers.target\n';

  it.each([
    ['tells of a failure', '', 5, ['one.service', 'one.service:5', 'page.service', 'page.service:0']],
    ['tells of no success', '', 0, ['one.service', 'one.service:0']],
    ['tells of none that may be', '-', 5, ['one.service', 'one.service:5']],
  ])('is started by its timer alone, each time anew, and %s', async (_, prefix, code, told) => {
    const one = `[Unit]\nOnFailure=page.service\n[Service]\nType=oneshot\nExecStart=${prefix}/bin/sh -c "exit ${code}"\n`;
    const page = '[Service]\nType=oneshot\nExecStart=/bin/echo paged\n';
    const others = [
      { name: 'one.service', unit: one },
      { name: 'page.service', unit: page },
    ];
    const host = boot(due, [], others, 'one.timer');
    await host.start();
    expect(history()).toEqual(['vm']);
    for (const times of [1, 2]) {
      await host.elapse('one.timer');
      expect(history().slice(1)).toEqual(Array.from({ length: times }, () => told).flat());
      expect(host.unit('one.service')?.failed !== undefined).toBe(told.includes('page.service'));
    }
  });

  it.each([
    ['is never due', due.replace(/OnCalendar=.*\n/, ''), 'one.timer: Timer unit lacks value setting. Refusing.'],
    ['is not started at boot', due.replace(/WantedBy=.*\n/, ''), 'one.timer is not started at boot'],
    [
      'starts what is not there',
      due.replace('[Timer]\n', '[Timer]\nUnit=two.service\n'),
      'one.timer: Refusing to start, unit two.service to trigger not loaded',
    ],
    ['says what is not executed', due.replace('OnCalendar=', 'OnBootSec='), 'one.timer: not executed: OnBootSec'],
  ])('is refused with a timer that %s', async (_, timer, saying) => {
    const one = { name: 'one.service', unit: '[Service]\nExecStart=/bin/true\n' };
    await expect(boot(timer, [], [one], 'one.timer').start()).rejects.toThrow(saying);
  });
});

describe('an alarm in PromQL', () => {
  const of = (name: string, labels: Series['labels'], value: number): Series => ({ name, labels, value });
  const expression =
    'failed{job=~"a-[0-9]+",is="true"} == 1 and on (space, job) time() - started{job=~"a-[0-9]+"} < 10000';
  const one = { job: 'a-7', space: 'kong' };
  const failed = (more: Series['labels'] = {}, value = 1): Series =>
    of('failed', { ...one, is: 'true', ...more }, value);
  const started = (secondsAgo: number, more: Series['labels'] = {}): Series =>
    of('started', { ...one, ...more }, Date.now() / 1000 - secondsAgo);

  it.each([
    ['that failed is raised', [failed(), started(5000)], true],
    ['that did not is not', [failed({}, 0), started(5000)], false],
    ['whose failure is not so is not', [failed({ is: 'false' }), started(5000)], false],
    ['of another name is not', [failed({ job: 'a-7b' }), started(5000)], false],
    ['that failed long ago is not', [failed(), started(15_000)], false],
    ['beside one that started elsewhere is not', [failed(), started(5000, { space: 'other' })], false],
  ])('on a job %s', (_, series, raised) => {
    expect(hasResult(expression, series)).toBe(raised);
  });

  it('is raised by what grew', () => {
    const more = 'sum(increase(logging_googleapis_com:user_failed[15m])) > 1';
    const grew = (...by: number[]): Series[] => by.map((value) => of('logging_googleapis_com:user_failed', {}, value));
    expect(hasResult(more, grew(1))).toBe(false);
    expect(hasResult(more, grew(1, 1))).toBe(true);
    expect(hasResult(more, [of('logging_googleapis_com:user_passed', {}, 5)])).toBe(false);
  });

  it('is refused in another form', () => {
    expect(() => hasResult('up == 0', [])).toThrow('not executed: up == 0');
  });
});

describe.skipIf(sandboxIsMissing())('an instance of Cloud Run', () => {
  const service = (containers: ConstructorParameters<typeof CloudRunService>[1]['containers']): CloudRunService =>
    running(
      new CloudRunService(
        machine,
        { containers, volumes: [{ name: 'shared', empty_dir: [{ medium: 'MEMORY' }] }] },
        { images: () => image, secrets: { key: 'value' }, reachable: {}, secondMs: 100 },
      ),
    );
  const listen = `exec ${process.execPath} -e "require('net').createServer((s) => s.end('HTTP/1.0 200 OK\\r\\n\\r\\n')).listen(8101);process.on('SIGTERM',()=>process.exit())"`;
  const volume_mounts = [{ name: 'shared', mount_path: '/shared' }];
  const startup_probe = [{ http_get: [{ path: '/startup', port: 8101 }], period_seconds: 1, failure_threshold: 240 }];

  it('starts a container when those that it depends on are healthy, and all of them again when one ends', async () => {
    const value_source = [{ secret_key_ref: [{ secret: 'projects/p/secrets/key', version: 'latest' }] }];
    const instance = service([
      {
        name: 'gateway',
        image: 'shell',
        args: sh(`ls /shared; echo $KEY; : >/shared/mine; ${forever}`),
        depends_on: ['import'],
        volume_mounts,
        env: [{ name: 'KEY', value_source }],
      },
      { name: 'import', image: 'shell', args: sh(`sleep 0.3; ${listen}`), startup_probe, volume_mounts },
    ]);
    await instance.start();
    expect(history()).toEqual(['import', 'gateway']);
    await says(instance, 'gateway', 'up');
    await instance.crash('gateway');
    expect(history().slice(2).sort()).toEqual(['gateway', 'gateway:137', 'import', 'import:0']);
    expect(await says(instance, 'gateway', 'up')).toBe('value\nup\n');
  });

  it('ends with a container that ends', async () => {
    const instance = service([{ name: 'import', image: 'shell', args: sh('exit 0') }]);
    await instance.start();
    await eventually(
      'given up',
      () => instance.stopped !== undefined,
      () => undefined,
      20_000,
    );
    expect(instance.stopped).toBe('container import exited with 0');
  });

  it('refuses a dependency that has no startup probe', () => {
    const containers = [
      { name: 'a', image: 'shell', depends_on: ['b'] },
      { name: 'b', image: 'shell' },
    ];
    expect(() => service(containers)).toThrow('a depends on b, which has no startup probe');
  });
});

describe.skipIf(sandboxIsMissing())('a job of Cloud Run', () => {
  /** Accounts as which its tasks ran. */
  const accounts: string[] = [];
  const run = (script: string, task: object = {}, mayRun: object = {}): ReturnType<typeof runOnSchedule> => {
    accounts.length = 0;
    const containers = [{ name: 'check', image: 'shell', args: sh(script) }];
    const target = {
      http_method: 'POST',
      uri: 'https://run.googleapis.com/v2/projects/p/locations/eu/jobs/job:run',
      oauth_token: [{ service_account_email: 'caller' }],
    };
    return runOnSchedule(
      machine,
      {
        job: {
          name: 'job',
          project: 'p',
          location: 'eu',
          template: [{ template: [{ containers, service_account: 'gateway', ...task }] }],
        },
        schedule: { schedule: '*/15 * * * *', http_target: [target] },
        mayRun: { name: 'job', location: 'eu', role: 'roles/run.invoker', member: 'serviceAccount:caller', ...mayRun },
      },
      (account) => {
        accounts.push(account);
        return { images: () => image, secrets: {}, reachable: {} };
      },
    );
  };

  it('runs by its account when its schedule is due, and again as often as it may', async () => {
    const script = 'echo $CLOUD_RUN_JOB $CLOUD_RUN_TASK_ATTEMPT; exit 8';
    expect(await run(script, { max_retries: 0 })).toEqual({
      exitCodes: [8],
      log: 'job 0\ncontainer check exited with 8\n',
    });
    expect(accounts).toEqual(['gateway']);
    expect((await run(script))?.exitCodes).toEqual([8, 8, 8, 8]);
    expect((await run('exit 0'))?.exitCodes).toEqual([0]);
  });

  it('is ended when its time is over', async () => {
    const ended = await run(`trap 'exit 9' TERM; sleep infinity & wait`, { max_retries: 0, timeout: '0.5s' });
    expect(ended?.exitCodes).not.toEqual([0]);
  });

  it('is not run by an account that may not', async () => {
    expect(await run('exit 0', {}, { member: 'serviceAccount:other' })).toBeUndefined();
    expect(await run('exit 0', {}, { role: 'roles/run.viewer' })).toBeUndefined();
    expect(await run('exit 0', {}, { name: 'other' })).toBeUndefined();
  });

  it('refuses what it would not execute', async () => {
    await expect(run('exit 0', { node_selector: [{}] })).rejects.toThrow('the task: not executed: node_selector');
    await expect(run('exit 0', { containers: [] })).rejects.toThrow('the job has not one container');
  });
});

describe('a metric made of logs', () => {
  it('counts the lines of its resource that say what is asked', () => {
    const filter = 'resource.type="job" AND resource.labels.name="a" AND jsonPayload.event="failed"';
    const a = { type: 'job', labels: { name: 'a' } };
    expect(filterTakes(filter, a, '{"event":"failed"}')).toBe(true);
    expect(filterTakes(filter, a, '{"event":"passed"}')).toBe(false);
    expect(filterTakes(filter, a, 'failed')).toBe(false);
    expect(filterTakes(filter, { ...a, labels: { name: 'b' } }, '{"event":"failed"}')).toBe(false);
    expect(() => filterTakes(`${filter} AND severity>=ERROR`, a, '{"event":"failed"}')).toThrow(
      'not executed: severity>=ERROR',
    );
  });
});

describe.skipIf(sandboxIsMissing())('a function of Lambda', { timeout: 60_000 }, () => {
  function lambda(code: string, more: Partial<LambdaSpec> = {}): LambdaFunction {
    const index = machine.newFile('index.cjs', code);
    const archive = index.replace(/index\.cjs$/, 'lambda.zip');
    expect(spawnSync('python3', ['-m', 'zipfile', '-c', archive, index]).status).toBe(0);
    const bytes = readFileSync(archive);
    const spec = {
      name: 'kong',
      arn: 'arn:aws:lambda:eu-west-1:123456789012:function:kong',
      handler: 'index.run',
      runtime: 'nodejs22.x',
      archive: bytes,
      sourceCodeHash: createHash('sha256').update(bytes).digest('base64'),
      timeoutSeconds: 20,
      memoryMiB: 512,
      tmpMiB: 16,
      variables: { GIVEN: 'value' },
      ...more,
    };
    const credentials = { accessKeyId: 'id', secretAccessKey: 'key' };
    return new LambdaFunction(machine, spec, { region: 'eu-west-1', credentials: () => credentials, reachable: {} });
  }
  const schedule = (retries: number): Parameters<typeof fire>[1] => ({
    rule: { name: 'rule', arn: 'arn:rule', schedule_expression: 'rate(5 minutes)' },
    target: { rule: 'rule', arn: 'arn:aws:lambda:eu-west-1:123456789012:function:kong' },
    permission: {
      function_name: 'kong',
      action: 'lambda:InvokeFunction',
      principal: 'events.amazonaws.com',
      source_arn: 'arn:rule',
    },
    invokeConfig: { function_name: 'kong', maximum_retry_attempts: retries },
  });

  it('keeps its environment for the next run, with exactly its variables and a /tmp alone to write to', async () => {
    const kept = lambda(`
      const { writeFileSync, statfsSync } = require('node:fs');
      const can = (path) => { try { writeFileSync(path, ''); return true; } catch { return false; } };
      let runs = 0;
      exports.run = async () => ({
        runs: ++runs,
        own: [process.env.GIVEN, process.env.AWS_LAMBDA_FUNCTION_NAME, process.env.HOME, process.getuid()],
        writes: [can('/tmp/file'), can('/var/task/file'), can('/file')],
        tmpMiB: (statfsSync('/tmp').blocks * statfsSync('/tmp').bsize) / 1024 ** 2,
      });`);
    const own = ['value', 'kong', null, 993];
    const writes = [true, false, false];
    expect(await kept.invoke()).toEqual({ payload: { runs: 1, own, writes, tmpMiB: 16 } });
    expect(await kept.invoke()).toEqual({ payload: { runs: 2, own, writes, tmpMiB: 16 } });
    expect(kept.environments).toHaveLength(1);
  });

  it('ends what takes longer than its timeout, and begins afresh', async () => {
    const slow = lambda('exports.run = () => new Promise(() => setInterval(() => undefined, 1000));', {
      timeoutSeconds: 1,
    });
    for (const count of [1, 2]) {
      const { error } = await slow.invoke();
      expect(error?.errorMessage).toBe('Task timed out after 1.00 seconds');
      expect(slow.environments).toHaveLength(count);
    }
    expect(slow.metrics).toEqual({ Invocations: 2, Errors: 2, Throttles: 0 });
  });

  it('is tried again by its schedule as often as is configured', async () => {
    const failing = "exports.run = async () => { throw new Error('no'); };";
    expect(await fire(lambda(failing), schedule(0))).toHaveLength(1);
    expect(await fire(lambda(failing), schedule(2))).toHaveLength(3);
  });

  it('throttles what is over its reserved concurrency', async () => {
    const one = lambda('exports.run = async () => null;', { reservedConcurrency: 1 });
    const outcomes = await Promise.all([one.invoke(), one.invoke()]);
    expect(outcomes.map(({ error }) => error?.errorType)).toEqual([undefined, 'TooManyRequestsException']);
    expect(one.metrics).toEqual({ Invocations: 1, Errors: 0, Throttles: 1 });
  });
});
