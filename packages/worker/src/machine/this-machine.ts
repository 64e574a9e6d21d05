import { readFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import type { Machine } from "./machine-share.ts";

const mebibyte = 1024 * 1024;
/** Process ids of a kernel that does not say. */
const usualPidMax = 32_768;

/** What there is to share: the machine's, or what the control group gives that Dorian itself runs in. */
export async function thisMachine(): Promise<Machine> {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const limits = await Promise.all(["pid_max", "threads-max"].map(kernelNumber));
  return {
    milliCpu: availableParallelism() * 1000,
    memoryMb: Math.floor(memory / mebibyte),
    pids: Math.min(...limits),
  };
}

async function kernelNumber(name: string): Promise<number> {
  const text = await readFile(`/proc/sys/kernel/${name}`, "utf8").catch(() => "");
  return Number(text) || usualPidMax;
}
