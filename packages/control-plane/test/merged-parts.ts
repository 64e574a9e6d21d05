/** What workers and their containers use of a server: a dispatch, or a whole control plane's services. */
export interface ServedParts {
  readonly modal: readonly object[];
  readonly worker: readonly object[];
}

/** The handlers of a wing alone, for tests that have no others beside them. */
export function mergedParts(parts: readonly object[]): object {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}
