import { AsyncLocalStorage } from "node:async_hooks";

/** The input that a piece of user code works on. */
export interface CurrentInput {
  /** Begins with "in-". */
  inputId: string;
  /** Begins with "fc-"; `FunctionCall.fromId` finds the call. */
  functionCallId: string;
  /** Aborts when the input is cancelled. */
  signal: AbortSignal;
}

const storage = new AsyncLocalStorage<CurrentInput>();

/** Runs code as part of an input, so that it and all it starts find out which one. */
export function runWithInput<T>(input: CurrentInput, run: () => T): T {
  return storage.run(input, run);
}

/**
 * The input that the calling code works on; undefined outside of one.
 *
 * @example
 * const fetchPage = app.function({ name: "fetchPage" }, async (url: string) => {
 *   const response = await fetch(url, { signal: currentInput()?.signal ?? null });
 *   return await response.text();
 * });
 */
export function currentInput(): CurrentInput | undefined {
  return storage.getStore();
}

/**
 * Id of the input that the calling code works on; undefined outside of one.
 *
 * @example
 * const logged = app.function({ name: "logged" }, async () => console.log("working on", currentInputId()));
 */
export function currentInputId(): string | undefined {
  return storage.getStore()?.inputId;
}

/**
 * Id of the container that the calling code runs in, beginning with "ta-"; undefined outside containers.
 *
 * @example
 * const whereami = app.function({ name: "whereami" }, async () => currentTaskId());
 */
export function currentTaskId(): string | undefined {
  return process.env["MODAL_TASK_ID"];
}
