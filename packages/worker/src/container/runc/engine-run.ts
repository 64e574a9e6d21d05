import { spawn } from "node:child_process";
import { closeSync, type FSWatcher, mkdirSync, watch, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { openFifo } from "@dorian/linux/fifo";
import { removeTree } from "@dorian/linux/remove-tree";
import type { ContainerSpec } from "../container-spec.ts";
import type { Criu } from "./criu.ts";
import { criuOptions, criuSettings, criuSettingsIn, pathWith } from "./checkpoint.ts";
import type { Engine } from "./engine.ts";
import type { RuncProcess } from "./runc-container.ts";
import { shareOomScore } from "./runc-oom-score.ts";

export interface EngineRunOptions {
  engine: Engine;
  /** The engine's --root. */
  state: string;
  /** What the engine calls the container. */
  id: string;
  /** Directory of this run, made here. */
  bundle: string;
  container: Pick<ContainerSpec, "network" | "stdin">;
  /** A snapshot that the container is brought back from. Default: it starts. */
  restore?: { images: string; criu: Criu };
}

/** One `run` of an engine: the process that a container comes from, and that ends with it. */
export class EngineRun implements Disposable {
  readonly id: string;
  readonly bundle: string;
  readonly process: RuncProcess;
  /** The exit code, once the process ended and all output was read. */
  readonly closed: Promise<number>;
  /** That the container runs: the engine writes its pid file then, so that nothing is polled for. */
  readonly pidWritten: Promise<void>;
  #hasEnded = false;
  #watcher: FSWatcher;
  /** The pipe in which the engine waits for its configuration. */
  #fifo: number | undefined;

  private constructor(options: EngineRunOptions, fifo?: number) {
    const { engine, id, bundle, container } = options;
    this.id = id;
    this.bundle = bundle;
    this.#fifo = fifo;
    const written = Promise.withResolvers<void>();
    this.pidWritten = written.promise;
    this.#watcher = watch(bundle, (_, file) => {
      if (file === "pid") written.resolve();
    });
    this.#watcher.once("error", written.reject);
    written.promise.catch(() => undefined);
    const args = [
      "--root",
      options.state,
      ...engine.options(container),
      "--log",
      this.logFile,
      "--log-format",
      "json",
      ...(options.restore
        ? ["restore", "--image-path", options.restore.images, "--work-path", bundle, ...criuOptions]
        : ["run", ...engine.runOptions]),
      "--bundle",
      bundle,
      "--pid-file",
      this.pidFile,
      id,
    ];
    // In a session of its own: a Ctrl-C in our terminal is for us, and we stop containers in good order.
    const path = options.restore ? pathWith(options.restore.criu) : process.env.PATH;
    const own = { env: { PATH: path }, detached: true };
    this.process =
      container.stdin === "open"
        ? spawn(engine.program, args, { ...own, stdio: ["pipe", "pipe", "pipe"] })
        : spawn(engine.program, args, { ...own, stdio: ["ignore", "pipe", "pipe"] });
    shareOomScore(this.process);
    this.closed = new Promise<number>((resolve, reject) => {
      this.process.once("exit", () => (this.#hasEnded = true));
      this.process.once("error", (cause) => {
        this.#hasEnded = true;
        reject(startFailed(engine, cause));
      });
      this.process.once("close", (code, killedBy) => resolve(killedBy === null ? (code ?? 0) : 137));
    });
    this.closed.catch(() => undefined);
  }

  /** Starts an engine that has its configuration. @throws AppError CONTAINER_EXISTS */
  static start(options: EngineRunOptions, config: string): EngineRun {
    return inBundle(options, (path) => {
      // For the owner alone: the configuration holds the secrets of the environment.
      writeFileSync(path, config, { mode: 0o600 });
      if (options.restore) writeFileSync(criuSettingsIn(options.bundle), criuSettings);
      return new EngineRun(options);
    });
  }

  /** Before it is known what for: the engine starts, and waits for its configuration. It ends when this process does. */
  static startAhead(options: EngineRunOptions): EngineRun {
    return inBundle(options, (path) => {
      const fifo = openFifo(path);
      try {
        return new EngineRun(options, fifo);
      } catch (error) {
        closeSync(fifo);
        throw error;
      }
    });
  }

  get pidFile(): string {
    return join(this.bundle, "pid");
  }

  get logFile(): string {
    return join(this.bundle, "log");
  }

  /** Gives an engine that was started ahead its configuration; false when the pipe does not hold it whole, or the engine has ended. */
  configure(config: string): boolean {
    if (this.#fifo === undefined || this.#hasEnded) return false;
    const bytes = Buffer.from(config);
    return writeSync(this.#fifo, bytes) === bytes.length;
  }

  /** Lets go of what only the start needs. An engine that still waits for its configuration ends. */
  [Symbol.dispose](): void {
    this.#watcher.close();
    if (this.#fifo !== undefined) closeSync(this.#fifo);
    this.#fifo = undefined;
  }
}

// Synchronous: 0.2 ms, where the trips to the thread pool and back take several on a busy machine.
function inBundle(options: EngineRunOptions, begin: (configPath: string) => EngineRun): EngineRun {
  makeBundle(options);
  try {
    return begin(join(options.bundle, "config.json"));
  } catch (error) {
    // Nobody waits for it: what is left of it is removed with all else below the runtime directory.
    void removeTree(options.bundle).catch(() => undefined);
    throw error;
  }
}

function makeBundle({ bundle, id }: EngineRunOptions): void {
  mkdirSync(dirname(bundle), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(bundle, { mode: 0o700 });
  } catch (cause) {
    if (errnoOf(cause) !== "EEXIST") throw cause;
    throw containerExists(id, cause);
  }
}

export function containerExists(id: string, cause?: unknown): AppError {
  return new AppError("CONTAINER_EXISTS", `There is a container ${id} already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Dispose of it first, or choose another id.",
    cause,
  });
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
