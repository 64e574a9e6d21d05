import type { AwakeTimer } from "@dorian/base/awake-timer";
import { AppError } from "@dorian/base/app-error";
import { Notifier } from "@dorian/base/notifier";
import { SentMessages } from "@dorian/base/sent-messages";
import { ExecOutput, type HeldOutput, type OutputStream } from "./exec-output.ts";

export interface ExecFacts {
  execId: string;
  taskId: string;
  workerId: string;
  /** The token whose end is its end. */
  tokenId: string;
  streams: Record<OutputStream, OutputStream | undefined>;
  failure: "as error" | "as output";
}

/** What its worker is told of its input. */
export interface ExecInputOrder {
  execId: string;
  stdin?: Uint8Array;
  end?: boolean;
  rows?: number;
  columns?: number;
  cancel?: boolean;
  index: bigint;
}

/** What is kept of a command's input: as much as may be on its way when the connection to its worker breaks. */
const keptInputBytes = 1 << 20;
/** What its worker holds of a command's input until the command reads it. */
const unreadInputBytes = 4 << 20;
/** What a piece has besides its bytes. */
const pieceBytes = 100;

/** A command that somebody runs in a container. */
export class Exec {
  readonly facts: ExecFacts;
  readonly output: ExecOutput;
  /** As a shell counts: 128 + n after signal n. Undefined while it runs. */
  exitCode: number | undefined;
  /** What its worker was sent of it. */
  readonly inputs = new SentMessages<ExecInputOrder>({ mostBytes: keptInputBytes });
  /** Bytes of input that have been passed on. */
  inputBytes = 0;
  /** What the command has read of those, as far as its worker tells: not all that are of another version do. */
  #takenBytes = Number.POSITIVE_INFINITY;
  #taken = new Notifier();
  /** Number of the last piece of input, of clients that number them. */
  inputIndex = 0;
  #reports = 0n;
  /** It is to be killed. */
  isCancelled = false;
  endedAtMs: number | undefined;
  timer: AwakeTimer | undefined;

  constructor(facts: ExecFacts, together?: HeldOutput) {
    this.facts = facts;
    this.output = new ExecOutput(together);
  }

  write(stream: OutputStream, data: Uint8Array): void {
    const to = this.facts.streams[stream];
    if (to) this.output.append(to, data);
  }

  /** How much of what its worker says of it has come. */
  get reports(): bigint {
    return this.#reports;
  }

  /** The next piece of its input. */
  nextInput(input: Omit<ExecInputOrder, "execId" | "index">): ExecInputOrder {
    const { execId } = this.facts;
    return this.inputs.add(pieceBytes + (input.stdin?.length ?? 0), (number) => ({
      execId,
      ...input,
      index: BigInt(number),
    }));
  }

  tookInput(bytes: number): void {
    this.#takenBytes = bytes;
    this.#taken.notify();
  }

  /** Resolves when more input may come, in the order of those who ask: what is written goes no faster than the command reads. */
  async whenRoomForInput(options: { signal: AbortSignal }): Promise<void> {
    while (this.inputBytes - this.#takenBytes > unreadInputBytes) await this.#taken.wait(options);
  }

  /** How a report stands to those before it: after a broken connection some come again, and what is too old is missing. */
  place(index: bigint): "next" | "again" | "after a gap" {
    if (index === 0n) return "next";
    if (index <= this.#reports) return "again";
    const follows = index === this.#reports + 1n;
    this.#reports = index;
    return follows ? "next" : "after a gap";
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
