/**
 * The code of pass-thread.ts in one piece: the build puts it here (scripts/build.mjs). From the sources there is none,
 * and every text is passed over in the main thread.
 */
export const threadCode: string | undefined = undefined;
