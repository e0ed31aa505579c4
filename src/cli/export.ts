import { hostname } from 'node:os';
import { formatStorageUrl } from '../contract';
import { ResilienceError } from '../errors';
import { Exporter } from '../exporter';
import { logEvent } from '../runtime';
import { openStore } from '../store';
import { createContext, type Context } from './context';
import { printJson } from './print';
import { untilSignalled } from './signals';
import { sourceFactory } from './sources';
import { exporterPages, StatusServer } from './status-server';

/** Exports until signalled, or until each version is confirmed (`once`). */
export async function exportCommand(options: { once: boolean; timeout: number; json: boolean }): Promise<void> {
  const context = await createContext('export');
  const stop = untilSignalled(context.log);
  await runExporter(context, stop, options);
}

/** @param stop aborts when the process is asked to end */
export async function runExporter(
  context: Context,
  stop: AbortSignal,
  options: { once: boolean; timeout: number; json: boolean },
): Promise<void> {
  const { environment, log, program } = context;
  const store = await openStore(environment.storage, {
    aws: environment.aws,
    google: environment.google,
    timeoutMs: environment.storeTimeoutMs,
    log,
  });
  const exporter = await Exporter.open({
    environment,
    store,
    source: sourceFactory(context),
    host: hostname(),
    program,
    log,
  });
  const server =
    // One that ends by itself has nobody to ask it, and may run beside one that stays.
    environment.statusListen === undefined || options.once
      ? undefined
      : await StatusServer.listen(environment.statusListen, exporterPages(program, exporter), log);
  const versions = environment.versions.map((version) => version.text);
  try {
    const store = formatStorageUrl(environment.storage);
    logEvent(log, 'started', { versions, store, program }, 'exports configurations');
    if (options.once) await exporter.once(options.timeout * 1000, stop);
    else await exporter.run(stop);
    if (options.json) printJson({ versions: exporter.status });
  } catch (error) {
    // Told on stderr in words as well; an alarm that reads the log must see it.
    if (error instanceof ResilienceError) {
      logEvent(log, 'export_failed', { versions, ...error.toJSON() }, 'the export ends without having succeeded');
    }
    throw error;
  } finally {
    await server?.close();
    store.close();
  }
}
