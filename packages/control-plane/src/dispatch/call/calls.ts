import { must } from "@dorian/base/must";
import { AppError } from "@dorian/base/app-error";
import { SharedWork } from "@dorian/base/shared-work";
import { newId } from "@dorian/base/ids";
import type { FunctionPutInputsItem, FunctionRetryPolicy, GenericResult } from "@dorian/protocol/modal";
import type { Logger } from "pino";
import { Acceptance } from "./acceptance.ts";
import { type AttemptOutcome, serverOutcome } from "./attempt-outcome.ts";
import { CallKeys, keyLifeMs, type KeyedCall } from "./call-keys.ts";
import { resultsMs } from "./call-retention.ts";
import type { CallStore } from "./call-store.ts";
import { PipeMemory } from "./chunk-pipe.ts";
import { FunctionCall, openLiveData, type CallInput, type FunctionCallFacts } from "./function-call.ts";
import { InputPauses } from "./input-pauses.ts";
import { inputMoves } from "./input-state.ts";
import { newInput } from "./new-input.ts";
import { afterInterruption, type Interruption } from "../failure/after-interruption.ts";
import { payloadBytes, serverResult } from "./results.ts";
import { UnsavedOutputs } from "./unsaved-outputs.ts";
import { canRunAgain, isRetryable, retryDelayMs } from "./retry-policy.ts";
import { notFoundWords } from "../../access/not-found-words.ts";

export interface CallsOptions {
  store: CallStore;
  logger: Logger;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  retryPolicyOf: (functionId: string) => FunctionRetryPolicy | undefined;
}

/** Where inputs wait for containers. */
export interface InputQueues {
  /** `again`: it has been out before and goes first. */
  enqueue(input: CallInput, options: { again: boolean }): void;
  /** It waits no more: it was never accepted. */
  forget(input: CallInput): void;
}

/** What all connected callers and their containers together may have on the way: some eight whole windows. */
const pipedBytes = 32 * 1024 * 1024;
/** Finished calls leave memory after so long without a reader. */
const lingerMs = 60_000;

