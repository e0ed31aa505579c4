/** Environment variables by which `npm run chaos` tells its suites how to run. */
export const variables = {
  seed: 'KONG_RESILIENCE_CHAOS_SEED',
  ci: 'KONG_RESILIENCE_CHAOS_CI',
  long: 'KONG_RESILIENCE_CHAOS_LONG',
  record: 'KONG_RESILIENCE_CHAOS_RECORD',
  /** Where `Program` of test/support keeps what each process wrote. */
  output: 'KONG_RESILIENCE_TEST_OUTPUT',
} as const;
