/** The handlers of a wing alone, for tests that have no others beside them. */
export function mergedParts(parts: readonly object[]): object {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}
