/** Options in two parts: those of these names, and the rest. */
export function partedOptions<Named extends object>(
  options: object,
  names: readonly string[],
): [Named, object] {
  const [named, rest] = [true, false].map((isNamed) =>
    Object.fromEntries(
      Object.entries(options).filter(
        ([name, value]) => names.includes(name) === isNamed && !(isNamed && value === undefined),
      ),
    ),
  );
  return [named as Named, rest ?? {}];
}
