import { TerraformStack, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import '../../../constructs/aws';
import '../../../constructs/google';
import '../../../constructs/minio';
import { DeclarationError } from '../../../constructs';
import { defineProblem, problemCatalogue, throwProblems } from '../../../constructs/problems';
import { normalised, tablesOf } from '../../contract/environment-tables';
import { filesBelow, read } from '../../docs/markdown';

const declared = problemCatalogue().filter(({ code }) => code.startsWith('KR_TF_'));

describe('docs/constructs/problems.md', () => {
  it('has a row for each problem of the catalogue, with its meaning, and no other', () => {
    const rows = declared.map(({ code, meaning }) => `| \`${code}\` | ${meaning} |`);
    const tables = tablesOf(read('docs/constructs/problems.md'));
    expect(tables).toEqual([['| code | meaning |', '| --- | --- |', ...rows].map(normalised)]);
  });

  it('leaves out no code that the sources declare', () => {
    const inSources = filesBelow('constructs', '.ts').flatMap((path) =>
      [...read(path).matchAll(/defineProblem\(\s*'(KR_TF_[A-Z0-9_]+)'/g)].map(([, code]) => code ?? ''),
    );
    expect(inSources.sort()).toEqual(declared.map(({ code }) => code));
  });
});

describe('problems of a construct', () => {
  const stack = new TerraformStack(Testing.app(), 'stack');

  it('come together, below the path of the construct', () => {
    const problems = [
      { code: 'KR_TF_A', text: 'one.' },
      { code: 'KR_TF_B', text: 'two.' },
    ];
    expect(() => throwProblems(stack, problems)).toThrow(new DeclarationError('stack', problems));
    expect(new DeclarationError('stack', problems).message).toBe('stack: 2 problems\n  KR_TF_A one.\n  KR_TF_B two.');
    expect(() => throwProblems(stack, [])).not.toThrow();
  });

  it('have each code once', () => {
    const [first] = declared;
    expect(() => defineProblem(first?.code as `KR_TF_${string}`, 'again', () => '')).toThrow(
      `the problem code ${first?.code} is declared twice`,
    );
  });
});
