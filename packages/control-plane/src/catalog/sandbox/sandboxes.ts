import { whenAwakeFor } from "@dorian/base/awake-timer";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { FunctionSpec, SandboxRun } from "../../dispatch/ports.ts";
import type { Execs } from "../../dispatch/exec/execs.ts";
import type { TaskStarts } from "../../dispatch/task/task-starts.ts";
import type { Tasks } from "../../dispatch/task/tasks.ts";
import { Sandbox, type SandboxStop } from "./sandbox.ts";
import { notFoundWords } from "../../access/not-found-words.ts";

export interface SandboxesOptions {
  tasks: Tasks;
  starts: TaskStarts;
  execs: Execs;
  catalog: {
    /** Makes the sandbox's container known to placement, until it has ended. */
    addSandbox(spec: FunctionSpec): void;
    removeSandbox(sandboxId: string): void;
  };
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

export interface SandboxRequest {
  appId: string;
  /** The token of whoever wants it. */
  tokenId: string;
  definition: FunctionDefinition;
  run: SandboxRun;
  /** The command runs at a terminal, through which clients of before 0.63 talk to it. */
  terminal: { size: { rows: number; columns: number }; env: Record<string, string> } | undefined;
}

/** What the container does while the command runs beside it. */
const idle = ["sleep", "infinity"];
/** How long the result of a sandbox can be asked for. */
const keptMs = 60 * 60_000;

/** Containers that clients drive themselves. They live in memory: a restart of the server ends them. */
export class Sandboxes {
  #options: SandboxesOptions;
  #sandboxes = new Map<string, Sandbox>();

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  start({ appId, tokenId, definition, run, terminal }: SandboxRequest): Sandbox {
    this.#forgetOld();
    const { starts, catalog, nowMs, elapsedMs } = this.#options;
    const sandboxId = newId("sb");
    const sandbox = new Sandbox({
      sandboxId,
      appId,
      onEnded: () => {
        sandbox.endedAtMs = elapsedMs();
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
      keepsUncalled: false,
      sandbox: terminal ? { ...run, command: idle } : run,
    };
    this.#sandboxes.set(sandboxId, sandbox);
    catalog.addSandbox(spec);
    sandbox.task = starts.start(spec, sandbox, { enqueuedAtMs: nowMs(), freezeRoot: false });
    if (definition.timeoutSecs > 0) {
      sandbox.timer = whenAwakeFor(definition.timeoutSecs * 1000, () => this.stop(sandbox, "timeout"));
    }
    const { taskId } = sandbox.task;
    if (terminal) this.#runAtTerminal(sandbox, { taskId, tokenId, command: run.command, terminal });
    return sandbox;
  }

  get(sandboxId: string): Sandbox | undefined {
    return this.#sandboxes.get(sandboxId);
  }

  /** @throws AppError SANDBOX_NOT_FOUND */
  require(sandboxId: string): Sandbox {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox) return sandbox;
    throw new AppError("SANDBOX_NOT_FOUND", notFoundWords("Sandbox", { id: sandboxId }), {
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

  #runAtTerminal(
    sandbox: Sandbox,
    what: {
      taskId: string;
      tokenId: string;
      command: string[];
      terminal: NonNullable<SandboxRequest["terminal"]>;
    },
  ): void {
    const { signal } = new AbortController();
    const { terminal, ...rest } = what;
    const request = { ...rest, execId: newId("ex"), env: terminal.env, terminal: terminal.size };
    sandbox.session = this.#options.execs.start({ ...request, failure: "as output" }, { signal });
    const finish = async () => {
      const exec = await sandbox.session;
      await exec?.output.whenOver({ signal });
      if (exec?.exitCode !== undefined) sandbox.endsWith(exec.exitCode);
      this.stop(sandbox, "terminated");
    };
    // Without its container there is no session: the sandbox's result says why.
    finish().catch(() => undefined);
  }

  #forgetOld(): void {
    const before = this.#options.elapsedMs() - keptMs;
    for (const { sandboxId, endedAtMs } of this.#sandboxes.values())
      if (endedAtMs !== undefined && endedAtMs < before) this.#sandboxes.delete(sandboxId);
  }
}
