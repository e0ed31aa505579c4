/** From a source into the store: who may write, when, and what is already there. */
export * from './exporter';
export * from './status';
export { parseLeaseDocument, type LeaseDocument } from './lease-document';
