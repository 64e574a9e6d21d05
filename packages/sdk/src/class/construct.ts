/** What a parameter of a class may hold. */
export type ParameterValue = string | number | bigint | boolean | Uint8Array;

interface Construction {
  target: new () => object;
  /** What a parameter field begins with, given its own default. */
  initial: (name: string, ownDefault: unknown) => unknown;
}

// Fields are set while the constructor runs: what they are to be has to be known before there is an instance to ask.
let running: Construction | undefined;

/** What a parameter field of `instance` begins with: the value it was bound to, else its own default. */
export function initialParameter(instance: object, name: string, ownDefault: unknown): unknown {
  const isMeant = running && Object.getPrototypeOf(instance) === running.target.prototype;
  return isMeant ? running?.initial(name, ownDefault) : ownDefault;
}

/** Makes an instance whose parameters have the given values already while its constructor runs. */
export function construct<T extends object>(
  target: new () => T,
  values: ReadonlyMap<string, ParameterValue>,
): T {
  const initial = (name: string, ownDefault: unknown) =>
    values.has(name) ? inFormOf(ownDefault, values.get(name)) : ownDefault;
  const instance = during({ target, initial }, () => new target());
  // Fields without a decorator (the form without decorators) are set once they exist.
  for (const [name, given] of values) {
    const before: unknown = Reflect.get(instance, name);
    const value = inFormOf(before, given);
    if (before !== value) Reflect.set(instance, name, value);
  }
  return instance;
}

/** A value in the form that the class writes its default in, where two forms of JavaScript travel as one. */
function inFormOf(ownDefault: unknown, value: ParameterValue | undefined): unknown {
  if (typeof ownDefault === "bigint" && typeof value === "number") return BigInt(value);
  if (Buffer.isBuffer(ownDefault) && value instanceof Uint8Array) return Buffer.from(value);
  return value;
}

/**
 * Defaults of parameters, from an instance that is made without arguments. It is given up once all are known, so that as little of
 * the user's constructor runs here as can be. A name that stands twice is a field that a subclass replaces: the later one counts.
 */
export function readDefaults(target: new () => object, names: readonly string[]): Map<string, unknown> {
  const defaults = new Map<string, unknown>();
  const complete = new Error("All defaults are known.");
  let left = names.length;
  const initial = (name: string, ownDefault: unknown) => {
    defaults.set(name, ownDefault);
    if (--left === 0) throw complete;
    return ownDefault;
  };
  try {
    const instance = during({ target, initial }, () => new target());
    for (const name of names) if (!defaults.has(name)) defaults.set(name, Reflect.get(instance, name));
  } catch (error) {
    if (error !== complete) throw error;
  }
  return defaults;
}

function during<T>(construction: Construction, make: () => T): T {
  const outer = running;
  running = construction;
  try {
    return make();
  } finally {
    running = outer;
  }
}
