import { spawn } from "node:child_process";
import { once } from "node:events";
import { errnoOf } from "@dorian/base/app-error";
import { offAbort, onAbort } from "@dorian/base/on-abort";

export interface SuiteCommand {
  cwd: string;
  env?: Record<string, string>;
  signal: AbortSignal;
}

/** How long a suite has to end by itself once it is asked to. */
const graceMs = 5_000;

/** Runs a command with all that it starts in a process group of its own, so that an abort ends all of it. Returns what it printed. */
export async function suiteProcess(
  [program = "", ...args]: string[],
  { cwd, env, signal }: SuiteCommand,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const end = (how: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, how);
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    end("SIGTERM");
    timer = setTimeout(() => end("SIGKILL"), graceMs);
  };
  onAbort(signal, stop);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.once("error", (cause) => {
    if (errnoOf(cause) === "ENOENT")
      cause.message += `: install ${program}, or leave out what needs it with --only`;
  });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    signal.throwIfAborted();
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    offAbort(signal, stop);
  }
}

/** The same, for a command that must succeed. */
export async function mustRun(command: string[], options: SuiteCommand): Promise<string> {
  const { code, stdout, stderr } = await suiteProcess(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} failed in ${options.cwd} (${code}):\n${stdout}\n${stderr}`);
}
