import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { AppError } from "@dorian/base/app-error";
import type { ContainerSpec } from "../container-spec.ts";
import { InitComplaint } from "../init-program.ts";
import type { OnOutput } from "../runtime.ts";
import type { EngineRun } from "./engine-run.ts";
import { type ContainerSite, removeTraces } from "./container-site.ts";
import { join } from "node:path";
import { lastWords } from "./checkpoint.ts";
import { readAtPace } from "./read-pace.ts";
import { RuncContainer, type RuncProcess } from "./runc-container.ts";
import { lastError } from "./runc-log.ts";
import { refuseFifos } from "./user-files.ts";

export interface StartOptions {
  /** An engine that has the container's configuration. */
  begin: () => EngineRun;
  site: Omit<ContainerSite, "engineId" | "bundle">;
  onOutput: OnOutput;
  signal?: AbortSignal | undefined;
}

/** Starts a container and resolves when its process runs. */
export async function startContainer(spec: ContainerSpec, options: StartOptions): Promise<RuncContainer> {
  const { onOutput, signal } = options;
  signal?.throwIfAborted();
  refuseFifos(spec.rootfs);
  await using unfinished = new AsyncDisposableStack();
  using run = options.begin();
  const site = { ...options.site, engineId: run.id, bundle: run.bundle };
  unfinished.defer(() => removeTraces(site));
  unfinished.defer(async () => {
    run.process.kill("SIGKILL");
    await run.closed.catch(() => undefined);
  });
  const output = new StartOutput(run.process, onOutput);
  const cancelled = new AbortController();
  await Promise.race([
    run.pidWritten,
    run.closed,
    ...(signal ? [once(signal, "abort", { signal: cancelled.signal })] : []),
  ]).finally(() => cancelled.abort());
  signal?.throwIfAborted();
  // A process may end before we look; its pid file shows that it did run.
  if (!existsSync(run.pidFile)) {
    await run.closed;
    const words = await lastWords(join(run.bundle, "restore.log"));
    const reason = words || ((await lastError(run.logFile)) ?? output.stderr);
    throw new AppError("CONTAINER_START_FAILED", `Container ${spec.id} did not start: ${reason}`, {
      status: "INTERNAL",
      remedy: "Check the image and the command; `dorian doctor` checks this machine.",
    });
  }
  output.started();
  const pid = Number(await readFile(run.pidFile, "utf8"));
  unfinished.move();
  return new RuncContainer({ spec, site, runc: run.process, pid, closed: run.closed });
}

/** Passes output on, but keeps stderr back until it is sure to be the container's and not runc's own. */
class StartOutput {
  #held: Buffer[] | undefined = [];
  #stderr: InitComplaint;

  constructor(runc: RuncProcess, onOutput: OnOutput) {
    this.#stderr = new InitComplaint((chunk) => onOutput("stderr", chunk));
    readAtPace(runc.stdout, (chunk) => onOutput("stdout", chunk));
    readAtPace(runc.stderr, (chunk) => {
      if (this.#held) this.#held.push(chunk);
      else this.#stderr.write(chunk);
    });
    runc.stderr.once("end", () => this.#stderr.end());
  }

  get stderr(): string {
    return Buffer.concat(this.#held ?? [])
      .toString()
      .trim();
  }

  started(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const chunk of held) this.#stderr.write(chunk);
  }
}
