import type { LeaseDocument } from '../../src/exporter/lease-document';

/** The text of a lease that an exporter on this host has given back. */
export function releasedLease(host: string, more: Partial<LeaseDocument> = {}): string {
  const lease: LeaseDocument = {
    format: 1,
    term: 3,
    holder: 'h',
    host,
    lease_seconds: 2,
    renewals: 1,
    released: true,
    writing: null,
    confirmed_at: null,
    configuration: null,
    ...more,
  };
  return JSON.stringify(lease);
}
