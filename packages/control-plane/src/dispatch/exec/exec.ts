import type { AwakeTimer } from "@dorian/base/awake-timer";
import { AppError } from "@dorian/base/app-error";
import { ExecOutput, type OutputStream } from "./exec-output.ts";

export interface ExecFacts {
  execId: string;
  taskId: string;
  workerId: string;
  /** The token whose end is its end. */
  tokenId: string;
  streams: Record<OutputStream, OutputStream | undefined>;
  failure: "as error" | "as output";
}

/** A command that somebody runs in a container. */
export class Exec {
  readonly facts: ExecFacts;
  readonly output = new ExecOutput();
  /** As a shell counts: 128 + n after signal n. Undefined while it runs. */
  exitCode: number | undefined;
  /** Bytes of input that have been passed on. */
  inputBytes = 0;
  /** Number of the last piece of input, of clients that number them. */
  inputIndex = 0;
  /** How much of what its worker says of it has come. */
  #reports = 0n;
  /** It is to be killed. */
  isCancelled = false;
  endedAtMs: number | undefined;
  timer: AwakeTimer | undefined;

  constructor(facts: ExecFacts) {
    this.facts = facts;
  }

  write(stream: OutputStream, data: Uint8Array): void {
    const to = this.facts.streams[stream];
    if (to) this.output.append(to, data);
  }

  /** False when something that its worker said before was lost with a connection. */
  follows(index: bigint): boolean {
    const follows = index === 0n || index === this.#reports + 1n;
    this.#reports = index;
    return follows;
  }

  /** In the worker's words. */
  couldNotRun(reason: string): void {
    if (this.facts.failure === "as output") {
      this.write("stderr", Buffer.from(`${reason}\n`));
      return;
    }
    this.output.fail(
      new AppError("EXEC_FAILED", reason, {
        remedy: "Check the command, and that the container still runs.",
      }),
    );
  }
}
