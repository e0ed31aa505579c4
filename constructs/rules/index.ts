/** Rules over whole stacks, other people's resources included. */
export { acknowledge } from './acknowledge';
export { KongResilienceRules } from './kong-resilience-rules';
