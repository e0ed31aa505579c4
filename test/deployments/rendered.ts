import { type Example, withExample } from '../constructs/examples/example';
import { type AppliedState, withTerraform } from '../constructs/support/terraform';

/** What Terraform has in its state after an example was applied on the stand-in. */
export async function applied(example: Pick<Example, 'folder' | 'stack' | 'variables'>): Promise<AppliedState> {
  return withExample({ ...example, protection: ['', ''] }, async (project) => {
    const stack = await project.synthesize();
    return withTerraform(stack, async (terraform) => {
      await terraform.init();
      await terraform.apply();
      return terraform.show();
    });
  });
}
