import * as z from 'zod/mini';

/** What orders the writes. Each later format keeps it, so that exporters of two versions of this program take turns. */
const everyFormat = {
  /** Goes up by one each time the lease changes hands. */
  term: z.int().check(z.positive()),
  /** Host name of the holder, for people. */
  host: z.string(),
  /** The lease ends when the store's clock is this much past the object's Last-Modified. */
  lease_seconds: z.number().check(z.positive()),
  /** Given back: the next may take it at once. */
  released: z.boolean(),
  /** When the stored configuration was last received from the control plane, by the store's clock. */
  confirmed_at: z.nullable(z.iso.datetime()),
};

/**
 * What `<prefix>/<version>/kong-resilience.json` holds: who may write the configuration, and what is known of it.
 *
 * Written under conditions only and never deleted: each write has other bytes than all before it
 * (`term` and `renewals` go up), so that no two share an ETag.
 */
const leaseDocumentSchema = z.object({
  format: z.literal(1),
  ...everyFormat,
  /** The process that holds it: a random UUID of its own. */
  holder: z.string(),
  renewals: z.int().check(z.nonnegative()),
  /** Counter of a put that may be on its way; a successor must write once more, so that it cannot land later. */
  writing: z.nullable(z.int()),
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

const anyFormatSchema = z.object({ format: z.int(), ...everyFormat });

/** A document of this format or a later one. */
export type AnyLeaseDocument = z.infer<typeof anyFormatSchema> & Partial<Omit<LeaseDocument, 'format'>>;

/** The document in `text`; of another format what each has; undefined where it is none of ours. */
export function parseAnyLeaseDocument(text: string): AnyLeaseDocument | undefined {
  return parseLeaseDocument(text) ?? parse(anyFormatSchema, text);
}

/** The document in `text`, or undefined where it is none of this format. */
export function parseLeaseDocument(text: string): LeaseDocument | undefined {
  return parse(leaseDocumentSchema, text);
}

function parse<Schema extends z.ZodMiniType>(schema: Schema, text: string): z.infer<Schema> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}
