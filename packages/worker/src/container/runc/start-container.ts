import { spawn } from "node:child_process";
import { once } from "node:events";
import { type FSWatcher, existsSync, mkdirSync, watch, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import type { ContainerSpec } from "../container-spec.ts";
import type { OnOutput } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import { type Placement, removeTraces } from "./placement.ts";
import { readAtPace } from "./read-pace.ts";
import { RuncContainer, type RuncProcess } from "./runc-container.ts";
import { shareOomScore } from "./runc-oom-score.ts";
import { InitComplaint } from "../init-program.ts";
import { refuseFifos } from "./user-files.ts";
import { lastError } from "./runc-log.ts";

/**
 * Starts `runc run` and resolves when the container's process runs. runc tells that by its pid file, so nothing else
 * is spawned and nothing is polled.
 */
export async function startContainer(
  spec: ContainerSpec,
  placement: Placement,
  options: { onOutput: OnOutput; signal?: AbortSignal },
): Promise<RuncContainer> {
  const { onOutput, signal } = options;
  const { bundle, state } = placement;
  signal?.throwIfAborted();
  refuseFifos(spec.rootfs);
  await using unfinished = new AsyncDisposableStack();
  // Synchronous, here only: 0.2 ms, where the trips to the thread pool and back take several on a busy machine.
  makeBundle(bundle, spec.id);
  unfinished.defer(() => removeTraces(spec.id, placement));
  // For the owner alone: the configuration holds the secrets of the environment.
  writeFileSync(join(bundle, "config.json"), JSON.stringify(placement.config), { mode: 0o600 });

  const pidFile = join(bundle, "pid");
  const engine = placement.engine;
  const logging = [
    "--root",
    state,
    ...engine.options(spec),
    "--log",
    join(bundle, "log"),
    "--log-format",
    "json",
  ];
  const command = ["run", ...engine.runOptions, "--bundle", bundle, "--pid-file", pidFile, spec.id];
  using pidWritten = watchFor(bundle, "pid");
  // In a session of its own: a Ctrl-C in our terminal is for us, and we stop containers in good order.
  const own = { env: { PATH: process.env.PATH }, detached: true };
  const args = [...logging, ...command];
  const runc: RuncProcess =
    spec.stdin === "open"
      ? spawn(engine.program, args, { ...own, stdio: ["pipe", "pipe", "pipe"] })
      : spawn(engine.program, args, { ...own, stdio: ["ignore", "pipe", "pipe"] });
  shareOomScore(runc);
  const closed = new Promise<number>((resolve, reject) => {
    runc.once("error", (cause) => reject(startFailed(engine, cause)));
    runc.once("close", (code, killedBy) => resolve(killedBy === null ? (code ?? 0) : 137));
  });
  closed.catch(() => undefined);
  unfinished.defer(async () => {
    runc.kill("SIGKILL");
    await closed.catch(() => undefined);
  });

  const output = new StartOutput(runc, onOutput);
  const cancelled = new AbortController();
  await Promise.race([
    pidWritten.promise,
    closed,
    ...(signal ? [once(signal, "abort", { signal: cancelled.signal })] : []),
  ]).finally(() => cancelled.abort());
  signal?.throwIfAborted();

  // A process may end before we look; its pid file shows that it did run.
  if (!existsSync(pidFile)) {
    await closed;
    const reason = (await lastError(join(bundle, "log"))) ?? output.stderr;
    throw new AppError("CONTAINER_START_FAILED", `Container ${spec.id} did not start: ${reason}`, {
      status: "INTERNAL",
      remedy: "Check the image and the command; `dorian doctor` checks this machine.",
    });
  }
  output.started();
  const pid = Number(await readFile(pidFile, "utf8"));
  unfinished.move();
  return new RuncContainer({ spec, placement, runc, pid, closed });
}

function makeBundle(bundle: string, id: string): void {
  mkdirSync(dirname(bundle), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(bundle, { mode: 0o700 });
  } catch (cause) {
    if (errnoOf(cause) !== "EEXIST") throw cause;
    throw new AppError("CONTAINER_EXISTS", `There is a container ${id} already.`, {
      status: "ALREADY_EXISTS",
      remedy: "Dispose of it first, or choose another id.",
      cause,
    });
  }
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

function watchFor(directory: string, name: string): { promise: Promise<void> } & Disposable {
  let watcher: FSWatcher | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    watcher = watch(directory, (_, file) => {
      if (file === name) resolve();
    });
    watcher.once("error", reject);
  });
  return { promise, [Symbol.dispose]: () => watcher?.close() };
}

function startFailed({ program, debianPackage }: Engine, cause: unknown): AppError {
  if (errnoOf(cause) === "ENOENT") {
    return new AppError("RUNTIME_MISSING", `The program ${program} was not found.`, {
      remedy: `Install it on the worker's machine: \`apt-get install ${debianPackage}\`.`,
      cause,
    });
  }
  return new AppError("RUNTIME_FAILED", `The program ${program} could not be started.`, {
    status: "INTERNAL",
    remedy: "See the cause; `dorian doctor` checks this machine.",
    cause,
  });
}
