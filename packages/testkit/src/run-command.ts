import { spawn } from "node:child_process";
import { once } from "node:events";
import { dorianCommand } from "./checkout.ts";

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
  /** Command that runs the one behind it, e.g. in a network namespace. */
  within?: string[];
  /** Sees output as it arrives. */
  onOutput?: (text: string, send: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `dorian …` against the server of `dataDirectory` and waits for its end. */
export function dorian(
  dataDirectory: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [node, bin] = dorianCommand;
  const env = { DORIAN_DATA: dataDirectory, ...options.env };
  return runCommand([...(options.within ?? []), node, bin, ...args], { ...options, env });
}

/** Runs a command with this process's environment and `options.env`, without colours, and waits for its end. */
export async function runCommand(
  [program = "", ...args]: string[],
  options: Omit<CommandOptions, "within">,
): Promise<CommandResult> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const send = (signal: NodeJS.Signals) => void child.kill(signal);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    options.onOutput?.(text, send);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onOutput?.(text, send);
  });
  // A command that reads no input may have ended before it is there.
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
