import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, withExample } from '../constructs/examples/example';
import { type AppliedState, withTerraform } from '../constructs/support/terraform';

type Wanted = Pick<Example, 'folder' | 'stack' | 'variables'>;

/** What Terraform has in its state, and the files that its resources name. */
export interface Applied extends AppliedState {
  readonly files: Readonly<Record<string, Buffer>>;
}

const known = new Map<string, Promise<Applied>>();

/** What Terraform has after an example was applied on the stand-in; applied once for all tests of a file. */
export function applied(example: Wanted): Promise<Applied> {
  const key = JSON.stringify(example);
  const found = known.get(key) ?? apply(example);
  known.set(key, found);
  return found;
}

function apply(example: Wanted): Promise<Applied> {
  return withExample({ ...example, protection: ['', ''] }, async (project) => {
    const stack = await project.synthesize();
    return withTerraform(stack, async (terraform) => {
      await terraform.init();
      await terraform.apply();
      const state = await terraform.show();
      const names = state.resources.flatMap(({ values: { filename } }) =>
        typeof filename === 'string' ? [filename] : [],
      );
      return { ...state, files: Object.fromEntries(names.map((name) => [name, readFileSync(join(stack, name))])) };
    });
  });
}
