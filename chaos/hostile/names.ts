import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkTable } from '../../src/snapshot';
import { Cluster, exporterEnvironment, importerEnvironment, named, type Table } from '../../test/cli/cluster';
import { releasedLease } from '../../test/cli/lease';
import { type Bucket, folderBucket } from '../../test/cli/stores';
import { type Environment, type Exit, type LogLine, Program, run, temporaryFolder } from '../../test/support/program';
import { keyFault, type nameFaults } from '../faults/hostile-input';
import { writeFigure } from '../support/figures';
import { inherited, isInherited } from '../support/inherited';
import { must, promisesHeld } from '../support/parser';
import { recordFolder } from '../support/settings';

const limit = { timeout: 600_000 };
const key = '3.9.3/config.json';
const leaseKey = '3.9.3/kong-resilience.json';

const evil = 'x"}\n{"level":"info","event":"exported","message":"forged"}\r\u001b[31m\u009b2J\u2028</script>';
const evilLease = (): string =>
  releasedLease(evil, {
    holder: evil,
    configuration: { version: evil, config_hash: evil, canonical_hash: evil },
  });

/** Its members stand where every object has something. */
const inheritedNames = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'length'];
/** A name that begins with an underscore is none of a list of entities. */
const isList = (name: string): boolean => !name.startsWith('_');
const pollution = { polluted: true, prototype: { polluted: true } };
const evilKeys = Object.fromEntries(
  inheritedNames.map((name) => [
    name,
    [{ id: name, name, ...Object.fromEntries(inheritedNames.map((member) => [member, pollution])) }],
  ]),
);

/** Holds of each line of a log what a reader of it relies on. @returns how many there are */
function mustBeLines(text: string): number {
  const lines = text.split('\n').filter((line) => line !== '');
  for (const line of lines) {
    let told: Partial<LogLine> | undefined;
    try {
      told = JSON.parse(line) as LogLine;
    } catch {
      // It is told below.
    }
    must(typeof told?.level === 'string', 'each line of the log is one line of JSON', () => line);
    must(told?.message !== 'forged', 'no line of the log is forged', () => line);
    // eslint-disable-next-line no-control-regex -- what a terminal would obey
    must(!/[\u0000-\u001f]/.test(line), 'no line has what a terminal obeys', () => line);
  }
  return lines.length;
}

/** A control plane, a store in a folder, and the environment of both. */
class Scene {
  readonly folder = temporaryFolder();
  readonly bucket: Bucket = folderBucket(this.folder);

  private constructor(readonly cluster: Cluster) {}

  static async start(): Promise<Scene> {
    return new Scene(await Cluster.start());
  }

  get environment(): Environment {
    return {
      ...this.cluster.environment,
      KONG_LOG_LEVEL: 'debug',
      KONG_RESILIENCE_LOG_FORMAT: 'json',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: this.bucket.url(),
    };
  }

  /** An exporter stores what the control plane sends. */
  async exported(sent: Table): Promise<Exit> {
    this.cluster.publish(sent);
    const exporter = new Program(['run'], { ...this.environment, ...exporterEnvironment() });
    await exporter.logged('an export', ({ event }) => event === 'exported');
    return exporter.stop();
  }

  /** An import without the control plane, into a folder of its own. */
  async imported(): Promise<{ readonly exit: Exit; readonly file: string }> {
    await this.cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const exit = await run(['import', '--strict'], { ...this.environment, ...importerEnvironment(handover) });
    return { exit, file: join(handover, 'config.json') };
  }

  /** From the control plane through the store to the hand-over, byte for byte. @returns the exits of both programs */
  async wholeWay(sent: Table): Promise<readonly Exit[]> {
    const exporter = await this.exported(sent);
    const stored = (await this.bucket.read(key))?.bytes ?? Buffer.alloc(0);
    must(stored.subarray(0, sent.table.length).equals(sent.table), 'what is stored is what was sent', () => stored);
    const { exit, file } = await this.imported();
    const handedOver = existsSync(file) ? readFileSync(file) : Buffer.from('nothing');
    must(handedOver.equals(stored), 'what is handed over is what is stored', () => handedOver);
    return [exporter, exit];
  }
}

