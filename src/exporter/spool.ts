import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { makeFolder, sweepTemporary, writeFileAtomic, type Log } from '../runtime';
import { checkTable, type Configuration, type TableInfo } from '../snapshot';
import { createHash } from 'node:crypto';
import { causeOf } from '../errors';
import type { ObjectVersion } from '../store';
import { spoolUnwritable } from './errors';

/** What was known to be stored when a configuration was received: all of it is older. */
export interface Basis {
  /** That version, nothing (`absent`), or not known. */
  readonly version: ObjectVersion | null;
  /** Term that the receiver led, and its puts so far: what bears that term and no higher counter is older too. 0 without a lead. */
  readonly term: number;
  readonly counter: number;
  /** When the stored configuration was last known to have been confirmed, by the store's clock. */
  readonly confirmedAt: string | null;
}

export interface Spooled {
  readonly configuration: Configuration;
  readonly basis: Basis;
}

const headerSchema = z.object({
  format: z.literal(1),
  /** Where it was meant to go; another store's configuration is not exported here. */
  target: z.string(),
  based_on: z.object({
    version: z.nullable(z.string()),
    term: z.int().check(z.nonnegative()),
    counter: z.int().check(z.nonnegative()),
    confirmed_at: z.nullable(z.iso.datetime()),
  }),
  config_hash: z.optional(z.string().check(z.regex(/^[0-9a-f]{32}$/i))),
  hashes: z.optional(z.record(z.string(), z.string())),
  received_at: z.iso.datetime(),
  sha256: z.string(),
});

/**
 * The newest configuration that is not exported yet, on the local disk, so that a restart loses nothing.
 *
 * One file a version, 0600 in a 0700 folder, whole or absent: a line of JSON, then the table's bytes.
 * Saves and clears run one at a time; one that waits gives way to the next.
 */
export class Spool {
  private readonly path: string;
  private last: Promise<void> = Promise.resolve();
  private next: (() => Promise<void>) | undefined;
  private told = false;

  constructor(
    private readonly options: {
      readonly dir: string;
      readonly name: string;
      readonly target: string;
      readonly log: Log;
    },
  ) {
    this.path = join(options.dir, `${options.name}.spool`);
  }

  /** Makes the folder and removes what a killed process left half-written. @throws KR_SPOOL_UNWRITABLE */
  async open(): Promise<void> {
    try {
      await makeFolder(this.options.dir, 0o700);
      await sweepTemporary(this.options.dir);
    } catch (error) {
      throw spoolUnwritable(this.options.dir, error);
    }
  }

  /** What a former process left, or undefined. What cannot be used is told and left where it is. */
  async load(): Promise<Spooled | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.options.log.error(spoolUnwritable(this.options.dir, error).toJSON(), 'the spool does not work');
      return undefined;
    }
    const refuse = (why: string): undefined => {
      this.options.log.warn({ file: this.path, why }, 'the spooled configuration is not used');
      return undefined;
    };
    const end = bytes.indexOf(0x0a);
    const header = headerSchema.safeParse(parseJson(bytes.subarray(0, Math.max(0, end)).toString('utf8')));
    if (!header.success) return refuse('its first line is not a spool header');
    const { target, based_on, config_hash, hashes, received_at, sha256 } = header.data;
    if (target !== this.options.target) return refuse(`it was meant for ${target}`);
    const table = bytes.subarray(end + 1);
    if (createHash('sha256').update(table).digest('hex') !== sha256) return refuse('its digest does not match');
    let info: TableInfo;
    try {
      info = checkTable(table);
    } catch (error) {
      return refuse(causeOf(error));
    }
    return {
      basis: {
        version: based_on.version,
        term: based_on.term,
        counter: based_on.counter,
        confirmedAt: based_on.confirmed_at,
      },
      configuration: {
        table,
        info,
        receivedAt: new Date(received_at),
        ...(config_hash === undefined ? {} : { configHash: config_hash }),
        ...(hashes === undefined ? {} : { hashes }),
      },
    };
  }

  /** Keeps `configuration` in place of what was kept before. A disk that refuses is told once, and costs no export. */
  save(configuration: Configuration, { version, term, counter, confirmedAt }: Basis): void {
    this.want(async () => {
      const header = {
        format: 1,
        target: this.options.target,
        based_on: { version, term, counter, confirmed_at: confirmedAt },
        config_hash: configuration.configHash,
        hashes: configuration.hashes,
        received_at: configuration.receivedAt.toISOString(),
        sha256: createHash('sha256').update(configuration.table).digest('hex'),
      };
      await writeFileAtomic(this.path, [`${JSON.stringify(header)}\n`, configuration.table]);
    });
  }

  /** Forgets what was kept: it is exported, or no longer the newest. */
  clear(): void {
    this.want(() => rm(this.path, { force: true }));
  }

  /** Ends when all that was asked before has been done. */
  settled(): Promise<void> {
    return this.last;
  }

  private want(action: () => Promise<void>): void {
    // One that has not begun is overtaken: only the last state matters, and each holds a whole configuration.
    const begun = this.next === undefined;
    this.next = action;
    if (!begun) return;
    this.last = this.last.then(async () => {
      const { next } = this;
      this.next = undefined;
      try {
        await next?.();
        this.told = false;
      } catch (error) {
        if (!this.told)
          this.options.log.error(spoolUnwritable(this.options.dir, error).toJSON(), 'the spool does not work');
        this.told = true;
      }
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
