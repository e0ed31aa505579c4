/** The environment of a node: values that know secrets, layers, and the forms in which each platform takes them. */
export { EnvironmentBlock } from './block';
export type { EnvironmentBlockProps } from './block';
export type { CloudRunVariable } from './cloud-run';
export type { DockerComposeOptions } from './docker-compose';
export type { EcsEnvironment, EcsSecret, EcsVariable } from './ecs';
export type { HelmValue, HelmValues } from './helm';
export type { KubernetesValueSource, KubernetesVariable } from './kubernetes';
export type { EnvironmentLayers } from './layers';
export { VaultReferences } from './references';
export { atSynth } from './text';
export { EnvValue } from './value';
export type { EnvValues } from './value';
