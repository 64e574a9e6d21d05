import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../input.ts";

export interface AskOptions {
  /** Shows nothing of what is typed. */
  hidden?: boolean;
}

/**
 * Asks for a line on the terminal.
 *
 * @throws UsageError when the terminal is closed instead
 */
export async function ask(
  question: string,
  context: Pick<CommandContext, "stdin" | "output" | "signal">,
  { hidden = false }: AskOptions = {},
): Promise<string> {
  const { stdin, output, signal } = context;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  using lines = createInterface(
    hidden ? { input: stdin, output: nowhere, terminal: true, historySize: 0 } : { input: stdin },
  );
  // Only now: what is typed at once is not shown either.
  output.pass("stderr", `${question} `);
  // A terminal whose keys are read one by one sends no signal for Ctrl-C.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const closed = new Promise<never>((_resolve, reject) => {
    lines.once("close", () => reject(new UsageError(`There was no answer. (${question})`, "run it again.")));
  });
  try {
    return await Promise.race([lines.question("", { signal }), closed]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    closed.catch(() => undefined);
    if (hidden) output.pass("stderr", "\n");
  }
}
