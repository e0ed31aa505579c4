import type { Bucket } from '../../test/cli/stores';
import type { Environment } from '../../test/support/program';
import type { Damage } from '../support/damaging-proxy';
import {
  cutAt,
  failing,
  flipBit,
  hang,
  isConfiguration,
  isWrite,
  loseAnswer,
  missingIsDenied,
  only,
  page,
  slow,
  withoutHeaders,
} from './damage';
import type { ExportOutcome, Fault, ImportOutcome } from './fault';

type Disk = 'store' | 'spool' | 'hand-over';

export interface StoreInjection {
  /** What a proxy before the store does, or that nothing listens there. */
  readonly damage?: Damage | 'refused';
  /** What the program's environment says otherwise; the fault ends with its next start. */
  readonly environment?: (bucket: Bucket) => Environment;
  /** How far the machine's clock is ahead. */
  readonly clockAheadSeconds?: number;
  /** A volume of its own that has no room, or may not be written. */
  readonly disk?: { readonly of: Disk; readonly state: 'full' | 'read-only' };
  /** The time limit of a call, where the fault is that it passes; else long enough to never pass. */
  readonly storeTimeoutSeconds?: number;
  /** The deadline of an import, where the default of the suite would pass before the last try; each ends sooner. */
  readonly deadlineSeconds?: number;
  /** Nothing was stored before. */
  readonly empty?: boolean;
  /** Stores on which it can happen; absent: S3 and Google Cloud Storage. */
  readonly stores?: readonly ('s3' | 'gcs' | 'versitygw')[];
}

type Row = Fault<StoreInjection>;

const fails = { kong_resilience_export_failures_total: 'counts', kong_resilience_pending: 1 } as const;
const failed = { kong_resilience_import_ended: 1, kong_resilience_import_failed: 1 } as const;
const staged = { kong_resilience_import_ended: 1, kong_resilience_import_failed: 0 } as const;

/** The exporter keeps what is stored, says why it cannot export, and goes on trying. */
function notExported(code: string, text: string): ExportOutcome {
  return {
    log: { level: 'error', event: 'export_failed', code, text },
    exitCode: 0,
    metrics: fails,
    stored: 'the earlier one',
  };
}

/** The import fails; what an earlier one staged stays. */
function notImported(exitCode: number, code: string, text: string): ImportOutcome {
  return {
    log: { level: 'error', event: 'import_failed', code, text },
    exitCode,
    metrics: failed,
    handedOver: 'the file of the earlier import',
  };
}

