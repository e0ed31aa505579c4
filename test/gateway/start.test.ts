import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Box, captured, FROM_CONTROL_PLANE, FROM_FILE, md5, rewritten, started } from './box';
import { makeCache } from './lmdb-file';
import { isRoot, needs, run, source, unprivileged } from './tools';

const STAGED = '{"_format_version":"3.0","_transform":false,"services":[{"name":"staged"}]}';
const OWN = '{"_format_version":"3.0","services":[{"name":"own"}]}';
const stagedMd5 = md5(STAGED);

const shells: readonly [string, ...string[]][] = [
  ['dash'],
  ['bash'],
  ['bash', '--posix'],
  ['busybox', 'ash'],
  ['mksh'],
];

let box: Box;
beforeEach(() => {
  box = new Box();
});
afterEach(() => box.remove());

for (const shell of shells) {
  const installed = needs(shell[0], 'luajit');
  describe.skipIf(installed.skip)(`the start script in ${shell.join(' ')}${installed.note}`, () => {
    describe('a cache that does not count', () => {
      const cases: readonly (readonly [string, Buffer | undefined, string])[] = [
        ['no cache', undefined, 'there is no cache'],
        ['an empty cache', captured.empty, 'the cache is empty'],
        ['a cache without a hash', makeCache({}), 'the cache is empty'],
        [
          'the cache of another minor',
          rewritten(captured.populated, 'validation_tag3.9', 'validation_tag3.8'),
          'the cache is of 3.8, and this is 3.9.3',
        ],
        [
          'a cache without a tag',
          rewritten(captured.populated, 'validation_tag', 'validation_tax'),
          'the cache is of -, and this is 3.9.3',
        ],
      ];
      for (const [name, cache, why] of cases) {
        it(`${name}: starts from the staged file, else from the user's own, else as without us`, async () => {
          if (cache !== undefined) box.cache(cache);
          const own = box.own(OWN);

          const nothing = await box.start(shell);
          expect(nothing.config).toBe('unset');
          expect(nothing.said).toEqual([
            `nothing is handed over in ${box.handover}; the gateway starts as it would without it`,
          ]);

          const mine = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
          expect(mine.config).toBe(own);
          expect(mine.said).toEqual([
            `starting from ${own}, as KONG_DECLARATIVE_CONFIG says: ${why}, and nothing handed over is used`,
          ]);

          box.stage(STAGED);
          for (const env of [{}, { KONG_DECLARATIVE_CONFIG: own }, { KONG_DECLARATIVE_CONFIG: box.config }]) {
            const staged = await box.start(shell, env);
            expect(staged.said).toEqual([`starting from ${box.config} (${stagedMd5}): ${why}`]);
            expect(staged.config).toBe(box.config);
          }
        });
      }

      it('takes away a variable that names our missing file, which would stop the gateway', async () => {
        const { config, said } = await box.start(shell, { KONG_DECLARATIVE_CONFIG: box.config });
        expect(config).toBe('unset');
        expect(said).toEqual([
          `nothing is handed over in ${box.handover}; KONG_DECLARATIVE_CONFIG named it and is taken away`,
        ]);
      });
    });

    it('takes away the half-written memory of a start that was killed', async () => {
      box.stage(STAGED);
      const left = [join(box.handover, 'checked.4711'), join(box.prefix, 'kong-resilience.started-from.4711')];
      for (const path of left) writeFileSync(path, 'half');
      expect((await box.start(shell)).config).toBe(box.config);
      expect(left.filter((path) => existsSync(path))).toEqual([]);
      expect(box.noted).toEqual([`${stagedMd5} handed-over`]);
    });

    describe('a cache that a control plane filled', () => {
      it.each(['no variable', 'our file', 'a file of the user'])(
        'is used; with %s, and staged or not',
        async (which) => {
          box.cache(captured.populated);
          const own = box.own(OWN);
          const env: Record<string, string> =
            which === 'no variable' ? {} : { KONG_DECLARATIVE_CONFIG: which === 'our file' ? box.config : own };
          box.stage(STAGED);
          const { config, said } = await box.start(shell, env);
          expect(config).toBe('unset');
          expect(said).toEqual([`starting with the cache (${FROM_CONTROL_PLANE}), which is from a control plane`]);
          rmSync(box.config);
          expect((await box.start(shell, env)).config).toBe('unset');
          expect(box.parses).toBe(0);
        },
      );

      it('counts without a tag where the gateway writes none: before 3.6', async () => {
        box.cache(rewritten(captured.populated, 'validation_tag', 'validation_tax'));
        box.stage(STAGED);
        box.version('3.5.9');
        expect((await box.start(shell)).config).toBe('unset');
        box.version('3.6.0');
        expect((await box.start(shell)).config).toBe(box.config);
      });
    });

    describe('a cache that was filled from a file', () => {
      it('gives way to a fresher file that was handed over', async () => {
        box.cache(captured.fromFile);
        box.stage(captured.file);
        box.stage(STAGED);
        const { config, said } = await box.start(shell);
        expect(said).toEqual([
          `starting from ${box.config} (${stagedMd5}): the cache (${FROM_FILE}) is from a file handed over earlier`,
        ]);
        expect(config).toBe(box.config);
      });

      it('is used when the staged file is the same, when it is refused, and when nothing is staged any more', async () => {
        box.cache(captured.fromFile);
        box.stage(captured.file);
        const own = box.own(OWN);
        const same = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
        expect(same.config).toBe('unset');
        expect(same.said).toEqual([`starting with the cache (${FROM_FILE}), which is from a file handed over`]);
        expect(box.parses).toBe(0);
        box.stage(STAGED);
        box.parse(1, 'Error: Failed parsing:\nno');
        expect((await box.start(shell, { KONG_DECLARATIVE_CONFIG: own })).config).toBe('unset');
        expect(box.parses).toBe(1);
        rmSync(box.config);
        expect((await box.start(shell, { KONG_DECLARATIVE_CONFIG: own })).config).toBe('unset');
      });

      it('is known for ours after the hand-over folder was lost', async () => {
        box.stage(captured.file);
        expect((await box.start(shell)).config).toBe(box.config);
        box.cache(captured.fromFile);
        rmSync(join(box.handover, 'handed-over'));
        box.stage(STAGED);
        expect((await box.start(shell)).config).toBe(box.config);
      });

      it("gives way to the staged file, and else stays, when it is from the user's own", async () => {
        box.cache(captured.fromFile);
        const own = box.own(captured.file);
        const stays = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
        expect(stays.config).toBe(own);
        expect(stays.said).toEqual([
          `starting from ${own}, as KONG_DECLARATIVE_CONFIG says: the cache (${FROM_FILE}) is from a declarative file of the user, and nothing handed over is used`,
        ]);
        // The user edits the file: the cache of its former content is no reason to hold the new one back.
        writeFileSync(own, OWN);
        expect((await box.start(shell, { KONG_DECLARATIVE_CONFIG: own })).config).toBe(own);
        box.stage(STAGED);
        const staged = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
        expect(staged.config).toBe(box.config);
        expect(staged.said).toEqual([
          `starting from ${box.config} (${stagedMd5}): the cache (${FROM_FILE}) is from a declarative file of the user`,
        ]);
      });
    });

    describe('a Kong that says much', () => {
      // More than a pipe holds: whoever closed it early would make the other end complain, which ignores SIGPIPE.
      const much = 'more of it\n'.repeat(8_000);

      it('is read to its end: its version is the first one, and nothing else is said', async () => {
        box.version(`3.9.3\n${much}9.9.9`);
        box.cache(captured.populated);
        box.stage(STAGED);
        expect((await box.start(shell)).said).toEqual([
          `starting with the cache (${FROM_CONTROL_PLANE}), which is from a control plane`,
        ]);
      });

      it('is quoted with its first lines', async () => {
        box.stage(STAGED);
        box.parse(1, `Error: Failed parsing:\n${much}`);
        const { said } = await box.start(shell);
        expect(said.filter((line) => line.startsWith('kong: '))).toEqual([
          'kong: Error: Failed parsing:',
          ...Array<string>(4).fill('kong: more of it'),
        ]);
      });
    });

    describe('a prefix that does not exist yet', () => {
      it("gets a note of the user's own file, so that a later edit of it is not held back by the cache", async () => {
        rmSync(box.prefix, { recursive: true });
        const own = box.own(captured.file);
        expect((await box.start(shell, { KONG_DECLARATIVE_CONFIG: own })).config).toBe(own);
        expect(box.noted).toEqual([`${FROM_FILE} own`]);
        box.cache(captured.fromFile);
        writeFileSync(own, OWN);
        const edited = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
        expect(edited.config).toBe(own);
        expect(edited.said).toEqual([
          `starting from ${own}, as KONG_DECLARATIVE_CONFIG says: the cache (${FROM_FILE}) is from a declarative file of the user, and nothing handed over is used`,
        ]);
      });

      it('gets a note of the staged file that was checked before, so that another folder’s fresher one is used', async () => {
        box.stage(captured.file);
        await box.start(shell);
        rmSync(box.prefix, { recursive: true });
        expect((await box.start(shell)).config).toBe(box.config);
        expect(box.parses).toBe(1);
        expect(box.noted).toEqual([`${FROM_FILE} handed-over`]);
      });

      it('is made as Kong makes it, never writable for others', async () => {
        rmSync(box.prefix, { recursive: true });
        box.stage(STAGED);
        const script = box.own('umask 0; . "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"; umask', 'caller.sh');
        const { stdout } = await run([...shell, script], { env: { ...box.env, KONG_PREFIX: `${box.prefix}/of/two/` } });
        expect(Number.parseInt(stdout, 8)).toBe(0);
        for (const path of ['', 'of', 'of/two']) {
          expect((statSync(join(box.prefix, path)).mode & 0o7777).toString(8)).toBe('775');
        }
      });
    });

    describe('the prefix that counts', () => {
      const decide = async (env: Record<string, string>, ...command: string[]): Promise<string | undefined> => {
        const script = join(box.handover, 'start.sh');
        return started(await run([...shell, script, 'gateway', ...command], { env: { ...box.env, ...env } })).config;
      };

      it.each([
        ['-p', 'start', '-p'],
        ['--prefix', 'prepare', '--prefix'],
      ])('is the one of %s in the command, before the variable', async (_, command, option) => {
        box.cache(captured.populated);
        box.stage(STAGED);
        expect(await decide({}, 'kong', command)).toBe('unset');
        expect(await decide({}, 'kong', command, option, join(box.root, 'other'))).toBe(box.config);
        const elsewhere = { KONG_PREFIX: join(box.root, 'elsewhere') };
        expect(await decide(elsewhere, '/usr/local/bin/kong', command, option, box.prefix)).toBe('unset');
        expect(await decide(elsewhere, 'program', option, box.prefix)).toBe(box.config);
      });

      it('is none of kong.conf where the entry point of the images starts, which names its own', async () => {
        box.kongConf(`prefix = ${box.prefix}\n`);
        const script = join(box.handover, 'start.sh');
        writeFileSync(
          script,
          readFileSync(script, 'utf8').replaceAll('/usr/local/kong', join(box.root, 'of the image')),
        );
        box.cache(captured.populated);
        box.stage(STAGED);
        expect(await decide({ KONG_PREFIX: '' }, 'kong', 'start')).toBe('unset');
        expect(await decide({ KONG_PREFIX: '' }, 'kong', 'docker-start')).toBe(box.config);
        expect(await decide({}, 'kong', 'docker-start')).toBe('unset');
      });
    });

    describe('a declarative_config in kong.conf', () => {
      const conf = (own: string): void =>
        box.kongConf(`# declarative_config = /none\n declarative_config = ${own} # mine\n`);

      it.each(['no variable', 'our file', 'a file of the user', 'an empty variable'])(
        'is overridden by an empty variable where the cache counts; with %s, and staged or not',
        async (which) => {
          conf(box.own(OWN));
          const env: Record<string, string> = {
            'no variable': {},
            'our file': { KONG_DECLARATIVE_CONFIG: box.config },
            'a file of the user': { KONG_DECLARATIVE_CONFIG: box.own(`${OWN}\n`, 'other.json') },
            'an empty variable': { KONG_DECLARATIVE_CONFIG: '' },
          }[which] as Record<string, string>;
          box.stage(captured.file);
          for (const [cache, said] of [
            [captured.populated, `starting with the cache (${FROM_CONTROL_PLANE}), which is from a control plane`],
            [captured.fromFile, `starting with the cache (${FROM_FILE}), which is from a file handed over`],
          ] as const) {
            box.cache(cache);
            const outcome = await box.start(shell, env);
            expect([outcome.config, outcome.configFile]).toEqual(['', 'unset']);
            expect(outcome.said).toEqual([said]);
          }
          // Our file that is missing is taken away, and what kong.conf says then stands, as without us.
          rmSync(box.config);
          expect((await box.start(shell, env)).config).toBe(which === 'our file' ? 'unset' : '');
        },
      );

      it('stands where nothing else is left, and gives way to the staged file', async () => {
        const own = box.own(OWN);
        conf(own);
        const alone = await box.start(shell);
        expect(alone.config).toBe('unset');
        expect(alone.said).toEqual([
          `starting from ${own}, as kong.conf says: there is no cache, and nothing handed over is used`,
        ]);
        expect(box.noted).toEqual([`${md5(OWN)} own`]);
        const ours = await box.start(shell, { KONG_DECLARATIVE_CONFIG: box.config });
        expect(ours.config).toBe('unset');
        const none = await box.start(shell, { KONG_DECLARATIVE_CONFIG: '' });
        expect(none.config).toBe('');
        expect(none.said).toEqual([
          `nothing is handed over in ${box.handover}; the gateway starts as it would without it`,
        ]);
        box.stage(STAGED);
        expect((await box.start(shell)).config).toBe(box.config);
      });
    });

    describe('a damaged cache, of which a gateway can die', () => {
      const bytes = captured.populated.subarray(0, 9000);
      const damaged = (): string =>
        `the cache in ${box.prefix} is cut (pages that are in use lie beyond the end of the file), and a gateway can die or fail of it`;

      it.each([
        ['cut', bytes, 'pages that are in use lie beyond the end of the file'],
        ['corrupt', Buffer.alloc(9000, 'x'), 'a meta page is not one'],
      ])(
        'is moved aside when it is %s, never over another one, and the start goes on without',
        async (kind, content, detail) => {
          box.stage(STAGED);
          for (const count of [1, 2]) {
            box.cache(content);
            const { config, said } = await box.start(shell);
            expect(config).toBe(box.config);
            expect(said).toEqual([
              `MOVED ASIDE: the cache in ${box.prefix} is ${kind} (${detail}), and a gateway can die or fail of it; it is kept as ${box.prefix}/dbless.lmdb.${kind}-${count}`,
              `starting from ${box.config} (${stagedMd5}): the cache was ${kind}`,
            ]);
            expect(existsSync(join(box.prefix, 'dbless.lmdb'))).toBe(false);
          }
          for (const count of [1, 2]) {
            expect(readFileSync(join(box.prefix, `dbless.lmdb.${kind}-${count}`, 'data.mdb')).equals(content)).toBe(
              true,
            );
          }
        },
      );

      it("is moved aside for the user's own file too, and left where nothing is to be decided", async () => {
        box.cache(bytes);
        const nothing = await box.start(shell);
        expect(nothing.said).toEqual([
          `nothing is handed over in ${box.handover}; the gateway starts as it would without it`,
        ]);
        const own = box.own(OWN);
        const mine = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
        expect(mine.said).toEqual([
          `MOVED ASIDE: ${damaged()}; it is kept as ${box.prefix}/dbless.lmdb.cut-1`,
          `starting from ${own}, as KONG_DECLARATIVE_CONFIG says: the cache was cut, and nothing handed over is used`,
        ]);
      });

      it('is left where a gateway runs, as the number in its file says', async () => {
        box.stage(STAGED);
        box.cache(bytes);
        box.program('nginx', 'echo up; read -r line');
        const gateway = spawn(join(box.bin, 'nginx'), { stdio: ['pipe', 'pipe', 'ignore'] });
        await once(gateway.stdout, 'data');
        mkdirSync(join(box.prefix, 'pids'));
        const pidFile = join(box.prefix, 'pids', 'nginx.pid');
        writeFileSync(pidFile, `${gateway.pid}\n`);
        const { config, said } = await box.start(shell);
        gateway.stdin.end();
        await once(gateway, 'exit');
        expect(config).toBe('unset');
        expect(said).toEqual([`${damaged()}; one runs there, so nothing is changed`]);
        // The number of a gateway that has ended, of another process, and no number.
        for (const content of [`${gateway.pid}\n`, `${process.pid}\n`, 'x\n', '']) {
          box.cache(bytes);
          writeFileSync(pidFile, content);
          expect((await box.start(shell)).config).toBe(box.config);
        }
      });

      it('is left, and told, where this user may not move it', async () => {
        box.stage(STAGED);
        box.cache(bytes);
        chmodSync(box.prefix, 0o555);
        const outcome = started(
          await run([...unprivileged, ...shell, join(box.handover, 'start.sh'), 'gateway'], { env: box.env }),
        );
        chmodSync(box.prefix, 0o755);
        expect(outcome.config).toBe('unset');
        expect(outcome.said).toEqual([`${damaged()}; it cannot be moved aside: move ${box.prefix}/dbless.lmdb away`]);
        expect(existsSync(join(box.prefix, 'dbless.lmdb', 'data.mdb'))).toBe(true);
      });
    });

    describe('what is not known changes nothing', () => {
      const environments = (): Record<string, string>[] => [
        {},
        { KONG_DECLARATIVE_CONFIG: box.own(OWN) },
        { KONG_DECLARATIVE_CONFIG: box.config },
      ];
      const unchanged = async (said: string, more: Record<string, string> = {}): Promise<void> => {
        box.stage(STAGED);
        for (const env of environments()) {
          const outcome = await box.start(shell, { ...env, ...more });
          expect(outcome.said).toEqual([said]);
          expect(outcome.config).toBe(env['KONG_DECLARATIVE_CONFIG'] ?? 'unset');
        }
      };

      it('a cache of another data format', async () => {
        const other = Buffer.from(captured.populated);
        other.writeUInt32LE(2, 20);
        box.cache(other);
        await unchanged(
          `the cache in ${box.prefix} cannot be judged (unknown data format 2 of LMDB): nothing is changed`,
        );
      });

      it('no Lua that works', async () => {
        box.cache(captured.empty);
        for (const name of ['luajit', 'resty']) box.program(name, 'exit 1');
        await unchanged(`neither luajit nor resty could read the cache in ${box.prefix}: nothing is changed`);
      });

      it('no reader beside the script', async () => {
        rmSync(join(box.handover, 'cache.lua'));
        await unchanged(`${box.handover}/cache.lua is missing: the cache cannot be read, and nothing is changed`);
      });

      it('an encrypted cache', async () => {
        box.cache(captured.empty);
        await unchanged('the gateway encrypts its cache: what it holds is not known, and nothing is changed', {
          KONG_DECLARATIVE_CONFIG_ENCRYPTION_MODE: 'aes-256-gcm',
        });
      });

      it('a version that nobody tells', async () => {
        box.cache(captured.populated);
        box.version('no version');
        await unchanged(
          'the version of this gateway is not known (no kong on PATH): whether its cache still counts is not known either, and nothing is changed',
        );
      });

      it('a cache that this user may not read', async () => {
        box.cache(captured.empty);
        box.stage(STAGED);
        chmodSync(join(box.prefix, 'dbless.lmdb'), 0o000);
        const outcome = started(
          await run([...unprivileged, ...shell, join(box.handover, 'start.sh'), 'gateway'], {
            env: box.env,
          }),
        );
        expect(outcome.config).toBe('unset');
        expect(outcome.said).toEqual([
          `the cache in ${box.prefix} cannot be judged (denied ${box.prefix}/dbless.lmdb/data.mdb): nothing is changed`,
        ]);
        chmodSync(join(box.prefix, 'dbless.lmdb'), 0o755);
      });
    });

    describe('a staged file that this gateway should not get', () => {
      it('is refused: told loudly, once per digest, and the start goes on without it', async () => {
        box.stage(STAGED);
        const own = box.own(OWN);
        box.parse(
          1,
          "Error: Failed parsing:\nin 'services':\n  - in entry 1 of 'services':\n    unknown field\nuniqueness violation: 'keyauth_credentials' entity with key set to 's3cret' already declared\n6\n7",
        );
        const first = await box.start(shell, { KONG_DECLARATIVE_CONFIG: own });
        expect(first.config).toBe(own);
        expect(first.said).toEqual([
          `REFUSED: this gateway does not take the handed-over configuration ${stagedMd5}, and starts without it; it says:`,
          'kong: Error: Failed parsing:',
          "kong: in 'services':",
          "kong:   - in entry 1 of 'services':",
          'kong:     unknown field',
          "kong: uniqueness violation: 'keyauth_credentials' entity with key set to [hidden] already declared",
          `starting from ${own}, as KONG_DECLARATIVE_CONFIG says: there is no cache, and nothing handed over is used`,
        ]);
        const second = await box.start(shell, { KONG_DECLARATIVE_CONFIG: box.config });
        expect(second.config).toBe('unset');
        expect(second.said).toEqual([
          `REFUSED: this gateway refused the handed-over configuration ${stagedMd5} before; to have it checked again, remove ${box.handover}/checked`,
          'starting as without kong-resilience: there is no cache, and nothing handed over is used',
        ]);
        expect(box.parses).toBe(1);
      });

      it('is asked about again for another file, another gateway version and other plugins', async () => {
        box.parse(1, 'Error: Failed parsing:');
        box.stage(STAGED);
        expect((await box.start(shell)).config).toBe('unset');
        box.parse(0, 'parse successful');
        expect((await box.start(shell)).config).toBe('unset');
        expect((await box.start(shell, { KONG_PLUGINS: 'bundled,mine' })).config).toBe(box.config);
        expect((await box.start(shell, { KONG_PLUGINS: 'bundled,mine' })).config).toBe(box.config);
        expect(box.parses).toBe(2);
        box.version('Kong Enterprise 3.10.0.2');
        expect((await box.start(shell)).config).toBe(box.config);
        expect(box.parses).toBe(3);
        box.stage(`${STAGED}\n`);
        expect((await box.start(shell)).config).toBe(box.config);
        expect(box.parses).toBe(4);
        expect(readFileSync(join(box.handover, 'checked'), 'utf8')).toMatch(
          new RegExp(`^${md5(`${STAGED}\n`)} 3\\.10\\.0\\.2 \\d+ ok\n$`),
        );
      });

      it.each([
        ['KONG_ROUTER_FLAVOR', 'router_flavor', 'expressions'],
        ['KONG_PLUGINS', 'plugins', 'bundled,mine'],
        ['KONG_WASM', 'wasm', 'on'],
      ])('is asked about again under another %s, in the environment or in kong.conf', async (name, property, value) => {
        box.stage(STAGED);
        expect((await box.start(shell, { [name]: value })).config).toBe(box.config);
        box.parse(1, 'Error: Failed parsing:');
        expect((await box.start(shell)).config).toBe('unset');
        box.kongConf(`${property} = ${value}\n`);
        box.parse(0, 'parse successful');
        expect((await box.start(shell)).config).toBe(box.config);
        box.parse(1, 'Error: Failed parsing:');
        expect((await box.start(shell, { [name]: '' })).config).toBe('unset');
      });

      it('is refused with the reason, whatever Kong logs before it', async () => {
        box.stage(STAGED);
        const log = (level: string): string =>
          `2026/11/27 22:25:04 [${level}] rate-limiting: config.redis_port is deprecated`;
        box.parse(
          1,
          [
            ...Array<string>(9).fill(log('warn')),
            log('debug'),
            log('info'),
            log('notice'),
            log('error'),
            'Error: Failed parsing:',
            'why',
          ].join('\n'),
        );
        expect((await box.start(shell)).said.slice(1, -1)).toEqual([
          `kong: ${log('error')}`,
          'kong: Error: Failed parsing:',
          'kong: why',
        ]);
      });

      it('is checked without our variable, and with what the entry point will read from files', async () => {
        box.stage(STAGED);
        const cert = box.own('the certificate\n', 'cert');
        await box.start(shell, { KONG_DECLARATIVE_CONFIG: box.config, KONG_CLUSTER_CERT_FILE: cert });
        expect(box.calls).toContain('config parse config=');
        expect(readFileSync(join(box.bin, 'parsed'), 'utf8')).toBe(STAGED);
        expect(readFileSync(join(box.bin, 'cluster-cert'), 'utf8')).toBe('the certificate\n');
      });

      it('is checked in a prefix of its own, empty and removed afterwards: the real one holds the cache', async () => {
        box.stage(STAGED);
        box.cache(rewritten(captured.populated, 'validation_tag3.9', 'validation_tag3.8'));
        const temporary = join(box.root, 'tmp');
        mkdirSync(temporary);
        expect((await box.start(shell, { TMPDIR: temporary })).config).toBe(box.config);
        const [used = '', content] = readFileSync(join(box.bin, 'parse-prefix'), 'utf8').split('|');
        expect(used.startsWith(`${temporary}/`)).toBe(true);
        expect(content).toBe('\n');
        expect(readdirSync(temporary)).toEqual([]);
      });

      it('is checked in the real prefix where no temporary folder can be made', async () => {
        box.remove();
        box = new Box('hand over');
        box.stage(STAGED);
        box.cache(captured.empty);
        const { config, said } = await box.start(shell, { TMPDIR: join(box.root, 'missing') });
        expect(config).toBe(box.config);
        expect(said).toHaveLength(1);
        expect(readFileSync(join(box.bin, 'parse-prefix'), 'utf8')).toBe(`${box.prefix}|dbless.lmdb\n`);
      });

      it('is not used, and nothing remembered, when the check itself fails', async () => {
        box.stage(STAGED);
        for (const [code, answer] of [
          [1, 'Error: no such prefix'],
          [126, 'not executable'],
          [137, ''],
        ] as const) {
          box.parse(code, answer);
          const { config, said } = await box.start(shell);
          expect(config).toBe('unset');
          expect(said).toEqual([
            `the handed-over configuration ${stagedMd5} is not used: "kong config parse" could not check it (code ${code}); it says:`,
            ...(answer === '' ? [] : [`kong: ${answer}`]),
            'starting as without kong-resilience: there is no cache, and nothing handed over is used',
          ]);
        }
        expect(existsSync(join(box.handover, 'checked'))).toBe(false);
      });

      it('is not used when there is no kong to check it with', async () => {
        box.stage(STAGED);
        rmSync(join(box.bin, 'kong'));
        const { config, said } = await box.start(shell);
        expect(config).toBe('unset');
        expect(said).toEqual([
          `the handed-over configuration ${stagedMd5} is not used: there is no kong on PATH to check it with`,
          'starting as without kong-resilience: there is no cache, and nothing handed over is used',
        ]);
      });

      it('is not used when it is cut', async () => {
        box.stage(STAGED);
        writeFileSync(box.config, STAGED.slice(0, 40));
        const { config, said } = await box.start(shell, { KONG_DECLARATIVE_CONFIG: box.config });
        expect(config).toBe('unset');
        expect(said).toEqual([
          `${box.config} is not as it was handed over (its MD5 is not in ${box.handover}/handed-over), so it is not used`,
          'starting as without kong-resilience: there is no cache, and nothing handed over is used',
        ]);
      });

      it('is not used when this user may not read it or its folder', async () => {
        box.stage(STAGED);
        const start = join(box.root, 'start.sh');
        copyFileSync(join(box.handover, 'start.sh'), start);
        const id = isRoot ? 65534 : process.getuid?.();
        for (const path of [box.config, box.handover]) {
          chmodSync(path, 0o600);
          if (!isRoot) chmodSync(path, 0o000);
          const outcome = started(
            await run([...unprivileged, ...shell, start, 'gateway'], {
              env: { ...box.env, ...(path === box.config ? { KONG_DECLARATIVE_CONFIG: box.config } : {}) },
            }),
          );
          chmodSync(path, 0o755);
          expect(outcome.config).toBe('unset');
          expect(outcome.said).toEqual([
            `${path} cannot be read by this user (${id}): give its group with KONG_RESILIENCE_HANDOVER_GROUP; ${path === box.config ? 'KONG_DECLARATIVE_CONFIG named it and is taken away' : 'the gateway starts as it would without it'}`,
          ]);
        }
      });
    });

    describe('KONG_DECLARATIVE_CONFIG_FILE', () => {
      it('is a file of the user, and is never left beside our variable, which Kong refuses', async () => {
        const own = box.own(OWN);
        const naming = box.own(`${own}\n`, 'naming');
        const alone = await box.start(shell, { KONG_DECLARATIVE_CONFIG_FILE: naming });
        expect([alone.config, alone.configFile]).toEqual(['unset', naming]);
        box.stage(STAGED);
        const staged = await box.start(shell, { KONG_DECLARATIVE_CONFIG_FILE: naming });
        expect([staged.config, staged.configFile]).toEqual([box.config, 'unset']);
        box.cache(captured.populated);
        const cached = await box.start(shell, { KONG_DECLARATIVE_CONFIG_FILE: naming });
        expect([cached.config, cached.configFile]).toEqual(['unset', 'unset']);
      });

      it('is left alone where Kong itself will refuse it', async () => {
        box.stage(STAGED);
        const own = box.own(OWN);
        const both = await box.start(shell, { KONG_DECLARATIVE_CONFIG_FILE: own, KONG_DECLARATIVE_CONFIG: own });
        expect([both.config, both.configFile]).toEqual([own, own]);
        expect(both.said).toEqual([
          'KONG_DECLARATIVE_CONFIG and KONG_DECLARATIVE_CONFIG_FILE are both set, which Kong refuses; nothing is changed',
        ]);
        const missing = await box.start(shell, { KONG_DECLARATIVE_CONFIG_FILE: '/missing' });
        expect(missing.configFile).toBe('/missing');
        expect(missing.said).toEqual(['KONG_DECLARATIVE_CONFIG_FILE cannot be read; nothing is changed']);
      });
    });

    describe('the command', () => {
      it('is become, with its arguments, its environment and its exit code, by the same process', async () => {
        box.stage(STAGED);
        const args = ['two words', "it's", '"q"', 'a\nb', '*', '$HOME', '', '-n', '\\'];
        const outcome = await run([...shell, join(box.handover, 'start.sh'), 'gateway', ...args], {
          env: { ...box.env, OTHER: 'x' },
        });
        const { code, gatewayPid, args: got } = started(outcome);
        expect(code).toBe(7);
        expect(gatewayPid).toBe(outcome.pid);
        expect(got).toEqual(args);
      });

      it('sees its environment unchanged but for the variable', async () => {
        box.stage(STAGED);
        const env = { ...box.env, A: "a'b", B: 'x\ny', IFS: ',', LC_ALL: 'C.UTF-8' };
        const command: [string, ...string[]] = [
          'env',
          '-u',
          '_',
          '-u',
          'PWD',
          '-u',
          'SHLVL',
          '-u',
          'OLDPWD',
          'env',
          '-0',
        ];
        const list = (text: string): string[] =>
          text
            .split('\0')
            .filter((line) => !/^(|_=.*|(KONG_DECLARATIVE_CONFIG|PATH_LOCALE)=.*)$/s.test(line))
            .sort();
        const direct = await run([...shell, '-c', 'exec "$@"', 'sh', ...command], { env });
        const through = await run([...shell, join(box.handover, 'start.sh'), ...command], { env });
        expect(list(through.stdout)).toEqual(list(direct.stdout));
        expect(through.stdout).toContain(`KONG_DECLARATIVE_CONFIG=${box.config}`);
      });

      it('is found missing, as the shell tells it', async () => {
        const { code } = await run([...shell, join(box.handover, 'start.sh'), 'no-such-command'], { env: box.env });
        expect(code).toBe(127);
      });

      it('is asked for when it is left out', async () => {
        const { code, stderr } = await run([...shell, join(box.handover, 'start.sh')], { env: box.env });
        expect(code).toBe(2);
        expect(stderr.split('\n').at(-2)).toBe(
          'kong-resilience: a command is missing: sh start.sh <command> [argument]...',
        );
      });

      it('is started whatever is broken around the script', async () => {
        box.stage(STAGED);
        const [program, ...flags] = shell;
        const command = [which(program), ...flags, join(box.handover, 'start.sh'), join(box.bin, 'gateway')] as const;
        const closed = await run(['/bin/sh', '-c', 'exec "$@" 2>&-', 'sh', ...command], { env: box.env });
        expect(closed).toMatchObject({ code: 7, stderr: '' });
        expect(closed.stdout.startsWith(`${box.config}|`)).toBe(true);
        const bare = await run(['/usr/bin/env', '-i', ...command]);
        expect(bare.code).toBe(7);
        const lost = await run([...command], { env: { ...box.env, PATH: '/nowhere' } });
        expect(lost.code).toBe(7);
      });
    });

    describe('sourced', () => {
      const sourced = async (
        body: string,
        env: Record<string, string> = {},
        args: readonly string[] = [],
      ): Promise<string> => {
        const script = box.own(body, 'caller.sh');
        const { code, stdout } = await run([which(shell[0]), ...shell.slice(1), script, ...args], {
          env: { ...box.env, ...env },
        });
        expect(code).toBe(0);
        return stdout;
      };

      it('decides and exports, and never runs anything', async () => {
        box.stage(STAGED);
        const body = `. "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"; echo "$?"; env | grep '^KONG_DECLARATIVE'`;
        expect(await sourced(body, {}, ['gateway', 'x'])).toBe(`0\nKONG_DECLARATIVE_CONFIG=${box.config}\n`);
        box.cache(captured.populated);
        expect(await sourced(`${body} || echo none`, { KONG_DECLARATIVE_CONFIG: box.config })).toBe('0\nnone\n');
      });

      it('leaves no trace in its caller: variables, functions, options, arguments, traps', async () => {
        box.stage(STAGED);
        const look = `set; set +o; echo "$#:$1:$2:$IFS"; trap`;
        const noise =
          /^(_|LINENO|BASHPID|RANDOM|SECONDS|EPOCHREALTIME|EPOCHSECONDS|SRANDOM|PPID|BASH_.*|PIPESTATUS|OPTIND|KSHEGID|KSHGID|KSHUID|KSH.*|PGRP|__.*|COLUMNS|LINES)=/;
        const tidy = (text: string): string[] =>
          text.split('\n').filter((line) => !noise.test(line) && !line.startsWith('KONG_DECLARATIVE_CONFIG='));
        const body = (source: string): string => `set -euf; IFS=,; trap 'echo end' EXIT; ${source}\n${look}`;
        const without = await sourced(body(':'), {}, ['a b', 'c*']);
        const withScript = await sourced(body('. "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"'), {}, ['a b', 'c*']);
        expect(tidy(withScript)).toEqual(tidy(without));
        expect(withScript).toContain('KONG_DECLARATIVE_CONFIG=');
      });

      it('never ends or fails a strict caller', async () => {
        const strict = `set -eu; . "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"; echo on`;
        expect(await sourced(strict)).toBe('on\n');
        box.stage(STAGED);
        expect(await sourced(strict, { PATH: '/nowhere' })).toBe('on\n');
        box.parse(1, 'Error: Failed parsing:');
        expect(await sourced(strict)).toBe('on\n');
      });

      it('decides the same whatever options and separators its caller has set', async () => {
        box.stage(STAGED);
        box.parse(1, 'Error: Failed parsing:');
        const secrets = {
          KONG_CLUSTER_CERT_FILE: box.own('cert', 'c'),
          KONG_CLUSTER_CERT_KEY_FILE: box.own('key', 'k'),
        };
        const script = box.own('set -aefuC; IFS=,_; . "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"', 'strict.sh');
        const { stderr } = await run([...shell, script], { env: { ...box.env, ...secrets } });
        expect(stderr.split('\n')).toEqual([
          `kong-resilience: REFUSED: this gateway does not take the handed-over configuration ${stagedMd5}, and starts without it; it says:`,
          'kong-resilience: kong: Error: Failed parsing:',
          'kong-resilience: starting as without kong-resilience: there is no cache, and nothing handed over is used',
          '',
        ]);
        expect(readFileSync(join(box.bin, 'cluster-cert'), 'utf8')).toBe('cert\n');
        expect(readFileSync(join(box.handover, 'checked'), 'utf8')).toMatch(/ refused\n$/);
      });

      it('knows the version from the environment where there is no kong, in a strict caller too', async () => {
        box.stage(STAGED);
        box.cache(captured.populated);
        rmSync(join(box.bin, 'kong'));
        const body = 'set -eu; . "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"; echo "${KONG_DECLARATIVE_CONFIG-unset}"';
        const env = { KONG_DECLARATIVE_CONFIG: box.config };
        for (const variable of ['KONG_VERSION', 'KONG_RESILIENCE_GATEWAY_VERSION']) {
          expect(await sourced(body, { ...env, [variable]: '3.9.1' })).toBe('unset\n');
        }
        expect(await sourced(body, env)).toBe(`${box.config}\n`);
      });

      it('does not take a caller of the same name for itself', async () => {
        const script = box.own('. "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"; echo mine', 'start.sh');
        const { stdout } = await run([...shell, script, 'gateway'], { env: box.env });
        expect(stdout).toBe('mine\n');
      });
    });
  });
}

