import { type ChildProcess, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inNetworkNamespace } from "@dorian/linux/network-namespace";
import type { CgroupLayout } from "../cgroup/cgroup-layout.ts";
import { killAll, processesOf, removeGroup } from "../cgroup/cgroup.ts";
import { limitGroup } from "../cgroup/limit-group.ts";
import { filerScript } from "./filer-script.ts";

const mebibyte = 1024 * 1024;

/** What one filer may use: its memory of files, what it knows of objects, and what is on its way. */
const limits = { memoryBytes: 768 * mebibyte, pids: 512, cpuWeight: 100 };

/** Of what a filer says, the last so many characters are kept: a bucket may make it say anything. */
const saidLimit = 4_096;

export interface FilerOptions {
  /** Empty directory for its root. */
  root: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Descriptor of the file system's connection. */
  connection: number;
  user: number;
  /** File at which its network namespace is mounted. */
  network: string;
  /** Files for its /etc/resolv.conf and its certificates. */
  resolver: string;
  certificates: string | undefined;
  /** Directory for what is being written; undefined for so much memory. */
  cache: string | undefined;
  memoryBytes: number;
  layout: CgroupLayout;
  /** Name of its control group ("/dorian-1a2b3c4d/bucket-…"). */
  group: string;
}

/** The process that serves the files of one bucket. Disposal kills it. */
export class Filer implements AsyncDisposable {
  /** Resolves once it is gone, whoever ended it. */
  readonly exited: Promise<void>;
  #layout: CgroupLayout;
  #group: string;
  #said = "";

  private constructor(process: ChildProcess, { layout, group }: Pick<FilerOptions, "layout" | "group">) {
    this.#layout = layout;
    this.#group = group;
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-saidLimit);
      });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    process.once("close", () => resolve());
    process.once("error", (error) => {
      this.#said += String(error);
      resolve();
    });
  }

  static async start(options: FilerOptions): Promise<Filer> {
    const { layout, group, connection, network, env } = options;
    await limitGroup(layout, group, limits);
    const roots = [layout.memory?.root, layout.pids?.root, layout.cpu?.root].flatMap((root) => root ?? []);
    const groups = [...new Set([layout.processes, ...roots])].map((root) => join(root, group));
    for (const directory of groups) await mkdir(directory, { recursive: true });
    const args = [
      "--mount",
      "--ipc",
      "--uts",
      "--pid",
      "--fork",
      "--kill-child",
      "sh",
      "-c",
      filerScript,
      "filer",
      options.root,
      String(options.user),
      options.resolver,
      options.certificates ?? "",
      options.cache ?? "",
      String(options.memoryBytes),
      String(groups.length),
      ...groups.map((directory) => join(directory, "cgroup.procs")),
      ...options.command,
    ];
    const process = inNetworkNamespace(network, () =>
      spawn("unshare", args, { env, cwd: "/", stdio: ["ignore", "pipe", "pipe", connection] }),
    );
    return new Filer(process, options);
  }

  /** What it complained of last. */
  get complaint(): string {
    const lines = this.#said.split("\n").filter((line) => line.trim() !== "" && !line.includes("[INF]"));
    return lines.at(-1) ?? "";
  }

  pids(): Promise<number[]> {
    return processesOf(this.#layout, this.#group);
  }

  /** Whoever waits for a file is refused then. */
  async kill(): Promise<void> {
    await killAll(this.#layout, this.#group);
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await removeGroup(this.#layout, this.#group);
  }
}
