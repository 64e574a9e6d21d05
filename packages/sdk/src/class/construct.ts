export type ParameterValue = string | number | boolean | Uint8Array;

let overrides: ReadonlyMap<string, ParameterValue> | undefined;

/** What a parameter field begins with: the value it was bound to, else its own default. */
export function parameterOverride(name: string, initial: unknown): unknown {
  return overrides?.has(name) ? overrides.get(name) : initial;
}

/** Makes an instance whose parameters have the given values already while its constructor runs. */
export function construct<T extends object>(
  target: new () => T,
  values: ReadonlyMap<string, ParameterValue>,
): T {
  const outer = overrides;
  overrides = values;
  try {
    const instance = new target();
    // Fields without a decorator (the form without decorators) are set once they exist.
    for (const [name, value] of values) {
      if ((instance as Record<string, unknown>)[name] !== value)
        (instance as Record<string, unknown>)[name] = value;
    }
    return instance;
  } finally {
    overrides = outer;
  }
}
