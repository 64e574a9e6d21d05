import type { ProcessCount } from "../cgroup/process-count.ts";
import type { Criu } from "./runc/criu.ts";
import type { ContainerSpec, ExecTerminal } from "./container-spec.ts";

export type OutputStream = "stdout" | "stderr";
export type OnOutput = (stream: OutputStream, chunk: Buffer) => void;

/** Starts containers on this machine. Those that run outlive its disposal. */
export interface ContainerRuntime extends AsyncDisposable {
  /**
   * Resolves when the container's process runs. `signal` cancels the start; it has no effect afterwards.
   *
   * @throws AppError CONTAINER_START_FAILED with the runtime's own words.
   */
  run(spec: ContainerSpec, options: { onOutput: OnOutput; signal?: AbortSignal }): Promise<Container>;
  /**
   * Brings a container back from what {@link Container.checkpoint} has written, in place of starting its program. Namespaces of `spec` that
   * have a path are made anew: its network has nothing but a loopback interface.
   *
   * @throws AppError RESTORE_FAILED with the engine's own words.
   */
  restore(spec: ContainerSpec, options: RestoreOptions): Promise<Container>;
}

export interface RestoreOptions {
  /** Directory of the snapshot, which the container's root may read. */
  images: string;
  criu: Criu;
  onOutput: OnOutput;
  signal?: AbortSignal;
}

/** A container that was started. Disposal kills what still runs and removes all that the container had on the host. */
export interface Container extends AsyncDisposable {
  /** Process id, on the host, of the container's first process. */
  readonly pid: number;
  /** Whether what it has mounted can be replaced in {@link pid}'s mount namespace, for its processes to see. */
  readonly mountsCanBeReplaced: boolean;
  /** Settles once the process is gone and all its output was passed on. Never rejects. */
  readonly exited: Promise<ContainerExit>;
  /** Sends a signal to the first process; nothing when it is gone. */
  signal(name: NodeJS.Signals): void;
  /** Kills every process of the container and waits until they are gone. */
  kill(): Promise<void>;
  pids(): Promise<number[]>;
  /** How many processes and threads it has; undefined when it is gone, or this machine does not count. */
  processCount(): Promise<ProcessCount | undefined>;
  /** Has its processes get the processor when nobody else wants it, until the result is disposed of. */
  weighLeast(): Promise<AsyncDisposable>;
  /** Stops every process where it is until the result is disposed of. */
  freeze(): Promise<AsyncDisposable>;
  /**
   * Writes its processes with their memory to files in `directory`, and lets them go on.
   *
   * @throws AppError CHECKPOINT_FAILED when they have something that cannot be written.
   */
  checkpoint(options: { directory: string; criu: Criu; signal: AbortSignal }): Promise<void>;
  /**
   * Runs one more process in the container and resolves with its exit code. Its environment is the container's plus
   * `env`. With a terminal, all output comes as "stdout". On abort the process and its group are killed.
   *
   * @throws AppError CONTAINER_EXEC_FAILED when the program could not be started.
   */
  exec(args: string[], options: ExecOptions): Promise<number>;
}

export interface ContainerExit {
  /** As a shell counts: 128 + n after signal n. */
  code: number;
  signal?: NodeJS.Signals;
  /** The kernel killed one of its processes because the memory limit was reached, and the container failed. */
  outOfMemory: boolean;
  /** The limit that was reached; absent when it was that of all containers together. */
  memoryLimitBytes?: number;
}

export interface ExecOptions {
  env?: Record<string, string>;
  /** Default: the container's. */
  cwd?: string;
  onOutput: OnOutput;
  terminal?: ExecTerminal;
  stdin?: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}
