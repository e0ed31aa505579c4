/**
 * Whether a container that starts by these words comes to a bash script that reads `BASH_ENV`; undefined where a script of
 * somebody's own decides. Without an entry point it is the image's, which does.
 *
 * @param entryPoint what replaces the image's entry point
 * @param command what is handed to it
 */
export function readsBashEnv(entryPoint: readonly string[], command: readonly string[]): boolean | undefined {
  if (entryPoint.length === 0) return true;
  const words = [...entryPoint, ...command].join(' ');
  if (/\bbash\b|\bdocker-entrypoint\.sh\b/.test(words)) return true;
  return /\.sh\b/.test(words) ? undefined : false;
}
