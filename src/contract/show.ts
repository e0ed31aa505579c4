/** Longest part of a value that a message shows. */
const shownLength = 120;

/**
 * A value as a message may show it: quoted, on one line, cut, and without what a URL can hold of secrets,
 * which is everything before an `@` and everything after a `?`. For variables that are not secret.
 */
export function show(value: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(value)?.[0] ?? '';
  let rest = value.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  if (at >= 0) rest = `[secret]${rest.slice(at)}`;
  const query = rest.indexOf('?');
  if (query >= 0) rest = `${rest.slice(0, query)}?[secret]`;
  const whole = scheme + rest;
  return printable(JSON.stringify(whole.length > shownLength ? `${whole.slice(0, shownLength)}…` : whole));
}

/** A text on one line, with nothing that a terminal would obey: such characters are written as JSON escapes them, in four digits. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
