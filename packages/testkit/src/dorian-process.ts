import { errnoOf } from "@dorian/base/app-error";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { dorianCommand } from "./checkout.ts";
import { eventually } from "./eventually.ts";
import { serverEvidence } from "./evidence/evidence.ts";

/** What a test leaves running is not waited for as long as an operator would. */
const graceSecs = 5;

export interface DorianProcessOptions {
  dataDirectory: string;
  /** "up" unless the test takes server and worker apart. */
  command?: "up" | "server" | "worker";
  args?: string[];
  env?: Record<string, string>;
  /** Command that runs the one behind it, e.g. in a network namespace. */
  within?: string[];
  /** Node, and the `dorian` it runs: this checkout's unless the test has one installed. */
  program?: readonly [node: string, bin: string];
  /** Given what it writes to stdout and stderr as it comes. */
  onOutput?: (text: string) => void;
}

/** A server or worker as its own process, the way an operator starts it. */
export class DorianProcess implements AsyncDisposable {
  readonly dataDirectory: string;
  /** What the process said when it was ready, e.g. its url. */
  readonly ready: Record<string, unknown>;
  readonly #command: "up" | "server" | "worker";
  #child: ChildProcess;
  #output: string[];

  private constructor(
    dataDirectory: string,
    ready: Record<string, unknown>,
    command: "up" | "server" | "worker",
    child: ChildProcess,
    output: string[],
  ) {
    this.dataDirectory = dataDirectory;
    this.ready = ready;
    this.#command = command;
    this.#child = child;
    this.#output = output;
  }

  static async start(options: DorianProcessOptions): Promise<DorianProcess> {
    const [node, bin] = options.program ?? dorianCommand;
    const listen = options.command === "worker" ? [] : ["--listen", "127.0.0.1:0"];
    const command = options.command ?? "up";
    const isGraceful = command === "server" || options.args?.includes("--grace");
    const grace = isGraceful ? [] : ["--grace", String(graceSecs)];
    const [program = node, ...prefix] = [...(options.within ?? []), node];
    const child = spawn(
      program,
      [
        ...prefix,
        bin,
        command,
        "--data",
        options.dataDirectory,
        ...listen,
        ...grace,
        "--ready-fd",
        "3",
        ...(options.args ?? []),
      ],
      {
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        env: { ...process.env, ...serverEvidence(), ...options.env },
      },
    );
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        output.push(chunk.toString());
        options.onOutput?.(chunk.toString());
      });
    const lines = createInterface({ input: child.stdio[3] as Readable });
    const first = await Promise.race([
      once(lines, "line").then(([line]) => JSON.parse(String(line)) as Record<string, unknown>),
      once(child, "exit").then(() => undefined),
    ]);
    if (!first) throw new Error(`dorian ${command} ended before it was ready:\n${output.join("")}`);
    return new DorianProcess(options.dataDirectory, first, command, child, output);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The process that is the data directory's server or worker now: under `dorian up` it is not the one that was started. */
  async pidOf(role: "server" | "worker"): Promise<number> {
    const [pid] = (await readFile(join(this.dataDirectory, `${role}.pid`), "utf8")).split("\n");
    return Number(pid);
  }

  /** Everything it wrote to stdout and stderr so far. */
  get output(): string {
    return this.#output.join("");
  }

  /** SIGKILL for all its processes: no clean-up of its own. Resolves when they are gone. */
  async kill(): Promise<void> {
    const processes = this.#command === "up" ? await this.#supervised() : [];
    // One that runs would start the others again.
    if (processes.length > 0) this.#child.kill("SIGSTOP");
    for (const pid of processes) process.kill(pid, "SIGKILL");
    await this.#end("SIGKILL");
    await eventually(
      async () => processes.filter(isAlive),
      (alive) => alive.length === 0,
    );
  }

  /** SIGKILL for the process that was started alone. */
  async killAlone(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #supervised(): Promise<number[]> {
    return await Promise.all((["server", "worker"] as const).map((role) => this.pidOf(role)));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }
}

/** Its state is Z when it has ended and nobody has asked for its end yet. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}
