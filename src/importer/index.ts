/** From the store to the gateway's door: which configuration a cold node gets, checked before it is staged. */
export { olderCandidates, ownCandidate, type Candidate } from './candidates';
export { checkStored, olderVersionOf, type Checked, type CheckOptions } from './check';
export { importStopped } from './errors';
export { importConfiguration, type ImportOptions } from './import';
export { failedResult, type ImportResult } from './result';
