/*
 * What alarms look at, evaluated as Prometheus does ("Querying basics", "Operators": vector matching). It takes the forms that are
 * rendered for checks, and refuses any other.
 */
import { Refused } from './workload';

/** A series, and its value now. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where an increase is asked for: how much it grew in that time. */
  readonly value: number;
}

const vector = String.raw`[\w:]+(?:\{[^}]*\})?`;
const isMore = new RegExp(String.raw`^sum\(increase\((${vector})\[\d+m\]\)\) > (\d+)$`);
const isAndSince = new RegExp(String.raw`^(${vector}) == (\d+) and on \(([\w, ]+)\) time\(\) - (${vector}) < (\d+)$`);

/** Whether an expression has a result: whether an alarm on it is raised. */
export function hasResult(expression: string, all: readonly Series[]): boolean {
  const more = isMore.exec(expression);
  if (more !== null) {
    const [, selector = '', bound] = more;
    return select(selector, all).reduce((sum, { value }) => sum + value, 0) > Number(bound);
  }
  const [, left = '', wanted, on = '', right = '', seconds] = isAndSince.exec(expression) ?? [];
  if (left === '') throw new Refused(`not executed: ${expression}`);
  const labels = on.split(/,\s*/);
  const young = select(right, all).filter(({ value }) => Date.now() / 1000 - value < Number(seconds));
  return select(left, all).some(
    (one) =>
      one.value === Number(wanted) &&
      young.some((other) => labels.every((label) => one.labels[label] === other.labels[label])),
  );
}

/** By `=` and `=~`, which must match the whole value; a label that is not there is empty. */
function select(selector: string, all: readonly Series[]): readonly Series[] {
  const [, name, inner = ''] = /^([\w:]+)(?:\{(.*)\})?$/.exec(selector) ?? [];
  const matchers = inner === '' ? [] : inner.split(',');
  return all.filter(
    (one) =>
      one.name === name &&
      matchers.every((matcher) => {
        const [, label = '', operator, wanted = ''] = /^(\w+)(=~?)"([^"]*)"$/.exec(matcher) ?? [];
        if (label === '') throw new Refused(`not executed: ${matcher}`);
        const value = one.labels[label] ?? '';
        return operator === '=' ? value === wanted : new RegExp(`^(?:${wanted})$`).test(value);
      }),
  );
}
