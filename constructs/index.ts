/** What needs no provider: environments, the topology, the rules, Kubernetes, machines. `cdktf-kong-resilience/constructs`. */
export * from './environment';
export * from './kubernetes';
export * from './machine';
export * from './rules';
export * from './topology';
export { DeclarationError } from './problems';
export type { Problem } from './problems';