/** Names from the control plane, the store or the environment, made to look like lines of the log. */
export function hostileNames({ id, inject: { from }, expected: { hostile } }: (typeof nameFaults)[number]): void {
  const { answer, exitCode, held } = hostile;

  const controlPlane = async (scene: Scene): Promise<number> => {
    const exits = await scene.wholeWay(named(evil, { [evil]: [], consumers: [{ id: evil, username: evil }] }));
    expect(answer).toBe('taken');
    expect(exits.map(({ code }) => code)).toEqual([exitCode, exitCode]);
    return exits.reduce((lines, { stderr }) => lines + mustBeLines(stderr), 0);
  };

  const store = async (scene: Scene): Promise<number> => {
    const { bucket, folder } = scene;
    await bucket.write(leaseKey, evilLease());
    mkdirSync(join(folder, `3.9.1${evil.replaceAll('/', '')}`));
    let lines = mustBeLines((await scene.exported(named('one'))).stderr);
    for (const damaged of [
      JSON.stringify({ [evil]: 1, _format_version: evil }),
      `{"${JSON.stringify(evil).slice(1, -1)}":[1]}`,
      evil,
    ]) {
      await bucket.write(key, damaged);
      const { exit, file } = await scene.imported();
      expect(exit.code, exit.stderr).toBe(exitCode);
      lines += mustBeLines(exit.stderr);
      const [failed] = exit.stderr.split('\n').filter((line) => line.includes('"import_failed"'));
      const { code } = JSON.parse(failed ?? '{}') as { code?: string };
      expect(typeof answer !== 'string' && answer.some((start) => code?.startsWith(start)), failed).toBe(true);
      must(!existsSync(file), 'nothing is handed over', () => damaged);
    }
    await bucket.write(leaseKey, evilLease());
    const { stdout } = await run(['status'], scene.environment);
    // eslint-disable-next-line no-control-regex -- what a terminal would obey
    const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]|^\{"level"/m.test(stdout);
    must(!obeyed, '`status` shows nothing that a terminal obeys', () => stdout);
    return lines;
  };

  const environment = async (scene: Scene): Promise<number> => {
    const { code, stderr } = await run(['run'], {
      ...scene.environment,
      KONG_ROLE: evil,
      KONG_CLUSTER_FALLBACK_TOKEN: 'x',
      [`KONG_RESILIENCE_${evil}`]: 'x',
    });
    expect(answer).toBe('a plain refusal');
    expect(code).toBe(exitCode);
    expect(stderr).toContain('KONG_ROLE');
    must(!/^\{/m.test(stderr), 'no line of the report is forged', () => stderr);
    return stderr.trimEnd().split('\n').length;
  };

  it(`keeps each line of the log one line of JSON, whatever names come from ${from}: ${id}`, limit, async () => {
    promisesHeld();
    const scene = await Scene.start();
    const tries = { 'the control plane': controlPlane, 'the store': store, 'the environment': environment };
    const count = await tries[from](scene);
    expect(promisesHeld()).toEqual([...held].sort());
    writeFigure(recordFolder, {
      suite: 'hostile-input',
      what: `lines of logs with hostile names from ${from}`,
      count,
      note: 'none forged',
    });
  });
}

/** Lists, members and values with names that every object has. */
export function hostileKeys(): void {
  const { id, expected } = keyFault;
  const { answer, exitCode, held } = expected.hostile;
  it(
    `exports and imports what has names that every object inherits, and changes none of them: ${id}`,
    limit,
    async () => {
      promisesHeld();
      const before = inherited();
      const sent = named('keys', evilKeys);
      const { entityCounts } = checkTable(sent.table);
      must(isInherited(before), 'every object inherits what it did before', () => sent.table);
      expect(Object.entries(entityCounts).sort()).toEqual(
        [['services', 1], ...inheritedNames.filter(isList).map((name) => [name, 1] as const)].sort(),
      );
      const exits = await (await Scene.start()).wholeWay(sent);
      expect(answer).toBe('taken');
      expect(exits.map(({ code }) => code)).toEqual([exitCode, exitCode]);
      expect(promisesHeld()).toEqual([...held].sort());
    },
  );
}
