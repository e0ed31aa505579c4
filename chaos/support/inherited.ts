const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype] as object[];

/** What every object, list, function and text inherits, with what stands under each name. */
export function inherited(): readonly unknown[] {
  return prototypes.flatMap((prototype) =>
    Reflect.ownKeys(prototype).flatMap((key) => {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(prototype, key) ?? {};
      return [key, value, get, set] as readonly unknown[];
    }),
  );
}

export function isInherited(before: readonly unknown[]): boolean {
  const now = inherited();
  return now.length === before.length && now.every((one, index) => Object.is(one, before[index]));
}
