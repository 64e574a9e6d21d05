import { existsSync, readFileSync } from "node:fs";
import { sleep } from "@dorian/base/sleep";

const lookEveryMs = 10;

/**
 * Waits for the file that the worker writes when the container goes on after a snapshot, here or in another container, and takes what it
 * says into the environment. The file stays: a container waits once, and its user may not be allowed to remove it.
 */
export async function waitUntilWoken(path: string, env: NodeJS.ProcessEnv): Promise<void> {
  const never = new AbortController().signal;
  while (!existsSync(path)) await sleep(lookEveryMs, { signal: never });
  const state = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
  for (const [name, value] of Object.entries(state)) env[`MODAL_${name.toUpperCase()}`] = value;
}
