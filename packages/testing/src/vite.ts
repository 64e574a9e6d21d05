import { hasDecorators, lowerDecorators, pathOf } from "./source/lower-decorators.ts";

/** A plugin of Vite's, as far as it is one. */
export interface DecoratorsPlugin {
  /** "dorian:decorators". */
  name: string;
  /** Before Vite's own plugins. */
  enforce: "pre";
  /** A file's code with its decorators compiled; undefined where it has none. */
  transform(code: string, id: string): { code: string } | undefined;
}

/**
 * Has Vitest compile standard decorators, which neither it nor Node knows: for tests of apps whose classes are marked with them.
 *
 * @example
 * const vitestConfig = { plugins: [decorators()] };
 */
export function decorators(): DecoratorsPlugin {
  return {
    name: "dorian:decorators",
    enforce: "pre",
    transform(code, id) {
      const path = pathOf(id);
      if (path === undefined || !hasDecorators(path, code)) return undefined;
      return { code: lowerDecorators(path, code) };
    },
  };
}
