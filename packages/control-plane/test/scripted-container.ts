// A container that speaks the real protocol by script.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { sleep } from "@dorian/base/sleep";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import {
  DataFormat,
  GenericResult_GenericStatus,
  ModalClient,
  type FunctionGetInputsItem,
  type GenericResultSchema,
} from "@dorian/protocol/modal";
import { decodeArguments, encodeValue } from "@dorian/protocol/value/payload";
import type { StartTask, StopTask, TaskExitedSchema } from "@dorian/protocol/worker";
import { mergedParts, type ServedParts } from "./merged-parts.ts";
import type { ModalCaller } from "./scripted-server.ts";

/** What a container's code does. */
export interface Script {
  /** Its process has begun, and has not said so yet. */
  hello?(container: ScriptedContainer): void;
  /** Import and `@enter`. Throw {@link UserError} for what the user's code throws. */
  enter?(container: ScriptedContainer): Promise<void> | void;
  /** Returns the result's value; throws a UserError for a failure. `undefined` from a Promise that never ends blocks. */
  handle?(args: unknown[], item: FunctionGetInputsItem, container: ScriptedContainer): unknown;
  /** Default 1. */
  concurrency?: number;
  /** Ignores cancellation. */
  deaf?: boolean;
}

export class UserError extends Error {}

/** How its worker reports its end. */
export type Death = Omit<MessageInitShape<typeof TaskExitedSchema>, "$typeName" | "taskId">;

export class ScriptedContainer {
  readonly request: StartTask;
  modal: ModalCaller;
  readonly inputs: string[] = [];
  /** Those that it works on. */
  readonly working = new Set<string>();
  readonly attempts: number[] = [];
  readonly stops: StopTask[] = [];
  #script: Script;
  #gone = new AbortController();
  #onGone: (death: Death) => void;
  /** Resolves when its process has ended. */
  readonly ended = Promise.withResolvers<void>();
  dead = false;

  constructor(request: StartTask, modal: ModalCaller, script: Script, onGone: (death: Death) => void) {
    this.request = request;
    this.modal = modal;
    this.#script = script;
    this.#onGone = onGone;
  }

  get taskId(): string {
    return this.request.taskId;
  }

  sayTo(dispatch: ServedParts): ModalCaller {
    return createLocalClient(ModalClient, mergedParts(dispatch.modal), { kind: "task", taskId: this.taskId });
  }

  /** Its connection breaks: what it has asked is not answered, and what it asks reaches nobody until it is connected again. */
  hangUp(): void {
    this.#away = Promise.withResolvers();
    this.#moved.abort();
    this.#moved = new AbortController();
  }

  /** What it asks the old server in vain, it asks the new one. */
  reconnect(dispatch: ServedParts): void {
    this.modal = this.sayTo(dispatch);
    this.#away?.resolve();
    this.#away = undefined;
    this.#moved.abort();
    this.#moved = new AbortController();
  }

  #moved = new AbortController();
  #away: PromiseWithResolvers<void> | undefined;

  /** As the worker's gateway does: what a lost server did not answer is asked of the next one. */
  async #persistently<T>(ask: (modal: ModalCaller, signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      await this.#away?.promise;
      const moved = this.#moved.signal;
      const asked = ask(this.modal, AbortSignal.any([moved, this.#gone.signal]));
      asked.catch(() => undefined);
      const lost = new Promise<undefined>((resolve) => {
        if (moved.aborted) resolve(undefined);
        moved.addEventListener("abort", () => resolve(undefined));
      });
      try {
        const answer = await Promise.race([asked.then((value) => ({ value })), lost]);
        if (answer) return answer.value;
      } catch (error) {
        if (this.dead) throw error;
        await sleep(5, { signal: this.#gone.signal });
      }
    }
  }

  /** Ends its process. Nothing of it is heard again. */
  die(death: Death = {}): void {
    if (this.dead) return;
    this.dead = true;
    this.#gone.abort();
    this.ended.resolve();
    this.#onGone(death);
  }

  async run(): Promise<void> {
    try {
      this.#script.hello?.(this);
      if (this.dead) return;
      await this.modal.containerHello({});
      try {
        await this.#script.enter?.(this);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        await this.modal.taskResult({ result: failure(error.message) });
        this.die();
        return;
      }
      if (this.dead) return;
      void this.#heartbeats();
      await Promise.all(Array.from({ length: this.#script.concurrency ?? 1 }, () => this.#slot()));
      this.die();
    } catch (error) {
      // The server has gone: a real container would ask again.
      if (!this.dead) throw error;
    }
  }

  async #slot(): Promise<void> {
    while (!this.dead) {
      const { inputs } = await this.#persistently((modal, signal) => modal.functionGetInputs({}, { signal }));
      if (this.dead) return;
      for (const item of inputs) {
        if (item.killSwitch) return;
        await this.#work(item);
        if (item.input?.finalInput) return;
      }
    }
  }

  #cancelled = new Map<string, () => void>();

  async #work(item: FunctionGetInputsItem): Promise<void> {
    this.inputs.push(item.inputId);
    this.working.add(item.inputId);
    this.attempts.push(item.retryCount);
    const startedAt = Date.now() / 1000;
    const isPlain = item.input?.dataFormat === DataFormat.CBOR;
    const given = isPlain ? item.input?.argsOneof : undefined;
    const args = given?.case === "args" ? decodeArguments(given.value) : [];
    const cancelled = new Promise<never>((_resolve, reject) => {
      if (!this.#script.deaf) this.#cancelled.set(item.inputId, () => reject(new UserError("cancelled")));
      this.#gone.signal.addEventListener("abort", () => reject(new UserError("gone")));
    });
    cancelled.catch(() => undefined);
    let result: MessageInitShape<typeof GenericResultSchema>;
    try {
      const value = await Promise.race([this.#script.handle?.(args, item, this), cancelled]);
      result = {
        status: GenericResult_GenericStatus.SUCCESS,
        dataOneof: { case: "data", value: encodeValue(value ?? null, "the result") },
      };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      result = failure(error.message);
    }
    if (this.dead) return;
    this.working.delete(item.inputId);
    const output = {
      inputId: item.inputId,
      result,
      inputStartedAt: startedAt,
      outputCreatedAt: Date.now() / 1000,
      dataFormat: DataFormat.CBOR,
      retryCount: item.retryCount,
    };
    await this.#persistently((modal) => modal.functionPutOutputs({ outputs: [output] }));
  }

  async #heartbeats(): Promise<void> {
    while (!this.dead) {
      const beat = (modal: ModalCaller, signal: AbortSignal) => modal.containerHeartbeat({}, { signal });
      const { cancelInputEvent } = await this.#persistently(beat).catch(() => ({
        cancelInputEvent: undefined,
      }));
      for (const inputId of cancelInputEvent?.inputIds ?? []) this.#cancelled.get(inputId)?.();
      await sleep(1, { signal: this.#gone.signal }).catch(() => undefined);
    }
  }
}

function failure(exception: string): MessageInitShape<typeof GenericResultSchema> {
  return { status: GenericResult_GenericStatus.FAILURE, exception };
}
