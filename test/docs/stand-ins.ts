/** What the documents use of providers on which this package does not depend. */
interface StandIn {
  readonly className: string;
  readonly resourceType: string;
  readonly config: string;
}

const standIns: Readonly<Record<string, StandIn>> = {
  '@cdktf/provider-helm/lib/release': {
    className: 'Release',
    resourceType: 'helm_release',
    config: 'name: string; namespace?: string; repository?: string; chart: string; version?: string; values?: string[]',
  },
  '@cdktf/provider-kubernetes/lib/manifest': {
    className: 'Manifest',
    resourceType: 'kubernetes_manifest',
    config: 'manifest: { [key: string]: unknown }',
  },
};

/** Declarations by the name of the module. */
export const standInTypes: ReadonlyMap<string, string> = new Map(
  Object.entries(standIns).map(([name, { className, config }]) => [
    name,
    `import { TerraformResource, type TerraformMetaArguments } from 'cdktf';
import type { Construct } from 'constructs';
export declare class ${className} extends TerraformResource {
  constructor(scope: Construct, id: string, config: TerraformMetaArguments & { ${config} });
}`,
  ]),
);

/** Programs by the name of the module: resources with the attributes that they are given. */
export const standInPrograms: ReadonlyMap<string, string> = new Map(
  Object.entries(standIns).map(([name, { className, resourceType }]) => [
    name,
    `const { TerraformResource } = require('cdktf');
exports.${className} = class extends TerraformResource {
  constructor(scope, id, config) {
    super(scope, id, { terraformResourceType: '${resourceType}', dependsOn: config.dependsOn });
    this.config = config;
  }
  synthesizeAttributes() {
    const { dependsOn, ...attributes } = this.config;
    return attributes;
  }
};`,
  ]),
);
