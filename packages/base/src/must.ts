/** The value, or a crash of this unit of work: for what cannot be absent unless there is a bug. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`Bug: ${what} is missing.`);
  return value;
}

/** Ends an exhaustive switch. */
export function assertNever(value: never): never {
  throw new Error(`Bug: unexpected value ${JSON.stringify(value)}.`);
}
