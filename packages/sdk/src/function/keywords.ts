/** Arguments by name, for functions of Python. */
export class Keywords {
  /** What was given, by name. */
  readonly values: Record<string, unknown>;

  /** @internal By `keywords`. */
  constructor(values: Record<string, unknown>) {
    this.values = values;
  }
}

/**
 * Arguments by name, as the last one of a call. A Python function receives them as keyword arguments, a TypeScript
 * function as an object.
 *
 * @example
 * const predict = Function.fromName("model", "predict");
 * const label = await predict.remote([5.1, 3.5], keywords({ top: 1 }));
 */
export function keywords(values: Record<string, unknown>): Keywords {
  return new Keywords(values);
}
