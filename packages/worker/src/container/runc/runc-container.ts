import type { ChildProcessByStdio } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { errnoOf } from "@dorian/base/app-error";
import {
  freeze,
  hitOwnMemoryLimit,
  killAll,
  oomKillsOf,
  processesOf,
  thaw,
  weighLeast,
} from "../../cgroup/cgroup.ts";
import { type ProcessCount, processCountOf } from "../../cgroup/process-count.ts";
import type { ContainerSpec } from "../container-spec.ts";
import type { Container, ContainerExit, ExecOptions } from "../runtime.ts";
import type { Criu } from "./criu.ts";
import { checkpoint } from "./checkpoint.ts";
import { runcExec } from "./runc-exec.ts";
import { signalInside } from "./signal-inside.ts";
import { type ContainerSite, removeTraces } from "./container-site.ts";

export type RuncProcess = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** A container whose parent is a `runc run` that ends with it. */
export class RuncContainer implements Container {
  readonly pid: number;
  readonly exited: Promise<ContainerExit>;
  #spec: ContainerSpec;
  #site: ContainerSite;
  #runc: RuncProcess;
  /** Settles when nothing of it is left. */
  readonly removed: Promise<void>;
  #freezes = 0;
  /** Settles when no snapshot is being written: CRIU stops the processes, and lets them run on, by the same file. */
  #checkpoint: Promise<void> = Promise.resolve();
  #execs = 0;

  constructor(parts: {
    spec: ContainerSpec;
    site: ContainerSite;
    runc: RuncProcess;
    pid: number;
    /** runc's exit code, once it ended and all output was read. */
    closed: Promise<number>;
  }) {
    this.#spec = parts.spec;
    this.#site = parts.site;
    this.#runc = parts.runc;
    this.pid = parts.pid;
    this.exited = parts.closed.then((code) => this.#exitOf(code));
    this.removed = this.exited.then(() => removeTraces(parts.site));
    // Whoever disposes of the container is told.
    this.removed.catch(() => undefined);
  }

  get mountsCanBeReplaced(): boolean {
    return this.#site.engine.processes === "on the host";
  }

  signal(name: NodeJS.Signals): void {
    // runc waits for the process: while runc runs, the process id cannot belong to another.
    if (this.#runc.exitCode !== null || this.#runc.signalCode !== null) return;
    if (this.#site.engine.processes === "sandboxed") {
      signalInside({ spec: this.#spec, site: this.#site }, name);
      return;
    }
    try {
      process.kill(this.pid, name);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error;
    }
  }

  async kill(): Promise<void> {
    await killAll(this.#site.layout, this.#site.cgroup);
    await this.exited;
  }

  pids(): Promise<number[]> {
    return processesOf(this.#site.layout, this.#site.cgroup);
  }

  processCount(): Promise<ProcessCount | undefined> {
    return processCountOf(this.#site.layout, this.#site.cgroup);
  }

  weighLeast(): Promise<AsyncDisposable> {
    return weighLeast(this.#site.layout, this.#site.cgroup);
  }

  async freeze(): Promise<AsyncDisposable> {
    const { layout, cgroup } = this.#site;
    await this.#checkpoint;
    this.#freezes += 1;
    const release = async () => {
      this.#freezes -= 1;
      if (this.#freezes === 0) await thaw(layout, cgroup);
    };
    try {
      await freeze(layout, cgroup);
    } catch (error) {
      await release();
      throw error;
    }
    let released: Promise<void> | undefined;
    return { [Symbol.asyncDispose]: () => (released ??= release()) };
  }

  async checkpoint(options: { directory: string; criu: Criu; signal: AbortSignal }): Promise<void> {
    const writing = checkpoint(this.#site, options);
    this.#checkpoint = writing.catch(() => undefined);
    try {
      await writing;
    } catch (error) {
      // CRIU, if it was killed, has left the group as it had stopped it.
      if (this.#freezes === 0) await thaw(this.#site.layout, this.#site.cgroup);
      throw error;
    }
  }

  exec(args: string[], options: ExecOptions): Promise<number> {
    this.#execs += 1;
    return runcExec(args, options, {
      spec: this.#spec,
      site: this.#site,
      name: `exec-${this.#execs}`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.removed;
  }

  async #exitOf(code: number): Promise<ContainerExit> {
    const { layout, cgroup } = this.#site;
    const signal = signalOf(code);
    // An unreadable count says nothing about the process's end, which is what everyone waits for.
    const oomKills = code === 0 ? 0 : await oomKillsOf(layout, cgroup).catch(() => 0);
    const exit = { code, ...(signal && { signal }) };
    if (oomKills === 0) return { ...exit, outOfMemory: false };
    const { memoryBytes } = this.#spec.limits;
    const isOwn = await hitOwnMemoryLimit(layout, cgroup).catch(() => true);
    return {
      ...exit,
      outOfMemory: true,
      ...(isOwn && memoryBytes !== undefined && { memoryLimitBytes: memoryBytes }),
    };
  }
}

function signalOf(code: number): NodeJS.Signals | undefined {
  const names = Object.entries(constants.signals);
  return names.find(([, number]) => number === code - 128)?.[0] as NodeJS.Signals | undefined;
}
