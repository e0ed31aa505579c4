/** Reads a text file, and throws as `fs.readFileSync` does when it cannot. */
export type ReadFile = (path: string) => string;

/** Why a file could not be read: the system's code, never content. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'it is not a readable file';
}
