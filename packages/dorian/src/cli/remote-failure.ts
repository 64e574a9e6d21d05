/** User code failed in a container; its own error has been shown already. Exit code 3. */
export class RemoteFailure extends Error {
  override readonly name = "RemoteFailure";
}
