import type { ResilienceError } from '../../src/errors';
import type { Log } from '../../src/runtime/log';
import type { Configuration } from '../../src/snapshot';
import type { ConfigurationSource, SourceListener, SourceState } from '../../src/source';
import { until } from './until';

/** A running source, and everything that it told. */
export class Recorder implements SourceListener {
  readonly configurations: Configuration[] = [];
  readonly problems: ResilienceError[] = [];
  readonly states: SourceState[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(source: ConfigurationSource) {
    this.#done = source.run(this, this.#stop.signal);
  }

  onConfiguration(configuration: Configuration): void {
    this.configurations.push(configuration);
  }
  onProblem(error: ResilienceError): void {
    this.problems.push(error);
  }
  onState(state: SourceState): void {
    this.states.push(state);
  }

  async configuration(count = 1): Promise<Configuration> {
    await this.#until(`configuration ${count} arrives`, () => this.configurations.length >= count);
    return this.configurations[count - 1] as Configuration;
  }

  async problem(count = 1): Promise<{ code: string; message: string }> {
    await this.#until(`problem ${count} is told`, () => this.problems.length >= count);
    const { code, message } = this.problems[count - 1] as ResilienceError;
    return { code, message };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** As `until`; says what was told instead. */
  async #until(what: string, condition: () => boolean): Promise<void> {
    await until(what, condition).catch((error: Error) => {
      throw new Error(`${error.message}; told: ${JSON.stringify({ problems: this.problems, states: this.states })}`);
    });
  }
}

/** A log that keeps what it is told, as one text a line. */
export class LogLines implements Log {
  constructor(
    readonly lines: string[] = [],
    private readonly fields: object = {},
  ) {}
  #add(level: string, fields: object, message: string): void {
    this.lines.push(`${level} ${message} ${JSON.stringify({ ...this.fields, ...fields })}`);
  }
  debug(fields: object, message: string): void {
    this.#add('debug', fields, message);
  }
  info(fields: object, message: string): void {
    this.#add('info', fields, message);
  }
  warn(fields: object, message: string): void {
    this.#add('warn', fields, message);
  }
  error(fields: object, message: string): void {
    this.#add('error', fields, message);
  }
  child(fields: Record<string, unknown>): Log {
    return new LogLines(this.lines, { ...this.fields, ...fields });
  }
}
