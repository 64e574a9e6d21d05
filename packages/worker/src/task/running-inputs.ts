/** Inputs that a container works on, as seen in its calls. */
export class RunningInputs {
  #byId = new Map<string, string>();
  #succeeded = false;

  started(input: { inputId: string; functionCallId: string }): void {
    this.#byId.set(input.inputId, input.functionCallId);
  }

  ended(input: { inputId: string; succeeded: boolean }): void {
    this.#byId.delete(input.inputId);
    this.#succeeded = input.succeeded;
  }

  /** True when the last input that ended did so well. */
  get lastSucceeded(): boolean {
    return this.#succeeded;
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** The running input, when there is exactly one: only then is it clear whose output a line is. */
  get only(): { inputId: string; functionCallId: string } | undefined {
    if (this.#byId.size !== 1) return undefined;
    for (const [inputId, functionCallId] of this.#byId) return { inputId, functionCallId };
    return undefined;
  }
}
