import { create } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import { newId } from "@dorian/base/ids";
import { Container } from "@dorian/guest/container";
import { programOf } from "@dorian/guest/load-program";
import type { GuestService } from "@dorian/protocol/guest";
import { ContainerArgumentsSchema } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { runWithInput } from "@dorian/sdk/container/current-input";
import { withinContainer, type ContainerContext } from "../process/container-context.ts";
import type { TestFunction } from "./test-function.ts";

export interface TaskOptions {
  target: TestFunction;
  context: (taskId: string) => ContainerContext;
  guest: ServiceClient<typeof GuestService>;
  nowMs: () => number;
  log: (line: string) => void;
  /** Runs code as nobody's: a container is not part of the call that it is started for. */
  outside: (run: () => void) => void;
}

/** A container in this process: what runs in the containers of the platform, with this process for a machine. */
export class Task {
  readonly taskId = newId("ta");
  readonly target: TestFunction;
  /** Resolves when its exit hooks have run. */
  readonly ended: Promise<void>;
  #container: Container;
  #cancelled = new AsyncQueue<string>();
  #isLeaving = false;

  constructor({ target, context, guest, nowMs, log, outside }: TaskOptions) {
    this.target = target;
    const place = context(this.taskId);
    this.#container = new Container({
      arguments: create(ContainerArgumentsSchema, {
        taskId: this.taskId,
        functionId: target.functionId,
        appId: target.appId,
        functionDef: target.definition,
        serializedParams: target.serializedParams,
      }),
      modal: place.modal,
      guest,
      load: async () => {},
      prepare: (task) => programOf(task, target.registered),
      within: ({ item, signal }, run) =>
        runWithInput({ inputId: item.inputId, functionCallId: item.functionCallId, signal }, run),
      // Nothing is brought back from memory in the process of a test: each container starts.
      hangUp: () => undefined,
      readyToWake: () => async () => undefined,
      log,
      nowMs,
    });
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    outside(() => {
      const run = withinContainer(place, () => this.#container.run());
      void run
        .catch((error: unknown) => withinContainer(place, () => this.#container.reportCrash(error)))
        .catch(() => undefined)
        .finally(() => {
          this.#isLeaving = true;
          this.#cancelled.end();
          ended.resolve();
        });
    });
  }

  /** True when it takes no more inputs. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Ends when what it works on is done. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Ends soon: what it works on is told to stop. */
  stop(): void {
    this.#isLeaving = true;
    this.#container.stop("hurried");
  }

  cancel(inputId: string): void {
    this.#cancelled.push(inputId);
  }

  /** Ids of inputs that it is to stop, as they come. */
  get cancelled(): AsyncIterable<string> {
    return this.#cancelled;
  }
}
