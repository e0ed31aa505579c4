/** Set by scripts/build.mjs from package.json. */
declare const __PROGRAM_VERSION__: string | undefined;

export const programVersion = typeof __PROGRAM_VERSION__ === 'string' ? __PROGRAM_VERSION__ : '0.0.0-source';
