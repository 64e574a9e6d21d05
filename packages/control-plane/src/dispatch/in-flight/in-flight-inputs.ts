import { type AwakeTimer, whenAwakeFor } from "@dorian/base/awake-timer";
import type { CallInput } from "../call/function-call.ts";
import type { Surroundings } from "../scaling/pace.ts";
import { Cancellations } from "./cancellations.ts";

/** What an input is begun with. */
export interface Departure {
  /** All that it is handed out together with and still wanted, itself included. */
  batch: Set<CallInput>;
  /** Milliseconds that it may take. */
  limitMs: number;
  onTimeout: () => void;
  /** On the clock that nobody sets. */
  nowMs: number;
}

interface Flight {
  input: CallInput;
  timer: AwakeTimer;
  batch: Set<CallInput>;
  /** When it was delivered or, if its caller has the answer already, when that was. */
  sinceMs: number;
  /** When it was delivered. */
  surroundings: Surroundings;
  isAnswered: boolean;
}

/** The inputs that one container works on, and those that were cancelled and it has not let go of. */
export class InFlightInputs implements Disposable {
  #flights = new Map<string, Flight>();
  /** Cancelled ones that it has not let go of yet, with the timer that loses patience. */
  #lettingGo = new Map<string, AwakeTimer>();
  /** What it is to be told of those. */
  readonly cancellations = new Cancellations();
  /** Ids by the key of the request that fetched them: an answer that got lost is asked for again. */
  #fetched = new Map<string, string[]>();

  /** Inputs that it works on. */
  get size(): number {
    return this.#flights.size;
  }

  /** Inputs that keep it busy. */
  get load(): number {
    return this.#flights.size + this.#lettingGo.size;
  }

  get ids(): string[] {
    return [...this.#flights.keys()];
  }

  /** Whether the container works on an input, or has not let go of it. */
  has(inputId: string): boolean {
    return this.#flights.has(inputId) || this.#lettingGo.has(inputId);
  }

  begin(input: CallInput, { batch, limitMs, onTimeout, nowMs }: Departure): void {
    this.#flights.set(input.inputId, {
      input,
      timer: whenAwakeFor(limitMs, onTimeout),
      batch,
      sinceMs: nowMs,
      surroundings: { busy: 0, active: 0 },
      isAnswered: false,
    });
  }

  /** Remembers in what company an input has begun, this container with it counted. */
  surround(inputId: string, surroundings: Surroundings): void {
    const flight = this.#flights.get(inputId);
    if (flight) flight.surroundings = surroundings;
  }

  /** Takes an input from the container. Undefined when it was not the container's. */
  end(inputId: string): CallInput | undefined {
    const flight = this.#flights.get(inputId);
    if (!flight) return undefined;
    flight.timer.clear();
    this.#flights.delete(inputId);
    flight.batch.delete(flight.input);
    for (const [key, fetched] of this.#fetched)
      if (fetched.includes(inputId) && flight.batch.size === 0) this.#fetched.delete(key);
    return flight.input;
  }

  /** How many of those that an input was handed out with are still wanted; undefined for one that is not here. */
  companions(inputId: string): number | undefined {
    const flight = this.#flights.get(inputId);
    return flight && flight.batch.size - 1;
  }

  /** The caller of an input has the answer. Returns how long that took and in what company, the first time. */
  answered(inputId: string, nowMs: number): { tookMs: number; surroundings: Surroundings } | undefined {
    const flight = this.#flights.get(inputId);
    if (!flight || flight.isAnswered) return undefined;
    const { sinceMs, surroundings } = flight;
    flight.isAnswered = true;
    flight.sinceMs = nowMs;
    return { tookMs: nowMs - sinceMs, surroundings };
  }

  /** Milliseconds since each was delivered or, where its caller has the answer, since then. */
  runningMs(nowMs: number): number[] {
    return Array.from(this.#flights.values(), ({ sinceMs }) => nowMs - sinceMs);
  }

  /** Remembers that these inputs were the answer to a request with this key. */
  remember(key: string, inputs: readonly CallInput[]): void {
    if (key === "") return;
    this.#fetched.set(
      key,
      inputs.map(({ inputId }) => inputId),
    );
  }

  /** What the answer to a request with this key was, as far as it still works on it. */
  fetchedBy(key: string): CallInput[] {
    return (this.#fetched.get(key) ?? []).flatMap((inputId) => this.#flights.get(inputId)?.input ?? []);
  }

  /** An input was cancelled: its container is to hear of it. With `patience` it counts as busy until it has let go. */
  cancel(inputId: string, patience?: { ms: number; onEnd: () => void }): void {
    if (patience) this.#lettingGo.set(inputId, whenAwakeFor(patience.ms, patience.onEnd));
    this.cancellations.add(inputId);
  }

  hasLetGo(inputId: string): void {
    this.#lettingGo.get(inputId)?.clear();
    this.#lettingGo.delete(inputId);
    this.cancellations.remove(inputId);
  }

  hasLetGoOfAll(): void {
    for (const timer of this.#lettingGo.values()) timer.clear();
    this.#lettingGo.clear();
    this.cancellations.clear();
  }

  /** Whether an id is that of an input, a call or an argument which it works on. */
  worksOn(id: string): boolean {
    return this.#flights.values().some(({ input }) => {
      const args = input.request?.argsOneof;
      const isBlob = args?.case === "argsBlobId" && args.value === id;
      return isBlob || input.inputId === id || input.call.facts.callId === id;
    });
  }

  /** Nothing more happens by the clock. */
  [Symbol.dispose](): void {
    for (const { timer } of this.#flights.values()) timer.clear();
    this.hasLetGoOfAll();
  }
}
