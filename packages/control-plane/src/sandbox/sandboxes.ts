import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { FunctionSpec, SandboxRun } from "../ports.ts";
import type { Tasks } from "../task/tasks.ts";
import { Sandbox, type SandboxStop } from "./sandbox.ts";

export interface SandboxesOptions {
  tasks: Tasks;
  catalog: {
    /** Makes the sandbox's container known to placement, until it has ended. */
    addSandbox(spec: FunctionSpec): void;
    removeSandbox(sandboxId: string): void;
  };
  nowMs: () => number;
}

export interface SandboxRequest {
  appId: string;
  definition: FunctionDefinition;
  run: SandboxRun;
}

/** How long the result of a sandbox can be asked for. */
const keptMs = 60 * 60_000;

/** Containers that clients drive themselves. They live in memory: a restart of the server ends them. */
export class Sandboxes {
  #options: SandboxesOptions;
  #sandboxes = new Map<string, Sandbox>();

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  start({ appId, definition, run }: SandboxRequest): Sandbox {
    this.#forgetOld();
    const { tasks, catalog, nowMs } = this.#options;
    const sandboxId = newId("sb");
    const sandbox = new Sandbox({
      sandboxId,
      appId,
      onEnded: () => {
        sandbox.endedAtMs = nowMs();
        catalog.removeSandbox(sandboxId);
      },
    });
    const spec: FunctionSpec = {
      functionId: sandboxId,
      appId,
      tag: "sandbox",
      definition,
      revision: 0,
      isBuilder: false,
      active: true,
      sandbox: run,
    };
    this.#sandboxes.set(sandboxId, sandbox);
    catalog.addSandbox(spec);
    sandbox.task = tasks.start(spec, sandbox, { enqueuedAtMs: nowMs(), freezeRoot: false });
    if (definition.timeoutSecs > 0) {
      sandbox.timer = setTimeout(() => this.stop(sandbox, "timeout"), definition.timeoutSecs * 1000).unref();
    }
    return sandbox;
  }

  /** @throws AppError SANDBOX_NOT_FOUND */
  require(sandboxId: string): Sandbox {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox) return sandbox;
    throw new AppError("SANDBOX_NOT_FOUND", `There is no sandbox ${sandboxId}.`, {
      status: "NOT_FOUND",
      remedy: "It ended some time ago, or the server has restarted since. Create another.",
    });
  }

  stop(sandbox: Sandbox, reason: SandboxStop): void {
    if (!sandbox.task || sandbox.task.isOver) return;
    sandbox.stopsFor(reason);
    this.#options.tasks.stop(sandbox.task, {
      graceSecs: 0,
      reason: reason === "timeout" ? "its time was up" : "terminated on request",
    });
  }

  #forgetOld(): void {
    const before = this.#options.nowMs() - keptMs;
    for (const { sandboxId, endedAtMs } of this.#sandboxes.values())
      if (endedAtMs !== undefined && endedAtMs < before) this.#sandboxes.delete(sandboxId);
  }
}
