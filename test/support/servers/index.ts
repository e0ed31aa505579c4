/** Real object stores for the tests, each a process of its own on 127.0.0.1, and servers that misbehave. */
export * from './fake-gcs';
export * from './faults';
export * from './listener';
export * from './minio';
export * from './moto';
export * from './process';
export * from './secret-manager';
export * from './versitygw';
