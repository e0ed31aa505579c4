/*
 * What alarms look at, evaluated as Amazon CloudWatch does ("Filter pattern syntax for JSON log events", "How CloudWatch alarms treat
 * missing data"), and as Cloud Logging counts lines. It takes the forms that are rendered, and refuses any other.
 */
import { Refused } from './workload';

type Json = Readonly<Record<string, unknown>>;

function jsonOf(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a metric filter of CloudWatch Logs counts a line. */
export function countsLine(pattern: string, line: string): boolean {
  const [, inner] = /^\{(.*)\}$/s.exec(pattern.trim()) ?? [];
  if (inner === undefined) throw new Refused(`not a JSON pattern: ${pattern}`);
  const event = jsonOf(line);
  if (event === undefined) return false;
  const tokens = inner.match(/\$(?:\.\w+)+|"[^"]*"|&&|\|\||[()=]|\S+/g) ?? [];
  let at = 0;
  const take = (wanted?: string): string => {
    const token = tokens[at++] ?? '';
    if (wanted !== undefined && token !== wanted) throw new Refused(`${pattern}: ${token} in the place of ${wanted}`);
    return token;
  };
  const comparison = (): boolean => {
    if (tokens[at] === '(') {
      take('(');
      const value = either();
      take(')');
      return value;
    }
    const selector = take();
    take('=');
    const wanted = take();
    if (!selector.startsWith('$.') || !wanted.startsWith('"')) throw new Refused(`${pattern}: ${selector} = ${wanted}`);
    return memberOf(event, selector.slice(2)) === wanted.slice(1, -1);
  };
  const all = (): boolean => {
    let value = comparison();
    while (tokens[at] === '&&') {
      take();
      value = comparison() && value;
    }
    return value;
  };
  const either = (): boolean => {
    let value = all();
    while (tokens[at] === '||') {
      take();
      value = all() || value;
    }
    return value;
  };
  const value = either();
  if (at !== tokens.length) throw new Refused(`${pattern}: ${tokens[at]} is too much`);
  return value;
}

const memberOf = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((one, name) => (typeof one === 'object' && one !== null ? (one as Json)[name] : undefined), value);

/** Whether a metric made of logs counts a line of a resource ("Logging query language": comparisons, and AND of them). */
export function filterTakes(filter: string, resource: Json, line: string): boolean {
  const entry = { resource, jsonPayload: jsonOf(line) };
  return filter.split(' AND ').every((comparison) => {
    const [, path, wanted] = /^([\w.]+)="([^"]*)"$/.exec(comparison) ?? [];
    if (path === undefined) throw new Refused(`${filter}: not executed: ${comparison}`);
    return memberOf(entry, path) === wanted;
  });
}

/** An aws_cloudwatch_metric_alarm, and the sum of its metric in each period that it looks at. */
export function alarmIsRaised(alarm: Json, sums: readonly (number | undefined)[]): boolean {
  const { comparison_operator: operator, threshold, treat_missing_data: missing, statistic } = alarm;
  const periods = Number(alarm['evaluation_periods']);
  if (statistic !== 'Sum' || alarm['datapoints_to_alarm'] !== periods) throw new Refused('not executed: this alarm');
  const breaches = (sum: number | undefined): boolean => {
    if (sum === undefined) return missing === 'breaching';
    if (operator === 'GreaterThanOrEqualToThreshold') return sum >= Number(threshold);
    if (operator === 'LessThanThreshold') return sum < Number(threshold);
    throw new Refused(`not executed: ${String(operator)}`);
  };
  return Array.from({ length: periods }, (_, index) => sums.at(-1 - index)).every(breaches);
}
