import { AppError } from "@dorian/base/app-error";
import { isId } from "@dorian/base/ids";
import { transport } from "../client/current-transport.ts";
import { valueOf } from "./decode-result.ts";
import { waitForOutput } from "./invocation.ts";

/**
 * A call that was started with `spawn`.
 *
 * @example
 * const call = await train.spawn("iris-b");
 * const loss = await call.get({ timeoutMs: 60_000 });
 */
export class FunctionCall<R = unknown> {
  /** Begins with "fc-"; other programs find the call by it. */
  readonly functionCallId: string;

  /** @internal */
  constructor(functionCallId: string) {
    this.functionCallId = functionCallId;
  }

  /** A call by its id, in this program or another. */
  static fromId<R = unknown>(functionCallId: string): FunctionCall<R> {
    if (isId("fc", functionCallId)) return new FunctionCall<R>(functionCallId);
    throw new AppError("CALL_ID_INVALID", `"${functionCallId}" is not the id of a function call.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Pass the functionCallId of what spawn() returned; it begins with fc-.",
    });
  }

  /**
   * The call's value, or its error thrown. May be read any number of times while the server keeps it (7 days).
   *
   * @throws AppError CALL_NOT_FINISHED after `timeoutMs` milliseconds; without it, waits.
   */
  async get(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<R> {
    const wire = await transport();
    return (await valueOf(wire, await waitForOutput(wire, this.functionCallId, options))) as R;
  }

  /** Cancels what has not finished. With `terminateContainers`, containers that work on it are killed. */
  async cancel(options: { terminateContainers?: boolean } = {}): Promise<void> {
    const wire = await transport();
    await wire.modal.functionCallCancel({
      functionCallId: this.functionCallId,
      terminateContainers: options.terminateContainers ?? false,
    });
  }
}
