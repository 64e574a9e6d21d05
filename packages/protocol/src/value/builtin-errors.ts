type ErrorClass = new (message?: string) => Error;

/** The classes of errors that the language itself has: both ends know them. AggregateError and SuppressedError take other arguments. */
const classes: readonly ErrorClass[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

const prototypes = new Map<string, object>([
  ...classes.map((each): [string, object] => [each.name, each.prototype]),
  ["AggregateError", AggregateError.prototype],
]);

const names = new Map([...prototypes].map(([name, prototype]) => [prototype, name]));

/** Name of the class that an error is directly of, if that is one of the language's. */
export function builtinErrorName(error: object): string | undefined {
  return names.get(Object.getPrototypeOf(error) as object);
}

/** Name of the nearest of the language's classes that an error is of. */
export function nearestErrorName(error: Error): string {
  for (let at: unknown = error; at !== null; at = Object.getPrototypeOf(at)) {
    const name = names.get(at as object);
    if (name !== undefined) return name;
  }
  return "Error";
}

/** An error of a class of the language's without a message and without a stack; undefined when it has no such class. */
export function bareError(className: string): Error | undefined {
  const prototype = prototypes.get(className);
  if (!prototype) return undefined;
  // A stack of the place where it is read would be a lie: what was sent with it is set by the reader.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error();
  Error.stackTraceLimit = limit;
  Reflect.deleteProperty(error, "stack");
  return Object.setPrototypeOf(error, prototype) as Error;
}
