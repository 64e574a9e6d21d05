import { AsyncLocalStorage } from "node:async_hooks";

/** The input that a piece of user code works on. */
export interface CurrentInput {
  inputId: string;
  functionCallId: string;
  /** Aborts when the input is cancelled. */
  signal: AbortSignal;
}

const storage = new AsyncLocalStorage<CurrentInput>();

/** Runs code as part of an input, so that it and all it starts find out which one. */
export function runWithInput<T>(input: CurrentInput, run: () => T): T {
  return storage.run(input, run);
}

/** The input that the calling code works on; undefined outside of one. */
export function currentInput(): CurrentInput | undefined {
  return storage.getStore();
}

/** Id of the input that the calling code works on; undefined outside of one. */
export function currentInputId(): string | undefined {
  return storage.getStore()?.inputId;
}

/** Id of the container that the calling code runs in; undefined outside containers. */
export function currentTaskId(): string | undefined {
  return process.env["MODAL_TASK_ID"];
}
