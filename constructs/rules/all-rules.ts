import { blindReadiness } from './blind-readiness';
import { currentObjectReached } from './current-object-reached';
import { exporterBehindLoadBalancer } from './exporter-behind-load-balancer';
import { fallbackWithoutAgent } from './fallback-without-agent';
import { handoverUnread } from './handover-unread';
import { importerWithWrite } from './importer-with-write';
import { keyNotGiven } from './key-not-given';
import { publicAccessNotBlocked } from './public-access-not-blocked';
import { publicBucket } from './public-bucket';
import type { Rule } from './rule';
import { secretKeyNotGiven } from './secret-key-not-given';
import { taskRoleReplaced } from './task-role-replaced';
import { unversionedBucket } from './unversioned-bucket';
import { versionNotExported } from './version-not-exported';
import { volumeNotDeclared } from './volume-not-declared';

/** All rules, in the order of their codes. */
export const allRules: readonly Rule[] = [
  blindReadiness,
  currentObjectReached,
  exporterBehindLoadBalancer,
  fallbackWithoutAgent,
  handoverUnread,
  importerWithWrite,
  keyNotGiven,
  publicAccessNotBlocked,
  publicBucket,
  secretKeyNotGiven,
  taskRoleReplaced,
  unversionedBucket,
  versionNotExported,
  volumeNotDeclared,
];
