import type { AwakeTimer } from "@dorian/base/awake-timer";
import { create } from "@bufbuild/protobuf";
import {
  GenericResult_GenericStatus as Status,
  GenericResultSchema,
  type GenericResult,
} from "@dorian/protocol/modal";
import type { Exec } from "../../dispatch/exec/exec.ts";
import type { StartFailure } from "../../dispatch/failure/crash-loop.ts";
import type { Task, TaskEnd, TaskOwner } from "../../dispatch/task/task.ts";

/** Why a sandbox is made to end. */
export type SandboxStop = "timeout" | "terminated";

/** A container that runs a command of its own instead of serving a function. */
export class Sandbox implements TaskOwner {
  readonly asksForWork = false;
  readonly sandboxId: string;
  readonly appId: string;
  task: Task | undefined;
  /** Its command, of one that has a terminal of its own. */
  session: Promise<Exec> | undefined;
  /** Set once its container has ended. */
  result: GenericResult | undefined;
  endedAtMs: number | undefined;
  timer: AwakeTimer | undefined;
  #ended = Promise.withResolvers<void>();
  #failure: GenericResult | undefined;
  #stop: SandboxStop | undefined;
  #exitCode: number | undefined;
  #onEnded: () => void;

  constructor(facts: { sandboxId: string; appId: string; onEnded: () => void }) {
    this.sandboxId = facts.sandboxId;
    this.appId = facts.appId;
    this.#onEnded = facts.onEnded;
  }

  /** Resolves when its container has ended. */
  get over(): Promise<void> {
    return this.#ended.promise;
  }

  /** Ends the sandbox: its command at a terminal has ended, and the container has no more to do. */
  endsWith(exitCode: number): void {
    this.#exitCode = exitCode;
  }

  /** The first reason stands. */
  stopsFor(reason: SandboxStop): void {
    this.#stop ??= reason;
  }

  ready(): void {}

  startFailed(_task: Task, failure: StartFailure): void {
    this.#failure = failure.result;
  }

  async nextInputs(): Promise<[]> {
    return [];
  }

  async putOutput(): Promise<void> {}

  leaving(): void {}

  ended(task: Task, end: TaskEnd): void {
    this.result = create(GenericResultSchema, this.#outcome(task, end));
    this.timer?.clear();
    this.#onEnded();
    this.#ended.resolve();
  }

  #outcome(task: Task, end: TaskEnd) {
    const exitCode = this.#exitCode ?? end.exitCode ?? 137;
    if (this.#exitCode !== undefined) return exited(exitCode, "");
    if (this.#stop === "timeout") return { status: Status.TIMEOUT, exception: "The sandbox's time was up." };
    if (this.#stop === "terminated" || task.stopReason !== undefined)
      return { status: Status.TERMINATED, exitcode: 137, exception: task.stopReason ?? "" };
    if (this.#failure && !task.wasReady) return this.#failure;
    return exited(exitCode, end.reason);
  }
}

function exited(exitcode: number, reason: string) {
  return exitcode === 0
    ? { status: Status.SUCCESS }
    : { status: Status.FAILURE, exitcode, exception: reason };
}
