import { spawn } from "node:child_process";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { setOomScore } from "@dorian/linux/oom-score";
import { LineAssembler } from "../log/line-assembler.ts";

export interface HostToolOptions {
  /** Debian package that has the program. */
  debianPackage: string;
  env: Record<string, string>;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** Milliseconds between asking a program to end and ending it. */
const graceMs = 5_000;

/**
 * Runs a program of this machine until it ends, with all its descendants when `signal` aborts. Returns the exit code.
 *
 * @throws AppError HOST_TOOL_MISSING naming the Debian package, or the signal's reason.
 */
export async function runHostTool(
  command: string,
  args: string[],
  options: HostToolOptions,
): Promise<number> {
  const { signal } = options;
  signal.throwIfAborted();
  const ended = Promise.withResolvers<number>();
  // In a process group of its own, so that what it spawned is ended with it.
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: options.env,
  });
  // An ordinary program, unlike the worker: what it unpacks may be large.
  if (child.pid !== undefined) setOomScore(0, child.pid);
  child.once("error", (error) => ended.reject(spawnError(command, options.debianPackage, error)));
  child.once("close", (code, by) => ended.resolve(code ?? (by === null ? 1 : 128)));
  for (const stream of [child.stdout, child.stderr]) {
    const lines = new LineAssembler();
    const say = (text: string) => linesOf(text).forEach((line) => options.onLine(line));
    stream.on("data", (chunk: Buffer) => say(lines.write(chunk))).once("end", () => say(lines.end()));
  }
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    killGroup(child.pid, "SIGTERM");
    killing = setTimeout(() => killGroup(child.pid, "SIGKILL"), graceMs);
  };
  onAbort(signal, stop);
  try {
    const code = await ended.promise;
    signal.throwIfAborted();
    return code;
  } finally {
    clearTimeout(killing);
    offAbort(signal, stop);
  }
}

/** What an assembler gives out ends with a line's end, but for the last of all. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

function spawnError(command: string, debianPackage: string, error: unknown): unknown {
  if (errnoOf(error) !== "ENOENT") return error;
  return hostToolMissing(command, debianPackage, error);
}

/** A program that a build needs of the worker's machine is not there. */
export function hostToolMissing(command: string, debianPackage: string, cause?: unknown): AppError {
  return new AppError("HOST_TOOL_MISSING", `The program ${command} is not installed on this machine.`, {
    remedy: `Install it with \`apt-get install ${debianPackage}\`.`,
    cause,
  });
}
