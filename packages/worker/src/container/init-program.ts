import { access, constants } from "node:fs/promises";
import { AppError } from "@dorian/base/app-error";

/**
 * The first process of every container: it starts the container's program, passes signals on to it, collects processes
 * that nobody waits for, and ends as the program ends. A program that is a first process itself would be deaf to signals
 * that it does not handle, such as its own SIGKILL. Linked statically, because images have no libraries in common.
 */
export const initProgram = "/usr/bin/tini-static";

/** @throws AppError INIT_MISSING where it is not installed: no container could start. */
export async function requireInit(): Promise<void> {
  try {
    await access(initProgram, constants.X_OK);
  } catch (cause) {
    throw new AppError(
      "INIT_MISSING",
      `The program ${initProgram}, which every container begins with, is missing.`,
      {
        remedy: "Install it: `apt-get install tini`.",
        cause,
      },
    );
  }
}

/** What the init begins its own words with, and how it says that it could not start its program. */
const mark = "[FATAL tini (";
const complaint = /^\[FATAL tini \(\d+\)\] exec (.*) failed: (.*)\n/;
const longestComplaint = 8_192;

/** Passes a container's stderr on, with the init's words for a program that it could not start put as ours. */
export class InitComplaint {
  #held = "";
  #decided = false;
  #emit: (chunk: Buffer) => void;

  constructor(emit: (chunk: Buffer) => void) {
    this.#emit = emit;
  }

  write(chunk: Buffer): void {
    if (this.#decided) {
      this.#emit(chunk);
      return;
    }
    // The init writes its line in pieces. A byte for a character: what is no complaint passes unchanged.
    this.#held += chunk.toString("latin1");
    const isBeginning = mark.startsWith(this.#held.slice(0, mark.length));
    if (isBeginning && !this.#held.includes("\n") && this.#held.length < longestComplaint) return;
    this.end();
  }

  /** There is no more. */
  end(): void {
    this.#decided = true;
    if (this.#held === "") return;
    const text = this.#held.replace(
      complaint,
      (_, program: string, reason: string) => `The program ${program} could not be started: ${reason}.\n`,
    );
    this.#held = "";
    this.#emit(Buffer.from(text, "latin1"));
  }
}
