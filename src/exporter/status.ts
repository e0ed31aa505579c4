import type { SourceState } from '../source';

/** What `/status`, the metrics and the log say of one version's exporter; one truth, read when asked. */
export interface VersionExportStatus {
  readonly version: string;
  source: SourceState;
  /** Whether this exporter holds the lease of the version, follows another, or neither: no reason to ask, or no way to renew. */
  role: 'leader' | 'follower' | 'idle';
  term: number;
  /** Host name of another holder, as a follower saw it last. */
  leader: string | null;
  /** A configuration was received and is not exported yet. */
  pending: boolean;
  /** ISO times by the store's clock. */
  confirmedAt: string | null;
  exportedAt: string | null;
  stored: { version: string; bytes: number; sha256: string; configHash: string | null } | null;
  receivedTotal: number;
  exportsTotal: number;
  unchangedTotal: number;
  exportFailuresTotal: number;
  sourceProblemsTotal: number;
  /** The last thing that went wrong and has not gone right since. */
  sourceProblem: { code: string; reason: string; fix: string } | null;
  exportProblem: { code: string; reason: string; fix: string } | null;
}

export function newStatus(version: string): VersionExportStatus {
  return {
    version,
    source: 'connecting',
    role: 'idle',
    term: 0,
    leader: null,
    pending: false,
    confirmedAt: null,
    exportedAt: null,
    stored: null,
    receivedTotal: 0,
    exportsTotal: 0,
    unchangedTotal: 0,
    exportFailuresTotal: 0,
    sourceProblemsTotal: 0,
    sourceProblem: null,
    exportProblem: null,
  };
}
