import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ModalClient } from "../modal-client.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../temporary-directory.ts";
import { pythonCaller } from "./python-app.ts";

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** Users of the official Python client, in one process. */
export class PythonCaller implements AsyncDisposable {
  #child: ChildProcess;
  #project: TemporaryDirectory;
  #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #count = 0;
  #stderr = "";

  private constructor(child: ChildProcess, project: TemporaryDirectory) {
    this.#child = child;
    this.#project = project;
    if (!child.stdout) throw new Error("the caller was started without its output");
    createInterface({ input: child.stdout }).on("line", (line) => this.#read(line));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    child.once("exit", () => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the Python caller ended: ${this.#stderr}`));
      this.#waiting.clear();
    });
  }

  static async start(client: ModalClient): Promise<PythonCaller> {
    const project = await temporaryDirectory({ "caller.py": pythonCaller });
    const child = spawn("python", ["caller.py"], {
      cwd: project.path,
      env: { ...process.env, ...client.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    return new PythonCaller(child, project);
  }

  /** Resolves with what the client got; an exception of Python is thrown with its type's name before its text. */
  do(deed: string, ...args: unknown[]): Promise<unknown> {
    const id = ++this.#count;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, deed, args })}\n`);
    });
    // Whoever asks for several awaits them later: one that fails before is no unhandled rejection, which ends a run that a repetition would save.
    answer.catch(() => undefined);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
    await this.#project[Symbol.asyncDispose]();
  }

  #read(line: string): void {
    const { id, value, error } = JSON.parse(line) as Answer;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
