import { Deadline } from "@dorian/base/deadline";
import type { OutputStream } from "../container/runtime.ts";
import { LineAssembler } from "./line-assembler.ts";
import { LogAllowance } from "./log-allowance.ts";

export interface OutputLinesOptions {
  /** Receives whole lines, and a part of one where its writer has paused or has ended. */
  emit: (stream: OutputStream, text: string) => void;
  /** Receives a line of the platform's own, without its end. */
  note: (text: string) => void;
  /** A clock that nobody sets. Default: that of this process. */
  elapsedMs?: (() => number) | undefined;
}

/** A line that has not gone on for so many milliseconds is shown as far as it goes: it may be a question. */
const pauseMs = 400;
/** One that grows without pause is shown so often: dots of progress, say. */
const longestHoldMs = 1_500;
/** Longest time in milliseconds until the log says that something was dropped, where nothing follows it. */
const droppedNoteMs = 5_000;

interface StreamState {
  lines: LineAssembler;
  timer: NodeJS.Timeout | undefined;
  /** Until it has been silent for long enough. */
  pause: Deadline;
  /** Until it was held for as long as may be. */
  patience: Deadline;
}

/** What a process writes to its two streams, in lines, as far as its allowance goes. */
export class OutputLines implements Disposable {
  #options: OutputLinesOptions;
  #streams = { stdout: newState(), stderr: newState() };
  #allowance: LogAllowance;
  #dropTimer: NodeJS.Timeout | undefined;

  constructor(options: OutputLinesOptions) {
    this.#options = options;
    this.#allowance = new LogAllowance(options.elapsedMs);
  }

  /** A line of the stream has begun and was not passed on. */
  isHolding(stream: OutputStream): boolean {
    return this.#streams[stream].lines.isHolding;
  }

  write(stream: OutputStream, chunk: Buffer): void {
    const state = this.#streams[stream];
    const wasHolding = state.lines.isHolding;
    const text = state.lines.write(chunk);
    this.#emit(stream, text);
    if (!state.lines.isHolding) {
      clearTimeout(state.timer);
      state.timer = undefined;
      return;
    }
    state.pause = new Deadline(pauseMs);
    if (!wasHolding || text !== "") state.patience = new Deadline(longestHoldMs);
    state.timer ??= setTimeout(() => this.#judge(stream), pauseMs);
  }

  /** Passes on what is left: nothing follows. */
  [Symbol.dispose](): void {
    for (const stream of ["stdout", "stderr"] as const) {
      clearTimeout(this.#streams[stream].timer);
      this.#emit(stream, this.#streams[stream].lines.end());
    }
    this.#tellDropped();
  }

  #judge(stream: OutputStream): void {
    const state = this.#streams[stream];
    const leftMs = Math.min(state.pause.leftMs, state.patience.leftMs);
    state.timer = leftMs > 0 ? setTimeout(() => this.#judge(stream), leftMs) : undefined;
    if (state.timer === undefined) this.#emit(stream, state.lines.release());
  }

  #emit(stream: OutputStream, text: string): void {
    if (text === "") return;
    if (!this.#allowance.takes(Buffer.byteLength(text))) {
      this.#dropTimer ??= setTimeout(() => this.#tellDropped(), droppedNoteMs);
      return;
    }
    this.#tellDropped();
    this.#options.emit(stream, text);
  }

  #tellDropped(): void {
    clearTimeout(this.#dropTimer);
    this.#dropTimer = undefined;
    const dropped = this.#allowance.told();
    if (dropped !== undefined) this.#options.note(dropped);
  }
}

function newState(): StreamState {
  return { lines: new LineAssembler(), timer: undefined, pause: new Deadline(0), patience: new Deadline(0) };
}
