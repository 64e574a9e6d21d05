import { Notifier } from "@dorian/base/notifier";
import type {
  DataFormat,
  FunctionCallInvocationType,
  FunctionCallType,
  FunctionInput,
  GenericResult,
  GenericResult_GenericStatus,
} from "@dorian/protocol/modal";
import { ChunkPipe, type PipeMemory } from "./chunk-pipe.ts";
import { DataChannel } from "./data-channel.ts";
import type { InputState } from "./input-state.ts";

export interface CallOutput {
  /** Undefined once it has left memory: the database has it. */
  result: GenericResult | undefined;
  status: GenericResult_GenericStatus;
  bytes: number;
  format: DataFormat;
  taskId: string;
  /** Unix seconds. */
  startedAtSecs: number;
  createdAtSecs: number;
  cursor: number;
}

/** One unit of work of a call. */
export interface CallInput {
  readonly inputId: string;
  readonly call: FunctionCall;
  readonly idx: number;
  readonly createdAtMs: number;
  /** Since when this process has it, on the clock that nobody sets. */
  readonly waitingSinceMs: number;
  /** What is called of a class; empty for a function. */
  readonly method: string;
  /** Undefined once it has left memory: the database has it. */
  request: FunctionInput | undefined;
  state: InputState;
  /** Sent to containers as retry_count: grows with every delivery that follows another. */
  attempt: number;
  /** Attempts that the user's retry policy paid for. */
  userRetries: number;
  deliveries: number;
  /** Containers that died under it: see {@link afterInterruption}. */
  deaths: number;
  /** Kills, among these, of containers that it had for itself. */
  killsAlone: number;
  /** It may be what they died of. */
  isSuspect: boolean;
  output: CallOutput | undefined;
  /** Its row exists. */
  saved: boolean;
}

export interface FunctionCallFacts {
  callId: string;
  functionId: string;
  appId: string;
  type: FunctionCallType;
  invocationType: FunctionCallInvocationType;
  parentInputId: string;
  idempotencyKey: string;
  createdAtMs: number;
}

/** What a connected caller and the container of its call say to one another. */
export interface LiveData {
  in: ChunkPipe;
  out: ChunkPipe;
}

/** Enough for the body of a usual request, which another container can then be given again. */
const keptInBytes = 1024 * 1024;
const windowBytes = 4 * 1024 * 1024;

export function openLiveData(memory: PipeMemory): LiveData {
  return {
    in: new ChunkPipe({ windowBytes, keepBytes: keptInBytes, memory }),
    out: new ChunkPipe({ windowBytes, keepBytes: 0, memory }),
  };
}

/** A call in memory: its inputs by place, its outputs in the order in which they came. */
export class FunctionCall {
  readonly facts: FunctionCallFacts;
  readonly inputs = new Map<number, CallInput>();
  /** Told of every output. */
  readonly changed = new Notifier();
  readonly data = new DataChannel();
  /** For a call that ends with its caller: nothing of it is written down. */
  readonly live: LiveData | undefined;
  /** Its row exists. */
  saved = false;
  /** True for a live one that has made calls, whose graph begins with it, also when it is over. */
  madeCalls = false;
  /** Everyone who follows this call: it stays in memory for them. */
  readers = 0;
  #outputs: CallInput[] = [];
  #lastCursor = 0;

  constructor(facts: FunctionCallFacts, live?: LiveData) {
    this.facts = facts;
    this.live = live;
  }

  /** Values that its container has given so far. */
  get yielded(): number {
    return this.live?.out.highest ?? this.data.highest;
  }

  get unfinished(): number {
    return this.inputs.size - this.#outputs.length;
  }

  /** When the last output came, or undefined while inputs are unfinished. */
  get finishedAtMs(): number | undefined {
    if (this.unfinished > 0) return undefined;
    const last = this.#outputs.at(-1);
    return last?.state.kind === "finished" ? last.state.atMs : this.facts.createdAtMs;
  }

  /**
   * A cursor for the next output. It follows the clock so that it also grows across a restart that forgot outputs
   * which readers have seen but the disk has not.
   */
  nextCursor(nowMs: number): number {
    this.#lastCursor = Math.max(this.#lastCursor + 1, nowMs * 1000);
    return this.#lastCursor;
  }

  /** Adds a finished input's output, with a cursor from {@link nextCursor} or the database. */
  addOutput(input: CallInput, cursor: number): void {
    this.#lastCursor = Math.max(this.#lastCursor, cursor);
    this.#outputs.push(input);
    this.changed.notify();
    if (this.unfinished > 0) return;
    this.data.end();
    this.live?.in.end();
    this.live?.in.abandon();
    this.live?.out.end();
  }

  /** Finished inputs whose output came after `cursor`, oldest first. */
  outputsAfter(cursor: number): CallInput[] {
    let from = this.#outputs.length;
    while (from > 0 && (this.#outputs[from - 1]?.output?.cursor ?? 0) > cursor) from--;
    return this.#outputs.slice(from);
  }
}
