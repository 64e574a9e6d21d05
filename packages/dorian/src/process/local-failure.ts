/** What failed in this process, or in one that it started, has been shown already. Exit code 1. */
export class LocalFailure extends Error {
  override readonly name = "LocalFailure";
}
