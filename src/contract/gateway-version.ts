/** A Kong Gateway version: three parts in open source, four in Enterprise. */
export interface GatewayVersion {
  /** As written: `3.9.1` or `3.10.0.2`. */
  readonly text: string;
  readonly parts: readonly number[];
  readonly edition: 'open-source' | 'enterprise';
}

const versionPattern = /^(?:0|[1-9]\d{0,4})(?:\.(?:0|[1-9]\d{0,4})){2,3}$/;

/** Reads `3.9.1` or `3.10.0.2`; undefined for everything else: `latest`, `3.9`, `v3.9.1`, `3.9.1-ubuntu`. */
export function parseGatewayVersion(text: string): GatewayVersion | undefined {
  if (!versionPattern.test(text)) return undefined;
  const parts = text.split('.').map(Number);
  return { text, parts, edition: parts.length === 4 ? 'enterprise' : 'open-source' };
}

/** Negative when `a` is older than `b`, positive when newer, 0 when equal. An open-source version stands before the Enterprise ones made of it. */
export function compareGatewayVersions(a: GatewayVersion, b: GatewayVersion): number {
  for (let index = 0; index < Math.max(a.parts.length, b.parts.length); index += 1) {
    const difference = (a.parts[index] ?? -1) - (b.parts[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What is wrong with a text that is no version, and what was probably meant. */
export function explainVersion(text: string): string {
  const meant = /^v?(\d+\.\d+\.\d+(?:\.\d+)?)(?:[-+].*)?$/.exec(text)?.[1];
  if (meant !== undefined && parseGatewayVersion(meant) !== undefined) return `did you mean ${meant}?`;
  if (/^v?\d+(\.\d+)?$/.test(text)) {
    return 'this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.';
  }
  if (/^[a-z][a-z-]*$/i.test(text)) {
    return 'this is an image tag that moves on, and the configuration is stored under one exact version; "kong version" prints it.';
  }
  return '"kong version" prints it.';
}
