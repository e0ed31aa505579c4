import type { Answer } from '../reading/answer';
import type { Element } from '../reading/element';

/** Something that deletes, moves or locks current objects of a bucket. */
export interface Reach {
  readonly element: Element;
  readonly scheme: 's3' | 'gcs';
  /** Name of the bucket. */
  readonly bucket: string;
  /** What it does, as the subject and verb of a sentence: `the lifecycle rule "tmp" expires`. */
  readonly what: string;
  /** What its keys begin with, where that may name a version. */
  readonly pattern: string;
  /** Whether the current object of a key is among those. */
  readonly reaches: (key: string) => Answer;
}

/** What is done to which objects of a bucket. */
export type Effect = Pick<Reach, 'what' | 'pattern' | 'reaches'>;

/** A bucket that speaks S3. */
export function inBucket(bucket: string): Pick<Reach, 'scheme' | 'bucket'> {
  return { scheme: 's3', bucket };
}