export const storeFaults: readonly Row[] = [
  {
    id: 'store-refused',
    fault: 'Nothing listens at the address of the store.',
    inject: { damage: 'refused' },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'ECONNREFUSED'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'ECONNREFUSED'),
    },
  },
  {
    id: 'store-hanging',
    fault: 'The store accepts requests and never answers.',
    inject: { damage: hang, storeTimeoutSeconds: 1 },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'no complete answer within'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'no complete answer within'),
    },
  },
  {
    id: 'store-answer-lost',
    fault: 'The store takes a write of the configuration, and its answer never arrives.',
    inject: {
      damage: only((exchange) => isWrite(exchange) && isConfiguration(exchange), loseAnswer),
      storeTimeoutSeconds: 1,
    },
    expected: {
      export: {
        log: {
          level: 'error',
          event: 'export_failed',
          code: 'KR_STORE_UNREACHABLE',
          text: 'no complete answer within',
        },
        exitCode: 0,
        metrics: { kong_resilience_export_failures_total: 'counts' },
        stored: 'the newest',
      },
    },
  },
  {
    id: 'store-slow',
    fault: 'The store takes and gives 1 KB/s.',
    inject: { damage: slow, storeTimeoutSeconds: 1 },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'no complete answer within'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'no complete answer within'),
    },
  },
  {
    id: 'store-500',
    fault: 'The store answers every request with 500.',
    inject: { damage: failing(500, 'InternalError', 'We encountered an internal error') },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'HTTP 500'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'HTTP 500'),
    },
  },
  {
    id: 'store-503-slow-down',
    fault: 'The store answers every request with 503 SlowDown.',
    inject: { damage: failing(503, 'SlowDown', 'Reduce your request rate') },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'HTTP 503'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'HTTP 503'),
    },
  },
  {
    id: 'store-403-mid-run',
    fault: 'The store denies everything from one moment on.',
    inject: { damage: failing(403, 'AccessDenied', 'Access Denied') },
    expected: {
      export: notExported('KR_STORE_DENIED', 'HTTP 403'),
      import: notImported(4, 'KR_STORE_DENIED', 'HTTP 403'),
    },
  },
  {
    id: 'store-403-missing-key',
    fault: 'Nothing is stored yet, and the store says 403 for a missing key to one who may list.',
    inject: { damage: missingIsDenied(true), empty: true, stores: ['s3'] },
    expected: {
      export: { exitCode: 0, metrics: { kong_resilience_export_failures_total: 0 }, stored: 'the newest' },
      import: notImported(3, 'KR_IMPORT_ABSENT', 'does not exist'),
    },
  },
  {
    id: 'store-403-missing-key-no-list',
    fault: 'Nothing is stored yet, and the store says 403 for a missing key to one who may not list either.',
    inject: { damage: missingIsDenied(false), empty: true, stores: ['s3'] },
    expected: {
      export: { ...notExported('KR_STORE_DENIED', 'HTTP 403'), stored: 'nothing' },
      import: notImported(4, 'KR_STORE_DENIED', 'HTTP 403'),
    },
  },
  {
    id: 'store-404-bucket',
    fault: 'There is no such bucket.',
    inject: {
      environment: ({ name, url }) => ({
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: url('kong').replace(name, 'no-such-bucket'),
      }),
    },
    expected: {
      export: notExported('KR_STORE_NO_BUCKET', 'the bucket does not exist'),
      import: notImported(4, 'KR_STORE_NO_BUCKET', 'the bucket does not exist'),
    },
  },
  {
    id: 'store-body-cut',
    fault: 'The body of the configuration ends too early (at each of 64 offsets: in one process, over the library).',
    inject: { damage: cutAt((body) => Math.floor(body.length / 2)) },
    expected: { import: notImported(5, 'KR_STORE_CORRUPT', 'is damaged') },
  },
  {
    id: 'store-bit-flipped',
    fault: 'One bit of the configuration is another one (each of 1,000: in one process, over the library).',
    inject: { damage: flipBit((body) => body.length * 4 + 1), stores: ['s3'] },
    expected: { import: notImported(5, 'KR_IMPORT_DIGEST_MISMATCH', 'SHA-256') },
  },
  {
    id: 'store-bit-flipped-google',
    fault: 'The same on Google Cloud Storage, which tells an MD5 itself.',
    inject: { damage: flipBit((body) => body.length * 4 + 1), stores: ['gcs'] },
    expected: { import: notImported(5, 'KR_STORE_CORRUPT', 'its MD5 is') },
  },
  {
    id: 'store-html-page',
    fault: 'Every request is answered with 200 and a page of HTML.',
    inject: { damage: page(200, 'Welcome') },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'the answer'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'the answer is not one of'),
    },
  },
  {
    id: 'store-wrong-region',
    fault: 'The region in the environment is not that of the store.',
    // MinIO takes any region.
    inject: { environment: () => ({ AWS_REGION: 'ap-south-2' }), stores: ['versitygw'] },
    expected: {
      export: notExported('KR_STORE_REFUSED', 'region'),
      import: notImported(4, 'KR_STORE_REFUSED', 'region'),
    },
  },
  {
    id: 'store-expired-token',
    fault: 'The credentials expire while the program runs.',
    inject: { damage: failing(400, 'ExpiredToken', 'The provided token has expired.'), stores: ['s3'] },
    expected: {
      export: notExported('KR_STORE_DENIED', 'ExpiredToken'),
      import: notImported(4, 'KR_STORE_DENIED', 'ExpiredToken'),
    },
  },
  {
    id: 'store-expired-token-google',
    fault: 'The access token of Google is not valid any more.',
    inject: { damage: failing(401, 'authError', 'Invalid Credentials'), stores: ['gcs'] },
    expected: {
      export: notExported('KR_STORE_DENIED', 'HTTP 401'),
      import: notImported(4, 'KR_STORE_DENIED', 'HTTP 401'),
    },
  },
  {
    id: 'store-clock-skew',
    fault: "The machine's clock is an hour ahead, beyond the 15 minutes that S3 allows.",
    inject: { clockAheadSeconds: 3600, stores: ['s3'] },
    expected: {
      // The store's answer tells the time, and the next request bears it.
      export: { exitCode: 0, metrics: { kong_resilience_export_failures_total: 0 }, stored: 'the newest' },
      import: {
        log: { level: 'error', code: 'KR_STORE_DENIED', text: "this machine's clock is wrong" },
        exitCode: 0,
        metrics: staged,
        handedOver: 'what is stored',
      },
    },
  },
  {
    id: 'store-409',
    fault: 'The store answers a conditional write of the configuration with 409, as if another one were in its way.',
    inject: {
      damage: only(
        (exchange) => isWrite(exchange) && isConfiguration(exchange),
        failing(409, 'ConditionalRequestConflict', 'The conditional request cannot succeed due to a conflict'),
      ),
    },
    expected: { export: notExported('KR_STORE_CONFLICT', 'is not the version that this write was meant to replace') },
  },
  {
    id: 'store-412',
    fault: 'The store answers a conditional write of the configuration with 412, though nobody else wrote.',
    inject: {
      damage: only(
        (exchange) => isWrite(exchange) && isConfiguration(exchange),
        failing(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'),
      ),
    },
    expected: { export: notExported('KR_STORE_CONFLICT', 'is not the version that this write was meant to replace') },
  },
  {
    id: 'store-unknown-host',
    fault: 'The name of the store does not resolve.',
    inject: { environment: () => ({ AWS_CONFIG_STORAGE_ENDPOINT: 'http://store.invalid:9000' }), stores: ['s3'] },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'store.invalid'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'store.invalid'),
    },
  },
  {
    id: 'proxy-502',
    fault: 'A proxy in between answers with 502 and a page.',
    inject: { damage: page(502, 'Bad Gateway') },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'HTTP 502'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'HTTP 502'),
    },
  },
  {
    id: 'proxy-sign-in',
    fault: 'A proxy in between sends everybody to a page to sign in.',
    inject: { damage: page(302, 'Sign in', { location: 'https://sign-in.invalid/' }) },
    expected: {
      export: notExported('KR_STORE_REFUSED', 'HTTP 302'),
      import: notImported(4, 'KR_STORE_REFUSED', 'HTTP 302'),
    },
  },
  {
    id: 'proxy-404',
    fault: 'A proxy in between answers with 404 and a page: it does not know the store (any more).',
    inject: { damage: page(404, 'Not Found'), deadlineSeconds: 30 },
    expected: {
      export: notExported('KR_STORE_REFUSED', 'this is not an object store'),
      import: notImported(4, 'KR_STORE_REFUSED', 'this is not an object store'),
    },
  },
  {
    id: 'proxy-strips-headers',
    fault: 'A proxy in between takes the ETag and the date away.',
    inject: { damage: withoutHeaders(/^(etag|date|x-goog-generation)$/i), stores: ['s3'] },
    expected: {
      export: notExported('KR_STORE_UNREACHABLE', 'the answer'),
      import: notImported(6, 'KR_STORE_UNREACHABLE', 'the answer is not one of'),
    },
  },
  {
    id: 'file-store-full',
    fault: 'The volume of a file store has no room for the next configuration.',
    inject: { disk: { of: 'store', state: 'full' } },
    expected: { export: notExported('KR_STORE_UNREACHABLE', 'ENOSPC') },
  },
  {
    id: 'file-store-read-only',
    fault: 'The volume of a file store becomes read-only.',
    inject: { disk: { of: 'store', state: 'read-only' } },
    expected: { export: notExported('KR_STORE_DENIED', 'EROFS') },
  },
  {
    id: 'spool-full',
    fault: 'Nothing listens at the store, and the volume of the spool has no room.',
    inject: { damage: 'refused', disk: { of: 'spool', state: 'full' }, stores: ['s3'] },
    expected: {
      export: {
        log: { level: 'error', code: 'KR_SPOOL_UNWRITABLE', text: 'ENOSPC' },
        exitCode: 0,
        metrics: fails,
        stored: 'the earlier one',
      },
    },
  },
  {
    id: 'spool-read-only',
    fault: 'Nothing listens at the store, and the volume of the spool has become read-only.',
    inject: { damage: 'refused', disk: { of: 'spool', state: 'read-only' }, stores: ['s3'] },
    expected: {
      export: {
        log: { level: 'error', code: 'KR_SPOOL_UNWRITABLE', text: 'EROFS' },
        exitCode: 0,
        metrics: fails,
        stored: 'the earlier one',
      },
    },
  },
  {
    id: 'hand-over-full',
    fault: 'The volume of the hand-over folder has no room for the configuration.',
    inject: { disk: { of: 'hand-over', state: 'full' } },
    expected: { import: notImported(7, 'KR_HANDOVER_FULL', 'ENOSPC') },
  },
  {
    id: 'hand-over-read-only',
    fault: 'The volume of the hand-over folder is read-only.',
    inject: { disk: { of: 'hand-over', state: 'read-only' } },
    expected: { import: notImported(7, 'KR_HANDOVER_DENIED', 'EROFS') },
  },
];
