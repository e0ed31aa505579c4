/** Rules over a whole stack, other people's resources included. */
export {};
