import type { RemoteError as RemoteErrorMessage } from "@dorian/protocol/modal";
import { decodeValue } from "@dorian/protocol/payload";

export type RemoteErrorParts = Pick<RemoteErrorMessage, "name" | "message" | "stack"> &
  Partial<Pick<RemoteErrorMessage, "properties" | "cause">>;

/**
 * An error that user code threw in a container. `name` and `message` are the thrown error's; its own enumerable
 * properties are there too. `stack` ends with the remote stack, mapped to the user's source.
 */
export class RemoteError extends Error {
  /** The stack in the container. */
  readonly remoteStack: string;

  constructor(remote: RemoteErrorParts) {
    super(remote.message, remote.cause ? { cause: new RemoteError(remote.cause) } : undefined);
    if (remote.properties && remote.properties.length > 0)
      Object.assign(this, decodeValue(remote.properties));
    Object.defineProperty(this, "name", {
      value: remote.name || "Error",
      configurable: true,
      writable: true,
    });
    this.remoteStack = remote.stack;
    const localFrames = (this.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
    const head = `${this.name}: ${remote.message}`;
    this.stack = [head, ...localFrames, "remote stack:", remote.stack.trimEnd()].join("\n");
  }
}

/** An input took longer than its function's `timeout`. */
export class FunctionTimeoutError extends Error {
  override readonly name = "FunctionTimeoutError";
}
