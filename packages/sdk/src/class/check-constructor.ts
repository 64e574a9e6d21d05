import { AppError } from "@dorian/base/app-error";

/**
 * Checks that a class can be made without arguments, as containers make it.
 *
 * @throws AppError CONSTRUCTOR_TAKES_ARGUMENTS
 */
export function checkConstructor(className: string, target: new () => object): void {
  const { length } = ownConstructor(target);
  if (length === 0) return;
  const names = /\bconstructor\s*\(([^)]*)\)/.exec(String(ownConstructor(target)))?.[1]?.trim() ?? "";
  throw new AppError(
    "CONSTRUCTOR_TAKES_ARGUMENTS",
    `The constructor of class ${className} takes ${length === 1 ? "an argument" : `${length} arguments`}${names === "" ? "" : ` (${names})`}, and nobody gives it any: containers make instances by themselves.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: `Make each a field that is a parameter, @parameter() size = 3, and set it with app.instance(${className}, { size: 4 }).`,
    },
  );
}

/** The class whose constructor runs first: a class without one of its own passes everything on. */
function ownConstructor(target: new () => object): new () => object {
  const base: unknown = Object.getPrototypeOf(target);
  const passesOn = target.length === 0 && !/\bconstructor\s*\(/.test(String(target));
  return passesOn && typeof base === "function" && base !== Function.prototype
    ? ownConstructor(base as new () => object)
    : target;
}
