import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ModalClient } from "@dorian/testkit/modal-client";

export interface PythonProgram extends AsyncDisposable {
  /** Sends a line to the program and returns the line that it answers. */
  ask(line: string): Promise<string>;
}

/** A program of `bench/apps` in one Python process for all rounds: its start is no part of what is measured. */
export function askPython(client: ModalClient, program: string): PythonProgram {
  const child = spawn(join(client.directory, "bin/python"), [join(import.meta.dirname, "../apps", program)], {
    env: { ...process.env, ...client.environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("The Python process of the bench has ended.");
      return String(value);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
