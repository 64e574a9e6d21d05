import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { dorianCommand } from "./checkout.ts";
import { serverEvidence } from "./evidence/evidence.ts";

export interface DorianProcessOptions {
  dataDirectory: string;
  /** "up" unless the test takes server and worker apart. */
  command?: "up" | "server" | "worker";
  args?: string[];
  env?: Record<string, string>;
  /** Command that runs the one behind it, e.g. in a network namespace. */
  within?: string[];
}

/** A server or worker as its own process, the way an operator starts it. */
export class DorianProcess implements AsyncDisposable {
  readonly dataDirectory: string;
  /** What the process said when it was ready, e.g. its url. */
  readonly ready: Record<string, unknown>;
  #child: ChildProcess;
  #output: string[];

  private constructor(
    dataDirectory: string,
    ready: Record<string, unknown>,
    child: ChildProcess,
    output: string[],
  ) {
    this.dataDirectory = dataDirectory;
    this.ready = ready;
    this.#child = child;
    this.#output = output;
  }

  static async start(options: DorianProcessOptions): Promise<DorianProcess> {
    const [node, bin] = dorianCommand;
    const listen = options.command === "worker" ? [] : ["--listen", "127.0.0.1:0"];
    const [program = node, ...prefix] = [...(options.within ?? []), node];
    const child = spawn(
      program,
      [
        ...prefix,
        bin,
        options.command ?? "up",
        "--data",
        options.dataDirectory,
        ...listen,
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
      stream?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
    const lines = createInterface({ input: child.stdio[3] as Readable });
    const first = await Promise.race([
      once(lines, "line").then(([line]) => JSON.parse(String(line)) as Record<string, unknown>),
      once(child, "exit").then(() => undefined),
    ]);
    if (!first)
      throw new Error(`dorian ${options.command ?? "up"} ended before it was ready:\n${output.join("")}`);
    return new DorianProcess(options.dataDirectory, first, child, output);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Everything it wrote to stdout and stderr so far. */
  get output(): string {
    return this.#output.join("");
  }

  /** SIGKILL: no clean-up of its own. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }
}
