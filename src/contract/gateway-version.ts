/** A Kong Gateway version: three parts in open source, four in Enterprise. */
export interface GatewayVersion {
  /** As written: `3.9.1` or `3.10.0.2`. */
  readonly text: string;
  readonly parts: readonly number[];
  readonly edition: 'open-source' | 'enterprise';
}
