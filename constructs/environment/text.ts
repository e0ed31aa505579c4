import { Token, Tokenization, type IResolvable, type IResolveContext } from 'cdktf';

/**
 * How a platform wants a text written: of a text that is known, and as an expression of Terraform for one that it alone
 * knows. Character by character, so that a text may be escaped in pieces.
 */
export interface Escape {
  readonly text: (text: string) => string;
  readonly expression: (expression: string) => string;
}

/** Puts one thing in the place of another, in the order of the pairs. */
export function replacing(...pairs: readonly (readonly [string, string])[]): Escape {
  return {
    text: (text) => pairs.reduce((done, [from, to]) => done.replaceAll(from, () => to), text),
    expression: (expression) =>
      pairs.reduce((done, [from, to]) => `replace(${done}, ${quoted(from)}, ${quoted(to)})`, expression),
  };
}

/** One escape after another. */
export function both(first: Escape, second: Escape): Escape {
  return {
    text: (text) => second.text(first.text(text)),
    expression: (expression) => second.expression(first.expression(expression)),
  };
}

/** What stands between the quotes of a JSON text, which is YAML too: there no control character may stand as it is. */
export const insideJson: Escape = {
  text: (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(
        /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
  expression: (expression) => `trimsuffix(trimprefix(jsonencode(${expression}), "\\""), "\\"")`,
};

/** A part of a text that Terraform alone knows, and how it is to be escaped. */
interface Unknown {
  readonly token: string;
  readonly escape?: Escape;
}

type Piece = string | Unknown;

/**
 * A text of which some pieces may be known to Terraform alone, on its way into a rendered form.
 *
 * What is known is literal: `${` and `%{` in it are no templates of Terraform's. CDKTF writes strings as they are into
 * the stack, and escapes them wrongly inside its functions, so a text with special characters becomes a token that
 * resolves to the right spelling in both places.
 */
export class Text {
  private readonly pieces: readonly Piece[];

  private constructor(pieces: readonly Piece[]) {
    this.pieces = merged(pieces);
  }

  /** What a user gave, escaped: a text, a token, or both in one. */
  static of(given: string, escape?: Escape): Text {
    return new Text(
      fragmentsOf(given).map((fragment) => {
        if (Token.isUnresolved(fragment))
          return escape === undefined ? { token: fragment } : { token: fragment, escape };
        return escape === undefined ? fragment : escape.text(fragment);
      }),
    );
  }

  /** What an expression of Terraform makes of a text that it alone knows, in whole or in part. */
  static by(given: string, expression: Escape['expression']): Text {
    return new Text([{ token: given, escape: { text: () => given, expression } }]);
  }

  static join(parts: readonly (string | Text)[]): Text {
    return new Text(parts.flatMap((part) => (typeof part === 'string' ? [part] : part.pieces)));
  }

  /** How many bytes of it are known, in UTF-8. */
  get knownBytes(): number {
    return this.pieces.reduce((sum, piece) => sum + (typeof piece === 'string' ? Buffer.byteLength(piece) : 0), 0);
  }

  /** For a property of a resource, an output, or an argument of a function of Terraform. */
  toString(): string {
    const [first = ''] = this.pieces;
    if (this.pieces.length === 1 && typeof first === 'object' && first.escape === undefined) return first.token;
    if (this.pieces.length <= 1 && typeof first === 'string' && harmless.test(first)) return first;
    return Token.asString(new RenderedText(this.pieces));
  }
}

/** Means the same in the stack's JSON, between the quotes of an expression, and to JSON.stringify. */
const harmless = /^(?!.*[$%]\{)[^"\\\p{Cc}]*$/u;

class RenderedText implements IResolvable {
  readonly creationStack: string[] = [];

  constructor(readonly pieces: readonly Piece[]) {}

  resolve(context: IResolveContext): string {
    const inExpression = context.suppressBraces === true;
    const resolved = this.pieces.map((piece): string | { readonly expression: string } =>
      typeof piece === 'string' ? piece : { expression: expressionOf(piece, context) },
    );
    context.suppressBraces = inExpression;
    // A "$" before "${" would make Terraform take the latter literally.
    const ambiguous = resolved.slice(0, -1).some((piece) => typeof piece === 'string' && piece.endsWith('$'));
    if (!inExpression && !ambiguous) {
      return resolved
        .map((piece) => (typeof piece === 'string' ? template(piece) : `\${${piece.expression}}`))
        .join('');
    }
    const parts = resolved.map((piece) => (typeof piece === 'string' ? quoted(piece) : piece.expression));
    const expression = parts.length === 1 ? parts.join('') : `join("", [${parts.join(', ')}])`;
    return inExpression ? expression : `\${${expression}}`;
  }

  toString(): string {
    return Token.asString(this);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** The expression of Terraform that gives an unknown piece; a token may also turn out to be a text. */
function expressionOf({ token, escape }: Unknown, context: IResolveContext): string {
  context.suppressBraces = false;
  const text = textOf(context.resolve(token));
  context.suppressBraces = true;
  const bare = textOf(context.resolve(token));
  const expression = text === `\${${bare}}` ? bare : text.includes('${') ? `"${text}"` : quoted(text);
  return escape === undefined ? expression : escape.expression(expression);
}

function textOf(resolved: unknown): string {
  if (typeof resolved === 'string' || typeof resolved === 'number' || typeof resolved === 'boolean')
    return `${resolved}`;
  throw new TypeError('the value of an environment variable is a token that resolves to no text');
}

/** A text as a template of the stack's JSON. */
function template(text: string): string {
  return text.replaceAll('${', () => '$${').replaceAll('%{', () => '%%{');
}

/** A text as an expression of Terraform. A brace after "$" gets no chance: CDKTF would warn of it inside a function. */
function quoted(text: string): string {
  const escaped = text
    .replace(/["\\]/g, (character) => `\\${character}`)
    .replace(/\p{Cc}|[$%](?=\{)/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped}"`;
}

/** The pieces of a string that CDKTF has put together, tokens as strings of their own. */
function fragmentsOf(text: string): readonly string[] {
  const fragments = Tokenization.reverseString(text);
  if (fragments.length === 0) return [''];
  const gathered: unknown = fragments.join({
    join: (left: string | string[], right: string) => [...(Array.isArray(left) ? left : [left]), right],
  });
  return Array.isArray(gathered) ? (gathered as string[]) : [gathered as string];
}

/** The same of a string that may hold a text rendered before. */
function piecesOf(text: string): readonly Piece[] {
  const pieces = fragmentsOf(text).flatMap((fragment): readonly Piece[] => {
    const [token] = Tokenization.reverseString(fragment).tokens;
    if (token instanceof RenderedText) return token.pieces;
    return [token === undefined ? fragment : { token: fragment }];
  });
  return merged(pieces);
}

/** Known pieces that stand side by side as one. */
function merged(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') result[result.length - 1] = last + piece;
    else result.push(piece);
  }
  return result;
}

/**
 * Makes JSON.stringify right for a rendered form on its way into a property that holds a JSON text, such as a container
 * definition: tokens are escaped by Terraform, and `${` is no template.
 */
export function forJson<T extends object>(form: T): T {
  return Object.defineProperty(form, 'toJSON', {
    enumerable: false,
    value: () => jsonReady({ ...form }),
  });
}

function jsonReady(value: unknown): unknown {
  if (Array.isArray(value) && !Token.isUnresolved(value)) return value.map(jsonReady);
  if (typeof value === 'object' && value !== null && !Token.isUnresolved(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [template(key), jsonReady(member)]));
  }
  if (typeof value !== 'string') return value;
  const pieces = piecesOf(value);
  const [first] = pieces;
  if (pieces.length === 1 && typeof first === 'string') return template(first);
  const escaped = pieces.map((piece) => {
    if (typeof piece === 'string') return insideJson.text(piece);
    return { token: piece.token, escape: piece.escape === undefined ? insideJson : both(piece.escape, insideJson) };
  });
  return Token.asString(new RenderedText(escaped));
}

/**
 * A rendered form with plain texts in the place of CDKTF's tokens, for a program that writes a file at synth. Not for
 * what goes through Terraform.
 *
 * @throws Error when a value is known to Terraform alone
 */
export function atSynth<T>(form: T): T {
  return plain(form) as T;
}

function plain(form: unknown): unknown {
  if (Array.isArray(form)) return form.map(plain);
  if (typeof form === 'object' && form !== null) {
    return Object.fromEntries(Object.entries(form).map(([key, value]) => [key, plain(value)]));
  }
  if (typeof form !== 'string') return form;
  const text = textAtSynth(form);
  if (text !== undefined) return text;
  throw new Error(
    'A value of the environment is known to Terraform alone, so no file of it can be written at synth. Hand the form to a resource or an output instead.',
  );
}

/** The plain text of a rendered one, if nothing in it is known to Terraform alone. */
export function textAtSynth(text: string): string | undefined {
  const pieces = piecesOf(text);
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : undefined;
}
