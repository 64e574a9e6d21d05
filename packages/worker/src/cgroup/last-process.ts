import { readFile } from "node:fs/promises";

/** Id of the process or thread that began last on this machine. They are given out in order, and from the start again at the end. */
export async function lastProcess(): Promise<number> {
  return Number((await readFile("/proc/loadavg", "utf8")).trim().split(" ").at(-1));
}
