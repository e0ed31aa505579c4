import { assignmentsOf } from './systemd-file';
import { onlyKnown, Refused } from './workload';

/**
 * A timer, by systemd.timer(5): when is for `systemd-analyze verify` to judge; that it is due, and what it then starts, is
 * executed.
 *
 * @returns the name of the unit that it starts
 * @throws Refused for what is not executed, and where it would never be due
 */
export function readTimer(name: string, text: string): string {
  const of = (section: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      assignmentsOf(text)
        .filter((one) => one.section === section)
        .map((one) => [one.name, one.value]),
    );
  const timer = of('Timer');
  onlyKnown(name, timer, ['OnCalendar', 'RandomizedDelaySec', 'AccuracySec', 'Persistent', 'Unit']);
  if ((timer['OnCalendar'] ?? '') === '') throw new Refused(`${name}: Timer unit lacks value setting. Refusing.`);
  if (of('Install')['WantedBy'] !== 'timers.target') throw new Refused(`${name} is not started at boot`);
  return timer['Unit'] ?? name.replace(/\.timer$/, '.service');
}
