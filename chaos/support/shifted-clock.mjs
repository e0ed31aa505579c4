/** Loaded before the program (`node --import`): its clock is wrong by CHAOS_CLOCK_AHEAD_MS. */
const Right = globalThis.Date;
const ahead = Number(process.env.CHAOS_CLOCK_AHEAD_MS ?? 0);

globalThis.Date = class Date extends Right {
  constructor(...args) {
    if (args.length === 0) super(Right.now() + ahead);
    else super(...args);
  }

  static now() {
    return Right.now() + ahead;
  }
};
