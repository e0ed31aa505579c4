import * as z from 'zod/mini';

/**
 * What `<prefix>/<version>/kong-resilience.json` holds: who may write the configuration, and what is known of it.
 *
 * Written under conditions only and never deleted: each write has other bytes than all before it
 * (`term` and `renewals` go up), so that no two share an ETag.
 */
export const leaseDocumentSchema = z.object({
  format: z.literal(1),
  /** Goes up by one each time the lease changes hands. */
  term: z.int().check(z.positive()),
  /** The process that holds it: a random UUID of its own. */
  holder: z.string(),
  /** Host name of the holder, for people. */
  host: z.string(),
  /** The lease ends when the store's clock is this much past the object's Last-Modified. */
  lease_seconds: z.number().check(z.positive()),
  renewals: z.int().check(z.nonnegative()),
  /** Given back: the next may take it at once. */
  released: z.boolean(),
  /** Counter of a put that may be on its way; a successor must write once more, so that it cannot land later. */
  writing: z.nullable(z.int()),
  /** When the stored configuration was last received from the control plane, by the store's clock. */
  confirmed_at: z.nullable(z.iso.datetime()),
  /** What the holder knows of the stored configuration. */
  configuration: z.nullable(
    z.object({
      /** ETag or generation. */
      version: z.string(),
      config_hash: z.nullable(z.string()),
      canonical_hash: z.string(),
    }),
  ),
});

export type LeaseDocument = z.infer<typeof leaseDocumentSchema>;

/** The document in `text`, or undefined where it is none of ours. */
export function parseLeaseDocument(text: string): LeaseDocument | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = leaseDocumentSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}
