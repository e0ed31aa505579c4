import { describe, expect, it } from 'vitest';
import { endOfExpression, parseJson, parseJsonencode } from '../../../constructs/rules/reading/json';
import { endsWith, equals, matches, Placeholders, startsWith } from '../../../constructs/rules/reading/text';

const placeholders = new Placeholders();
const x = placeholders.hole('Stack|var.x', 'var.x');
const y = placeholders.hole('Stack|var.y', 'var.y');
const name = placeholders.name('Stack/Bucket');

describe('texts of which Terraform alone knows parts', () => {
  it.each([
    ['a', 'a', 'yes'],
    ['a', 'b', 'no'],
    [x, x, 'yes'],
    [x, y, 'unknown'],
    [x, 'a', 'unknown'],
    [`a${x}`, 'b', 'no'],
    [`${x}a`, 'b', 'no'],
    [`a${x}`, `a${y}`, 'unknown'],
    [name, 'a', 'no'],
    [name, name, 'yes'],
    [name, x, 'unknown'],
  ])('equals(%j, %j) is %s', (a, b, answer) => {
    expect([equals(a, b), equals(b, a)]).toEqual([answer, answer]);
  });

  it.each([
    ['kong/3.9.1', 'kong/', 'yes'],
    ['kong', 'kong/', 'no'],
    ['kong/3', `kong/${x}`, 'unknown'],
    ['kong/3', `logs/${x}`, 'no'],
    [`${x}/3`, 'kong', 'unknown'],
    [`${x}/3`, `${x}/`, 'yes'],
    ['kong', '', 'yes'],
  ])('startsWith(%j, %j) is %s', (text, start, answer) => {
    expect(startsWith(text, start)).toBe(answer);
    const reversed = (value: string) => [...value].reverse().join('');
    expect(endsWith(reversed(text), reversed(start))).toBe(answer);
  });

  it.each([
    ['b/kong/3.9.1/config.json', 'b/*', 'yes'],
    ['b/kong/3.9.1/config.json', 'b/kong/?.9.1/*', 'yes'],
    ['b/kong/3.9.1/config.json', 'b/kong', 'no'],
    ['b/kong', 'b.kong', 'no'],
    ['b/kong', `${x}/*`, 'unknown'],
    ['b/kong', `${x}/logs`, 'no'],
    [`${x}/kong`, `${x}/*`, 'yes'],
    [`${x}/kong`, 'b/*', 'unknown'],
    [`${x}/kong`, '*', 'yes'],
    [`${x}/kong`, '*/logs', 'no'],
  ])('matches(%j, %j) is %s', (text, pattern, answer) => {
    expect(matches(text, pattern)).toBe(answer);
  });

  it('are shown as they were written', () => {
    expect([placeholders.show(`a-${x}`), placeholders.show(name), placeholders.show(`${name}/a`)]).toEqual([
      '"a-${var.x}"',
      'of "Stack/Bucket"',
      '"<name of Stack/Bucket>/a"',
    ]);
  });
});

describe('JSON with expressions', () => {
  it('is read with those in and outside strings', () => {
    expect(parseJson(`{"a": ${x}, "b": "\\"${y}", "c": [1]}`)).toEqual({ a: x, b: `"${y}`, c: [1] });
    expect(parseJson('{')).toBe(undefined);
    expect(parseJson(x)).toBe(x);
  });

  it('ends an expression at its own brace', () => {
    const inner = 'replace(var.a, "}", "${var.b}")';
    expect(endOfExpression(`\${${inner}}/b}`, 2)).toBe(inner.length + 2);
  });

  it('is read as jsonencode of it, too, and nothing else is', () => {
    const read = (source: string) =>
      parseJsonencode(
        source,
        (expression) => `<${expression}>`,
        (template) => template,
      )?.value;
    expect(read('jsonencode({"a" = [1, true, null, "x\\"y"], "b" = {"c" = var.d}})')).toEqual({
      a: [1, true, null, 'x"y'],
      b: { c: '<var.d>' },
    });
    expect(read('jsonencode(merge(var.a, var.b))')).toBe(undefined);
    expect(read('jsonencode({"a" = })')).toBe(undefined);
    expect(read('var.a')).toBe(undefined);
  });
});
