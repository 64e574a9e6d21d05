import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { Stopwatch } from "@dorian/base/stopwatch";
import { killNow } from "../../cgroup/cgroup.ts";

const pollMs = 10;
/** Milliseconds for processes that were killed to be gone: one that waits for its disk may take that long. */
const patienceMs = 30_000;
const mostWords = 4096;

/**
 * Runs a program until it ends, in a process group of its own. On abort all of the group is killed, and gone by the time that this
 * rejects with the signal's reason; what a program leaves that was killed by somebody else is killed as well.
 */
export async function runInGroup(
  program: string,
  args: string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (words = (words + text).slice(-mostWords)));
  const closed = once(child, "close");
  const { pid } = child;
  const kill = () => {
    if (pid !== undefined) killNow(-pid);
  };
  onAbort(signal, kill);
  try {
    await closed;
  } finally {
    offAbort(signal, kill);
  }
  if (pid !== undefined && (signal.aborted || child.signalCode !== null)) {
    kill();
    await gone(pid);
  }
  signal.throwIfAborted();
  if (child.exitCode !== 0) throw new Error(words.trim() || `${program} failed.`);
}

async function gone(group: number): Promise<void> {
  const watch = new Stopwatch();
  while (watch.ms < patienceMs && (await hasMembers(group))) await delay(pollMs);
}

/** Zombies, which have let go of everything, are none. */
async function hasMembers(group: number): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.some((stat) => {
    const [state, , its] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(its) === group && state !== "Z" && state !== "X";
  });
}
