/** The environment of a node: values that know secrets, layers, and the forms in which each platform takes them. */
export { EnvValue } from './value';
export type { EnvValues } from './value';
