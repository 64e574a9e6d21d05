/** @throws Error that says what is not as expected */
export function same(what: string, got: unknown, expected: unknown): void {
  if (JSON.stringify(got) === JSON.stringify(expected)) return;
  throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}
