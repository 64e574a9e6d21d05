/** User code failed in this process; its own error has been shown already. Exit code 1. */
export class LocalFailure extends Error {
  override readonly name = "LocalFailure";
}
