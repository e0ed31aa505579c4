/**
 * Errors that a user can act on. Every one has a stable code, says what happened, and says what to do.
 *
 * A folder declares its own in its `errors.ts`; the catalogue below collects them, and `docs/errors.md`
 * is checked against it both ways.
 */

export interface ErrorDefinition {
  readonly code: string;
  /** One sentence for the table in docs/errors.md: when this is raised. */
  readonly meaning: string;
}

const catalogue = new Map<string, ErrorDefinition>();

/** Every error that the loaded folders declare, by code. */
export function errorCatalogue(): readonly ErrorDefinition[] {
  return [...catalogue.values()].sort((a, b) => a.code.localeCompare(b.code));
}

/** An error with a stable code and a fix. Its message never holds a secret. */
export class ResilienceError extends Error {
  override readonly name = 'ResilienceError';
  constructor(
    readonly code: string,
    /** What happened: the place, the value where it is not secret, what is allowed. */
    readonly reason: string,
    /** What to do about it. */
    readonly fix: string,
    cause?: unknown,
  ) {
    super(`${reason} ${fix}`, cause === undefined ? undefined : { cause });
  }

  toJSON(): { code: string; reason: string; fix: string } {
    return { code: this.code, reason: this.reason, fix: this.fix };
  }
}

/** A factory of one kind of error; `is` tells it apart from the others. */
export interface ErrorFactory<A extends readonly unknown[]> {
  (...args: A): ResilienceError;
  readonly code: string;
  is(error: unknown): error is ResilienceError;
}

/**
 * Declares one kind of error.
 *
 * @param code stable, `KR_` and upper case; part of the public contract
 * @param meaning one sentence for the error table
 * @param build makes the text from what is known where it is raised; `cause` is kept on the error
 */
export function defineError<A extends readonly unknown[]>(
  code: `KR_${string}`,
  meaning: string,
  build: (...args: A) => { reason: string; fix: string; cause?: unknown },
): ErrorFactory<A> {
  if (catalogue.has(code)) throw new TypeError(`the error code ${code} is declared twice`);
  catalogue.set(code, { code, meaning });
  const factory = (...args: A): ResilienceError => {
    const { reason, fix, cause } = build(...args);
    return new ResilienceError(code, reason, fix, cause);
  };
  return Object.assign(factory, {
    code,
    is: (error: unknown): error is ResilienceError => error instanceof ResilienceError && error.code === code,
  });
}

/** The innermost reason of an error that is not ours: its message, with the system's code when the message lacks it. */
export function causeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  // fetch says no more than that it failed; what failed is its cause.
  if (error instanceof TypeError && error.cause !== undefined) return causeOf(error.cause);
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof ResilienceError || code === undefined || error.message.includes(code)) return error.message;
  return error.message === '' ? code : `${error.message} (${code})`;
}