/** Every call that anybody waits for or works on, and the life of its inputs. */
export class Calls implements Disposable {
  #options: CallsOptions;
  #waiting: InputQueues | undefined;
  #calls = new Map<string, FunctionCall>();
  #loading = new SharedWork<string, FunctionCall | undefined>();
  #keys: CallKeys;
  #inputs = new Map<string, CallInput>();
  #pauses = new InputPauses((input) => {
    input.state = inputMoves(input.state, { kind: "pending" });
    this.#saveQuietly(input);
    this.#queues.enqueue(input, { again: true });
  });
  #unsaved: UnsavedOutputs;
  #pipes = new PipeMemory(pipedBytes);
  #acceptance = new Acceptance((input) => this.#forget(input));

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#unsaved = new UnsavedOutputs(options.store);
    this.#keys = new CallKeys(options.elapsedMs);
  }

  /** Lets inputs wait in these. Before that no call may be taken or restored. */
  queueIn(queues: InputQueues): void {
    this.#waiting = queues;
  }

  get #queues(): InputQueues {
    return must(this.#waiting, "queues for inputs");
  }

  /**
   * Reads what an earlier process left. Inputs that a container may still work on are returned and not queued: whoever
   * knows the containers decides.
   */
  async restore(): Promise<CallInput[]> {
    const { store, nowMs } = this.#options;
    const running: CallInput[] = [];
    for (const callId of await store.openCallIds()) {
      const call = await this.lookup(callId);
      for (const input of call?.inputs.values() ?? []) {
        if (input.state.kind === "finished") continue;
        this.#inputs.set(input.inputId, input);
        if (input.state.kind === "running") running.push(input);
        else if (input.state.kind === "pending") this.#queues.enqueue(input, { again: input.deliveries > 0 });
        else this.#pauses.begin(input, this.#pauseLeft(input, input.state.untilMs - nowMs()));
      }
    }
    for (const [key, callId] of await store.recentKeys({ nowMs: nowMs(), lifeMs: keyLifeMs }))
      this.#keys.add(key, { callId, accepted: () => Promise.resolve() });
    return running;
  }

  /** The call, from memory or disk; undefined when it never was or its retention has passed. */
  async lookup(callId: string): Promise<FunctionCall | undefined> {
    const known = this.#calls.get(callId);
    if (known) return known;
    return await this.#loading.run(callId, () => this.#load(callId));
  }

  /** A call that is in memory already. */
  inMemory(callId: string): FunctionCall | undefined {
    return this.#calls.get(callId);
  }

  /** Calls that the disk does not have: their callers are connected, or they are on their way there. */
  *unsaved(): Generator<FunctionCall> {
    for (const call of this.#calls.values()) if (!call.saved) yield call;
  }

  /** @throws AppError FUNCTION_CALL_NOT_FOUND */
  async get(callId: string): Promise<FunctionCall> {
    const call = await this.lookup(callId);
    if (call) return call;
    throw new AppError("FUNCTION_CALL_NOT_FOUND", notFoundWords("FunctionCall", { id: callId }), {
      status: "NOT_FOUND",
      remedy:
        "Results are kept for 7 days, or until newer calls need their room; check the id, or call the function again.",
    });
  }

  /** Its results were kept for as long as they are, and are gone. */
  hasExpired(call: FunctionCall): boolean {
    return call.inputs.size === 0 && call.facts.createdAtMs + resultsMs < this.#options.nowMs();
  }

  /** An input that is not finished. */
  openInput(inputId: string): CallInput | undefined {
    return this.#inputs.get(inputId);
  }

  openInputsOf(appId: string): CallInput[] {
    return [...this.#inputs.values()].filter((input) => input.call.facts.appId === appId);
  }

  /** The call that a request with this key made. */
  byKey(key: string): KeyedCall | undefined {
    return this.#keys.get(key);
  }

  /** Opens a call with its first inputs, which containers may get at once. `durable` says when to acknowledge it. */
  open(
    facts: Omit<FunctionCallFacts, "callId" | "createdAtMs">,
    items: readonly FunctionPutInputsItem[],
  ): { call: FunctionCall; inputs: CallInput[]; durable: Promise<void> } {
    const nowMs = this.#options.nowMs();
    const call = new FunctionCall({ ...facts, callId: newId("fc"), createdAtMs: nowMs });
    const inputs = items.map((item) => this.#newInput(call, item));
    this.#calls.set(call.facts.callId, call);
    const parent = this.#inputs.get(facts.parentInputId)?.call;
    if (parent?.live) parent.madeCalls = true;
    const accepted = this.#opening(call);
    const durable = accepted();
    this.#keys.add(facts.idempotencyKey, { callId: call.facts.callId, accepted });
    for (const input of inputs) this.#queues.enqueue(input, { again: false });
    return { call, inputs, durable };
  }

  /** Opens a call that ends with its connected caller, and that a restart of the server forgets. */
  openLive(
    facts: Omit<FunctionCallFacts, "callId" | "createdAtMs">,
    item: FunctionPutInputsItem,
  ): { call: FunctionCall; input: CallInput } {
    const createdAtMs = this.#options.nowMs();
    const call = new FunctionCall({ ...facts, callId: newId("fc"), createdAtMs }, openLiveData(this.#pipes));
    const input = this.#newInput(call, item);
    this.#calls.set(call.facts.callId, call);
    this.#queues.enqueue(input, { again: false });
    return { call, input };
  }

  /** Adds inputs to a call. One whose place is taken is the retry of a request: it keeps its first id. */
  add(
    call: FunctionCall,
    items: readonly FunctionPutInputsItem[],
  ): { inputs: CallInput[]; durable: Promise<void> } {
    const fresh: CallInput[] = [];
    const writes: Promise<void>[] = [];
    const inputs = items.map((item) => {
      const known = call.inputs.get(item.idx);
      if (known) {
        if (!known.saved) writes.push(this.#options.store.save(known));
        return known;
      }
      const input = this.#newInput(call, item);
      fresh.push(input);
      return input;
    });
    if (fresh.length > 0) writes.push(this.#options.store.addInputs(fresh));
    const durable = this.#acceptance.of(inputs, writes);
    for (const input of fresh) this.#queues.enqueue(input, { again: false });
    return { inputs, durable };
  }

  /** A container has it. Written down without waiting: a restart then knows whom to ask. */
  started(input: CallInput, taskId: string): void {
    if (input.deliveries > 0) input.attempt++;
    input.deliveries++;
    input.state = inputMoves(input.state, { kind: "running", taskId, startedAtMs: this.#options.nowMs() });
    this.#saveQuietly(input);
  }

  /** An attempt's outcome: final, or followed by the user's next attempt. Resolves when durable. */
  async attempted(input: CallInput, outcome: AttemptOutcome): Promise<void> {
    if (input.state.kind === "finished") return;
    const delayMs = isRetryable(outcome.result)
      ? retryDelayMs(this.#options.retryPolicyOf(input.call.facts.functionId), input.userRetries)
      : undefined;
    if (delayMs === undefined || !canRunAgain(input.call)) {
      await this.finish(input, outcome);
      return;
    }
    input.userRetries++;
    this.#pause(input, delayMs);
    await this.#options.store.save(input);
  }

  /** Its container ended under it: it goes to another one, or has failed. */
  interrupted(input: CallInput, interruption: Interruption): void {
    if (input.state.kind !== "running") return;
    const { call } = input;
    const { taskId } = input.state;
    const after = afterInterruption(input, interruption, {
      canRunAgain: canRunAgain(call),
      yielded: call.yielded,
    });
    if (after.kind !== "again") {
      const outcome = this.serverOutcome(input, serverResult("FAILURE", after.exception));
      const told = after.kind === "failed" ? this.attempted(input, outcome) : this.finish(input, outcome);
      told.catch((error: unknown) => this.#logUnsaved(error));
      return;
    }
    const { cause, reason } = interruption;
    this.#options.logger.info(
      { inputId: input.inputId, taskId, cause, reason },
      "an input goes to another container",
    );
    input.deaths = after.deaths;
    input.killsAlone = after.killsAlone;
    input.isSuspect = after.isSuspect;
    if (after.afterMs > 0) this.#pause(input, after.afterMs);
    else input.state = inputMoves(input.state, { kind: "pending" });
    this.#saveQuietly(input);
    if (input.state.kind === "pending") this.#queues.enqueue(input, { again: true });
  }

  /** Gives an input its output; later ones are ignored. Readers get it at once; resolves when durable. */
  async finish(input: CallInput, outcome: AttemptOutcome): Promise<void> {
    if (input.state.kind === "finished") return;
    const { call } = input;
    const nowMs = this.#options.nowMs();
    this.#pauses.end(input);
    this.#inputs.delete(input.inputId);
    input.state = inputMoves(input.state, { kind: "finished", atMs: nowMs });
    const cursor = call.nextCursor(nowMs);
    const { result } = outcome;
    input.output = { ...outcome, status: result.status, bytes: payloadBytes(result), cursor };
    call.addOutput(input, cursor);
    if (call.live) {
      this.#calls.delete(call.facts.callId);
      if (call.madeCalls)
        this.#options.store.saveEnded(input).catch((error: unknown) => this.#logUnsaved(error));
      return;
    }
    this.#unsaved.add(input);
    await this.saved(input.inputId);
  }

  /** Resolves when the output of a finished input is durable, writing it again if that failed before. */
  async saved(inputId: string): Promise<void> {
    await this.#unsaved.save(inputId);
  }

  /** Ends an input that no container will answer for. */
  async terminate(input: CallInput, reason: string): Promise<void> {
    await this.finish(input, this.serverOutcome(input, serverResult("TERMINATED", reason)));
  }

  /** An outcome that the server gives, in place of a container. */
  serverOutcome(input: CallInput, result: GenericResult): AttemptOutcome {
    return serverOutcome(input, result, this.#options.nowMs());
  }

  /** Lets finished calls go that nobody reads. What the disk did not take of them is what there is: it is kept. */
  sweep(): void {
    const nowMs = this.#options.nowMs();
    const unsaved = this.#unsaved.calls();
    for (const [callId, call] of this.#calls) {
      const finishedAtMs = call.finishedAtMs;
      const isRead = call.readers > 0 || unsaved.has(call);
      // One that seems to be in the future has been finished before the clock was set back.
      if (!isRead && finishedAtMs !== undefined && Math.abs(nowMs - finishedAtMs) > lingerMs)
        this.#calls.delete(callId);
    }
    this.#keys.sweep();
  }

  /** Writes outputs again that the disk did not take: whoever brought them may be gone. */
  async saveOutputs(): Promise<void> {
    await this.#unsaved.saveAll().catch((error: unknown) => this.#logUnsaved(error));
  }

  [Symbol.dispose](): void {
    this.#pauses[Symbol.dispose]();
  }

  #newInput(call: FunctionCall, item: FunctionPutInputsItem): CallInput {
    const { nowMs, elapsedMs } = this.#options;
    const input = newInput(call, item, { nowMs: nowMs(), elapsedMs: elapsedMs() });
    call.inputs.set(item.idx, input);
    this.#inputs.set(input.inputId, input);
    return input;
  }

  /** Writes a new call down, again each time that it is asked for and the disk did not take it before. */
  #opening(call: FunctionCall): () => Promise<void> {
    let writing: Promise<void> | undefined;
    const write = async () => {
      const inputs = [...call.inputs.values()];
      try {
        await this.#acceptance.of(inputs, [this.#options.store.create(call, inputs)]);
      } catch (error) {
        writing = undefined;
        if (call.inputs.size === 0) this.#forgetCall(call);
        throw error;
      }
    };
    return () => (writing ??= write());
  }

  #forget(input: CallInput): void {
    const { call } = input;
    this.#pauses.end(input);
    this.#inputs.delete(input.inputId);
    if (call.inputs.get(input.idx) === input) call.inputs.delete(input.idx);
    this.#queues.forget(input);
    call.changed.notify();
  }

  #forgetCall({ facts }: FunctionCall): void {
    this.#calls.delete(facts.callId);
    this.#keys.remove(facts.idempotencyKey);
  }

  /** What is left of a pause that began before a restart: never more than all of it, whatever was done to the clock. */
  #pauseLeft(input: CallInput, leftMs: number): number {
    const policy = this.#options.retryPolicyOf(input.call.facts.functionId);
    return Math.min(leftMs, retryDelayMs(policy, input.userRetries - 1) ?? 0);
  }

  #pause(input: CallInput, delayMs: number): void {
    const untilMs = this.#options.nowMs() + delayMs;
    input.state = inputMoves(input.state, { kind: "backing-off", untilMs });
    this.#pauses.begin(input, delayMs);
  }

  async #load(callId: string): Promise<FunctionCall | undefined> {
    const call = await this.#options.store.load(callId);
    if (call) this.#calls.set(callId, call);
    return call;
  }

  #saveQuietly(input: CallInput): void {
    this.#options.store.save(input, { patient: true }).catch((error: unknown) => this.#logUnsaved(error));
  }

  #logUnsaved(error: unknown): void {
    this.#options.logger.error({ err: error }, "an input's progress could not be saved");
  }
}
