import type { IConstruct } from 'constructs';
import type { Attributes } from './attributes';

/** A resource or data source. */
export interface Element {
  readonly construct: IConstruct;
  readonly kind: 'resource' | 'data';
  readonly type: string;
  readonly attributes: Attributes;
}
