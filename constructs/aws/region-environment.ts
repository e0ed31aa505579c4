import { EnvValue, type EnvValues } from '../environment';

/** The region under both names: Kong's versions differ in which of the two they read. */
export function regionEnvironment(region: string): EnvValues {
  return { AWS_REGION: EnvValue.fromText(region), AWS_DEFAULT_REGION: EnvValue.fromText(region) };
}