function which(program: string): string {
  const dir = (process.env['PATH'] ?? '').split(':').find((entry) => existsSync(join(entry, program)));
  return join(dir ?? '', program);
}

describe('what bash 3.2, of macOS, reads badly within a substitution', () => {
  const [, ...substitutions] = readFileSync(source('start.sh'), 'utf8').split(/^eval "\$\($/m);
  const lines = substitutions.flatMap((text) => text.split(/^\)"$/m).slice(0, 1)).flatMap((text) => text.split('\n'));

  it('is in none of the script’s: an apostrophe in a comment', () => {
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => /^\s*#.*'/.test(line))).toEqual([]);
  });
});

const bash = needs('bash', 'luajit');
describe.skipIf(bash.skip)(`the start script as BASH_ENV${bash.note}`, () => {
  it('decides before the entry point runs, once, and not again in its children', async () => {
    box.stage(STAGED);
    const entry = box.own('#!/usr/bin/env bash\nset -e\nbash -c true\nexec "$@"\n', 'entrypoint.sh');
    chmodSync(entry, 0o755);
    box.program('kong', `#\n${readFileSync(join(box.bin, 'kong'), 'utf8')}`);
    const outcome = await run([entry, 'gateway', 'a b'], {
      env: { ...box.env, BASH_ENV: join(box.handover, 'start.sh') },
    });
    const { config, args, said, code } = started(outcome);
    expect({ config, args, code }).toEqual({ config: box.config, args: ['a b'], code: 7 });
    expect(said).toEqual([`starting from ${box.config} (${stagedMd5}): there is no cache`]);
  });

  it('is not run by the programs that it asks, and leaves a BASH_ENV of somebody else', async () => {
    box.stage(STAGED);
    const kong = join(box.bin, 'kong');
    writeFileSync(kong, readFileSync(kong, 'utf8').replace('#!/bin/sh', '#!/usr/bin/env bash'));
    const other = box.own('# of somebody else\n# a second line\necho other', 'other.sh');
    const show = 'echo "${BASH_ENV-unset}"';
    const ours = await run(['bash', '-c', show], { env: { ...box.env, BASH_ENV: join(box.handover, 'start.sh') } });
    expect(ours.stdout).toBe('unset\n');
    const theirs = await run(['bash', '-c', `. "$KONG_RESILIENCE_HANDOVER_DIR/start.sh"; ${show}`], {
      env: { ...box.env, BASH_ENV: other },
    });
    expect(theirs.stdout).toBe(`other\n${other}\n`);
  });

  it('works when the script is also what is executed', async () => {
    box.stage(STAGED);
    const outcome = await box.start(['bash'], { BASH_ENV: join(box.handover, 'start.sh') });
    expect(outcome.config).toBe(box.config);
    expect(outcome.code).toBe(7);
  });
});
