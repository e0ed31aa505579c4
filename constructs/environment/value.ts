import { Token, Tokenization } from 'cdktf';

/** Where a value comes from; what the renderers decide by. */
export type EnvValueSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret-text'; readonly text: string }
  | { readonly kind: 'aws-secret'; readonly arn: string; readonly jsonKey?: string; readonly versionId?: string }
  | { readonly kind: 'google-secret'; readonly secret: string; readonly version: string }
  | { readonly kind: 'kubernetes-secret'; readonly name: string; readonly key: string };

/** Whether something is a value; who writes no TypeScript may give anything. */
export let isEnvValue: (value: unknown) => value is EnvValue;

/** For the renderers alone. */
export let sourceOf: (value: EnvValue) => EnvValueSource;

/**
 * The value of an environment variable, which knows whether it may be shown.
 *
 * A renderer refuses a value that its platform cannot take: a secret's text in an ECS task definition, say, or a secret
 * of Kubernetes on Cloud Run. Turned into a string or JSON, a secret says only that it is one.
 */
export class EnvValue {
  /** Private to the runtime too, so that no log of an object shows a secret. */
  readonly #source: EnvValueSource;

  static {
    sourceOf = (value) => value.#source;
    isEnvValue = (value): value is EnvValue => typeof value === 'object' && value !== null && #source in value;
  }

  private constructor(source: EnvValueSource) {
    this.#source = source;
  }

  /** A plain text, a token of one, or both: `${address}:8005`. Literal but for tokens. Shown wherever the environment is. */
  static fromText(text: string): EnvValue {
    mustBeText('fromText', text);
    return new EnvValue({ kind: 'text', text: numbersAsTokens(text) });
  }

  /**
   * A secret's own text, usually a token. Only a form that is itself a secret file takes it: systemd's `EnvironmentFile`,
   * `kong.conf`, the `.env` beside a compose file. It stands in the state of Terraform. (A compose file asks the operator
   * for it instead.)
   */
  static fromSecretText(text: string): EnvValue {
    mustBeText('fromSecretText', text);
    return new EnvValue({ kind: 'secret-text', text: numbersAsTokens(text) });
  }

  /**
   * A secret of AWS Secrets Manager, read by ECS when the task starts; on Lambda and machines by the agent when it starts.
   *
   * @param arn whole ARN of the secret
   * @param jsonKey member of the secret's JSON text. Default: the whole text
   * @param versionId a version of it. Default: the current one
   */
  static fromAwsSecret(arn: string, jsonKey?: string, versionId?: string): EnvValue {
    return new EnvValue({
      kind: 'aws-secret',
      arn,
      ...(jsonKey === undefined ? {} : { jsonKey }),
      ...(versionId === undefined ? {} : { versionId }),
    });
  }

  /**
   * A secret of Google Secret Manager, read by Cloud Run when the instance starts; on machines by the agent when it starts.
   *
   * @param secret its id, or `projects/<project>/secrets/<id>`
   * @param version a version of it. Default: `latest`
   */
  static fromGoogleSecret(secret: string, version = 'latest'): EnvValue {
    return new EnvValue({ kind: 'google-secret', secret, version });
  }

  /** A key of a Kubernetes secret in the pod's namespace. */
  static fromKubernetesSecret(name: string, key: string): EnvValue {
    return new EnvValue({ kind: 'kubernetes-secret', name, key });
  }

  /** Whether it must not be shown. */
  get isSecret(): boolean {
    return this.#source.kind !== 'text';
  }

  /** Whether two values are the same text, or the same place of a secret. */
  equals(other: EnvValue): boolean {
    return JSON.stringify(this.#source) === JSON.stringify(other.#source);
  }

  toString(): string {
    return this.#source.kind === 'text' ? this.#source.text : '[secret]';
  }

  toJSON(): string {
    return this.toString();
  }
}

/** A token of a number turns into digits in a template literal, which CDKTF takes for a token only when it synthesizes. */
function numbersAsTokens(text: string): string {
  return text.replace(/-\d(?:\.\d+)?e\+\d{3}/g, (digits) => {
    const token = Tokenization.reverseNumber(Number(digits));
    return token === undefined ? digits : Token.asString(token);
  });
}

/** Values of environment variables by name. */
export type EnvValues = Readonly<Record<string, EnvValue>>;

/** A switch is written as Kong reads it; nothing of a value that may be secret is told. */
function mustBeText(factory: string, text: unknown): void {
  if (typeof text === 'string') return;
  const intent = typeof text === 'boolean' ? ` Did you mean EnvValue.${factory}('${text ? 'on' : 'off'}')?` : '';
  throw new TypeError(`EnvValue.${factory} takes a string, and was given a ${typeof text}.${intent}`);
}
