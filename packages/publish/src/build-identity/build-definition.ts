import { constantValue } from "./constant-value.ts";
import { readFunction } from "./free-names.ts";
import { authorsName, type ModuleScope, valueIn } from "./module-scopes.ts";

/** What a build function is, apart from the image below it: equal for equal builds. */
export interface BuildDefinition {
  /** The function's text, with the names that its author gave. */
  source: string;
  /** Values of the constants that it refers to, by name, as plain data. */
  constants: Record<string, unknown>;
  /** Names that it refers to whose values have no stable form: a change of them goes unnoticed. */
  skipped: { name: string; reason: string }[];
}

/**
 * The identity of a build function: its own text, and the values at its module's top level that it refers to. Functions that it
 * calls are not part of it.
 *
 * @throws AppError BUILD_FUNCTION_UNREADABLE
 */
export function buildDefinition(
  build: (...args: never[]) => unknown,
  scope: ModuleScope | undefined,
): BuildDefinition {
  const { text, start, end, freeNames } = readFunction(build.toString());
  const constants = new Map<string, unknown>();
  const skipped = new Map<string, string>();
  let source = "";
  let at = start;
  for (const free of freeNames) {
    const name = scope && authorsName(free.name, scope);
    if (name !== undefined && scope) {
      source += text.slice(at, free.start) + name;
      at = free.end;
      const found = constantValue(valueIn(scope, name));
      if (found.kind === "constant") constants.set(name, found.value);
      if (found.kind === "unserialisable") skipped.set(name, found.reason);
    } else if (!(free.name in globalThis) && !isBundlersOwn(free.name)) {
      skipped.set(free.name, "it is not defined at the top level of the module");
    }
  }
  return {
    source: source + text.slice(at, end),
    constants: Object.fromEntries([...constants].toSorted(byName)),
    skipped: [...skipped].toSorted(byName).map(([name, reason]) => ({ name, reason })),
  };
}

// Helpers that bundling adds, such as __name.
function isBundlersOwn(name: string): boolean {
  return name.startsWith("__");
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
