/** What a user's module has at its top level. Bundling adds to each module the line that registers it. */
export interface ModuleScope {
  file: string;
  names: string[];
  get: (name: string) => unknown;
}

/** The top levels of the user's modules that were loaded, in the order in which they were evaluated. */
export function moduleScopes(): readonly ModuleScope[] {
  const registered: unknown = Reflect.get(globalThis, Symbol.for("dorian.moduleScopes"));
  return Array.isArray(registered) ? (registered as ModuleScope[]) : [];
}

/**
 * The module that defines `value`, a class or a function. Modules that import it have the name as well, but they are evaluated later.
 */
export function scopeOf(
  value: unknown,
  scopes: readonly ModuleScope[] = moduleScopes(),
): ModuleScope | undefined {
  return scopes.find((scope) => scope.names.some((name) => valueIn(scope, name) === value));
}

/**
 * The name that the author gave to what a bundled module calls `name`: bundling puts digits behind a name that two modules have,
 * and an underscore before that of a decorated class.
 */
export function authorsName(name: string, scope: ModuleScope): string | undefined {
  for (let candidate = name; candidate !== ""; candidate = candidate.slice(0, -1)) {
    if (scope.names.includes(candidate)) return candidate;
    if (!/\d$/.test(candidate)) break;
  }
  return name.startsWith("_") ? authorsName(name.slice(1), scope) : undefined;
}

/** The value of a name; undefined for one that has none yet or fails when it is read. */
export function valueIn(scope: ModuleScope, name: string): unknown {
  try {
    return scope.get(name);
  } catch {
    return undefined;
  }
}
