import { join } from 'node:path';
import { exitCodeOf, exitCodes } from '../../src/cli/exit-codes';
import { importMetricDefinitions, metricDefinitions } from '../../src/cli/metrics';
import { errorCatalogue, type ErrorDefinition, ResilienceError } from '../../src/errors';
import { logEvents } from '../../src/runtime';
import { filesBelow, read, root } from './markdown';

/** The codes that the sources raise, read off their text, so that none is missed because its file was not loaded. */
export function codesInSources(): string[] {
  const raised = filesBelow('src', '.ts').flatMap((path) =>
    [...read(path).matchAll(/(?:defineError|new ResilienceError)\(\s*'(KR_[A-Z_]+)'/g)].map(([, code]) => code ?? ''),
  );
  return [...new Set(raised)].sort();
}

/** Every error by its code: the catalogue, with all files loaded that declare one. */
export async function allErrors(): Promise<ErrorDefinition[]> {
  for (const path of filesBelow('src', '.ts')) {
    if (read(path).includes('= defineError(')) await import(join(root, path));
  }
  return [...errorCatalogue()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** The table of docs/errors.md as the code has it: code, meaning, exit code. */
export async function errorTable(): Promise<string[]> {
  return [
    '| code | meaning | exit code |',
    '| --- | --- | --- |',
    ...(await allErrors()).map(
      ({ code, meaning }) => `| \`${code}\` | ${meaning} | ${exitCodeOf(new ResilienceError(code, '', ''))} |`,
    ),
  ];
}

/** A table of docs/metrics.md as the code has it: name, type, meaning. */
export function metricTable(of: 'exporter' | 'importer'): string[] {
  const definitions = of === 'exporter' ? metricDefinitions : importMetricDefinitions;
  return [
    `| ${of === 'exporter' ? 'metric' : "importer's metric"} | type | meaning |`,
    '| --- | --- | --- |',
    ...definitions.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
  ];
}

/** Its table of log events: event, level, fields, meaning. */
export function eventTable(): string[] {
  return [
    '| event | level | fields | meaning |',
    '| --- | --- | --- | --- |',
    ...Object.entries(logEvents).map(
      ([name, { level, fields, meaning }]) => `| \`${name}\` | ${level} | ${fields} | ${meaning} |`,
    ),
  ];
}

/** The rows of README.md's table of exit codes. */
export function exitCodeRows(): string[] {
  return Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
}
