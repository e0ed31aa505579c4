import { describe, expect, it } from 'vitest';
import type { NodeEnvironment } from '../../src/contract';
import { environmentOf, plain, textsOf } from './blocks';

interface Bound {
  readonly name: string;
  readonly read: (environment: NodeEnvironment) => number | undefined;
  /** In the unit of the variable. */
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Milliseconds for seconds. */
  readonly factor: 1 | 1000;
}

const bounds: Bound[] = [
  {
    name: 'KONG_RESILIENCE_MAX_CONFIG_BYTES',
    read: (e) => e.maxConfigBytes,
    min: 1024,
    max: 524_288_000,
    step: 1,
    factor: 1,
  },
  { name: 'KONG_RESILIENCE_LEASE_SECONDS', read: (e) => e.leaseMs, min: 2, max: 3600, step: 0.1, factor: 1000 },
  {
    name: 'KONG_RESILIENCE_RECONNECT_SECONDS',
    read: (e) => e.reconnectMs,
    min: 1,
    max: 86_400,
    step: 0.1,
    factor: 1000,
  },
  { name: 'KONG_RESILIENCE_SILENCE_SECONDS', read: (e) => e.silenceMs, min: 1, max: 3600, step: 0.1, factor: 1000 },
  {
    name: 'KONG_RESILIENCE_STORE_TIMEOUT_SECONDS',
    read: (e) => e.storeTimeoutMs,
    min: 1,
    max: 3600,
    step: 0.1,
    factor: 1000,
  },
  {
    name: 'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS',
    read: (e) => e.importDeadlineMs,
    min: 1,
    max: 3600,
    step: 0.1,
    factor: 1000,
  },
  {
    name: 'KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS',
    read: (e) => e.checkMaxAge.ms,
    min: 1,
    max: 31_536_000,
    step: 0.1,
    factor: 1000,
  },
  { name: 'KONG_RESILIENCE_SHUTDOWN_SECONDS', read: (e) => e.shutdownMs, min: 1, max: 600, step: 0.1, factor: 1000 },
  {
    name: 'KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY',
    read: (e) => e.exportDelayMs,
    min: 0,
    max: 86_400,
    step: 0.1,
    factor: 1000,
  },
  {
    name: 'KONG_CLUSTER_MAX_PAYLOAD',
    read: (e) => e.cluster.maxPayloadBytes,
    min: 4_194_304,
    max: 2_147_483_647,
    step: 1,
    factor: 1,
  },
  {
    name: 'KONG_RESILIENCE_HANDOVER_GROUP',
    read: (e) => e.handoverGroup,
    min: 0,
    max: 4_294_967_294,
    step: 1,
    factor: 1,
  },
];

describe('bounds', () => {
  it.each(bounds)('$name takes $min and $max and nothing beyond', ({ name, read, min, max, step, factor }) => {
    expect(read(environmentOf({ ...plain, [name]: String(min) }))).toBe(min * factor);
    expect(read(environmentOf({ ...plain, [name]: String(max) }))).toBe(max * factor);
    const kind = factor === 1000 ? 'a number of seconds' : 'a whole number';
    for (const value of [String(min - step), String(max + step)]) {
      expect(textsOf({ ...plain, [name]: value }).problems).toEqual([
        `KR_ENV_RANGE ${name} is "${value}": it must be ${kind} from ${min} to ${max}.`,
      ]);
    }
  });

  it('takes a time limit for the control plane from 1 to 600 seconds when the deadline is longer', () => {
    const name = 'KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS';
    const block = { ...plain, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '3600' };
    expect(environmentOf({ ...block, [name]: '1' }).controlPlaneTimeoutMs).toBe(1000);
    expect(environmentOf({ ...block, [name]: '600' }).controlPlaneTimeoutMs).toBe(600_000);
    for (const value of ['0.9', '600.1']) {
      expect(textsOf({ ...block, [name]: value }).problems).toEqual([
        `KR_ENV_RANGE ${name} is "${value}": it must be a number of seconds from 1 to 600.`,
      ]);
    }
  });

  it('leaves the store half of a deadline that is shorter than the default time limit of the control plane', () => {
    const block = { ...plain, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '10' };
    expect(environmentOf(block).controlPlaneTimeoutMs).toBe(5000);
    expect(environmentOf({ ...block, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '10.1' }).controlPlaneTimeoutMs).toBe(
      10_000,
    );
    expect(textsOf(block)).toEqual({ problems: [], warnings: [] });
  });

  it('bounds the age of what is checked by two hours, and tells whether that was set', () => {
    expect(environmentOf(plain).checkMaxAge).toEqual({ ms: 7_200_000, explicit: false });
    const block = { ...plain, KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS: '7200' };
    expect(environmentOf(block).checkMaxAge).toEqual({ ms: 7_200_000, explicit: true });
  });

  it('takes fractions of a second', () => {
    expect(environmentOf({ ...plain, KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0.25' }).exportDelayMs).toBe(250);
    expect(environmentOf({ ...plain, KONG_RESILIENCE_LEASE_SECONDS: '2.5' }).leaseMs).toBe(2500);
  });

  it('takes ports from 0 for the status and from 1 for the control plane, to 65535', () => {
    const listen = (port: number) =>
      environmentOf({ ...plain, KONG_RESILIENCE_STATUS_LISTEN: `127.0.0.1:${port}` }).statusListen;
    expect(listen(0)).toEqual({ host: '127.0.0.1', port: 0 });
    expect(listen(65_535)).toEqual({ host: '127.0.0.1', port: 65_535 });
    const plane = (port: number) =>
      environmentOf({ ...plain, KONG_CLUSTER_CONTROL_PLANE: `[::1]:${port}` }).cluster.controlPlane;
    expect(plane(1)).toEqual({ host: '[::1]', port: 1 });
    expect(plane(65_535)).toEqual({ host: '[::1]', port: 65_535 });
    expect(textsOf({ ...plain, KONG_RESILIENCE_STATUS_LISTEN: 'localhost:65536' }).problems).toEqual([
      'KR_ENV_ADDRESS KONG_RESILIENCE_STATUS_LISTEN is "localhost:65536": the port must be from 0 to 65535.',
    ]);
  });
});
