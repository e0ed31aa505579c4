/** What needs no provider: environments, the topology, the rules. `cdktf-kong-resilience/constructs`. */
export * from './environment';
export * from './machine';
export * from './rules';
export * from './topology';
export { DeclarationError } from './problems';
export type { Problem } from './problems';
