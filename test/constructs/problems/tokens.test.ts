import { TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { expressionOf, isKnown } from '../../../constructs/problems';

describe('expressionOf', () => {
  const stack = new TerraformStack(Testing.app(), 'stack');
  const variable = new TerraformVariable(stack, 'version', { type: 'string' });

  it('is one for two readings of an attribute, which are two tokens', () => {
    const [one, other] = [variable.stringValue, variable.stringValue];
    expect(one).not.toBe(other);
    expect(expressionOf(stack, one)).toBe('${var.version}');
    expect(expressionOf(stack, other)).toBe('${var.version}');
    expect(expressionOf(stack, `kong/${one}/config.json`)).toBe('kong/${var.version}/config.json');
  });

  it('is the text itself where it is known', () => {
    expect(isKnown('3.9.1')).toBe(true);
    expect(isKnown(variable.stringValue)).toBe(false);
    expect(expressionOf(stack, '3.9.1')).toBe('3.9.1');
  });
});
