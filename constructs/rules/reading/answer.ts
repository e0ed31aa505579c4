/** What can be said of a stack before Terraform runs: `unknown` is for what a token decides, and is no pass. */
export type Answer = 'yes' | 'no' | 'unknown';

/** Whether at least one holds. */
export function anyOf(answers: readonly Answer[]): Answer {
  if (answers.includes('yes')) return 'yes';
  return answers.includes('unknown') ? 'unknown' : 'no';
}

/** Whether all hold. */
export function allOf(answers: readonly Answer[]): Answer {
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

export function fromBoolean(value: boolean): Answer {
  return value ? 'yes' : 'no';
}
