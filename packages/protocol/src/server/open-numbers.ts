import { AppError } from "@dorian/base/app-error";
import { tooManyCalls } from "../error/too-many-calls.ts";

/** Numbers of what a container has said in a stream and nobody has answered. */
export class OpenNumbers {
  #open = new Set<number>();
  #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws AppError TASK_CALLS_TOO_MANY, or EXCHANGE_NUMBER_REPEATED for one that is open */
  add(number: number): void {
    // Many under one number would count as one.
    if (this.#open.has(number)) throw repeated(number);
    if (this.#open.size >= this.#most) throw tooManyCalls(this.#open.size);
    this.#open.add(number);
  }

  delete(number: number): void {
    this.#open.delete(number);
  }
}

function repeated(number: number): AppError {
  return new AppError(
    "EXCHANGE_NUMBER_REPEATED",
    `The container has used number ${number} again for a question or an output, before the first was answered.`,
    { status: "INVALID_ARGUMENT", remedy: "Give each in a stream a number of its own." },
  );
}
