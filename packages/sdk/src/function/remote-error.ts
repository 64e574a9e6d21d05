import { sendInstead } from "@dorian/protocol/value/unsendable";
import type { RemoteError as RemoteErrorMessage } from "@dorian/protocol/modal";
import { decodeValue } from "@dorian/protocol/value/payload";

export type RemoteErrorParts = Pick<RemoteErrorMessage, "name" | "message" | "stack"> &
  Partial<Pick<RemoteErrorMessage, "properties" | "cause" | "errors">>;

/**
 * An error that user code threw in a container. `name` and `message` are the thrown error's; its own enumerable
 * properties are there too, and `cause` and the `errors` of an AggregateError are RemoteErrors of their own. `stack` ends with the
 * remote stack, mapped to the user's source.
 *
 * @example
 * try {
 *   await Function.fromName("quickstart", "train").remote("iris-b");
 * } catch (error) {
 *   if (!(error instanceof RemoteError)) throw error;
 *   console.error(error.name, error.message, error.remoteStack);
 * }
 */
export class RemoteError extends Error {
  /** The stack in the container. */
  readonly remoteStack: string;

  /** @internal */
  constructor(remote: RemoteErrorParts) {
    super(remote.message, remote.cause ? { cause: new RemoteError(remote.cause) } : undefined);
    const define = (name: string, value: unknown, enumerable: boolean) =>
      Object.defineProperty(this, name, { value, enumerable, configurable: true, writable: true });
    for (const [name, value] of Object.entries(propertiesOf(remote)))
      if (!ownFields.has(name)) define(name, value, true);
    define("name", remote.name || "Error", false);
    if (remote.errors && remote.errors.length > 0)
      define(
        "errors",
        remote.errors.map((error) => new RemoteError(error)),
        false,
      );
    this.remoteStack = remote.stack;
    const localFrames = (this.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
    const head = `${this.name}: ${remote.message}`;
    this.stack = [head, ...localFrames, "remote stack:", remote.stack.trimEnd()].join("\n");
  }

  /** @internal */
  get [sendInstead]() {
    return ["an error of another call", "its name and message, or throw it"];
  }
}

const ownFields = new Set(["name", "message", "stack", "cause", "remoteStack"]);

function propertiesOf({ properties }: RemoteErrorParts): object {
  if (!properties || properties.length === 0) return {};
  try {
    return Object(decodeValue(properties)) as object;
  } catch {
    // What a newer server's containers may send, and is not known here: the rest of the error matters more.
    return {};
  }
}

/**
 * An input took longer than its function's `timeout`.
 *
 * @example
 * try {
 *   await Function.fromName("quickstart", "train").remote("iris-b");
 * } catch (error) {
 *   if (!(error instanceof FunctionTimeoutError)) throw error;
 *   console.error("Give it smaller pieces, or a longer timeout.");
 * }
 */
export class FunctionTimeoutError extends Error {
  /** "FunctionTimeoutError". */
  override readonly name = "FunctionTimeoutError";
}
