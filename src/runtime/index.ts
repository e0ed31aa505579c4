/** What a process needs beside its task: a log, time, waiting, files that are whole or absent. */
export * from './backoff';
export * from './credentials';
export * from './events';
export * from './files';
export * from './log';
export * from './outage';
export * from './time';
export * from './transport';
