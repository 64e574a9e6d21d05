import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";

/**
 * Process ids of every `runc --root` with its state in `directory`, or below: one that writes a snapshot has a state of its own. A zombie
 * has no command line, so one that nobody waits for is left out.
 */
export async function runtimeProcesses(directory: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const matches = await Promise.all(pids.map((pid) => isRuntime(pid, directory)));
  return pids.filter((_, index) => matches[index]).map(Number);
}

async function isRuntime(pid: string, directory: string): Promise<boolean> {
  try {
    const args = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    return args[1] === "--root" && `${args[2]}/`.startsWith(join(directory, "/"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}
