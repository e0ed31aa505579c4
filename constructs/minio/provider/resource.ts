import { TerraformResource } from 'cdktf';
import type { TerraformMetaArguments } from 'cdktf';
import type { Construct } from 'constructs';
import { toHcl, toTerraform, type TerraformValues } from './attributes';
import { minioProvider } from './minio-provider';

/** What every resource of the provider is here: its arguments, read when the stack is synthesized, and its id. */
export abstract class MinioResource extends TerraformResource {
  readonly #arguments: object;

  protected constructor(scope: Construct, id: string, terraformResourceType: string, config: TerraformMetaArguments) {
    const { dependsOn, count, provider, lifecycle, forEach, provisioners, connection, ...rest } = config;
    super(scope, id, {
      terraformResourceType,
      terraformGeneratorMetadata: minioProvider,
      ...{ dependsOn, count, provider, lifecycle, forEach, provisioners, connection },
    });
    this.#arguments = rest;
  }

  /** Id of the resource in Terraform. */
  get id(): string {
    return this.getStringAttribute('id');
  }

  protected override synthesizeAttributes(): TerraformValues {
    return toTerraform(this.#arguments);
  }

  protected override synthesizeHclAttributes(): TerraformValues {
    return toHcl(this.#arguments);
  }
}
