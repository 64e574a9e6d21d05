import { readFile } from "node:fs/promises";

/**
 * The directories that a running container's root file system is stacked of, lowest first. The container may see them under user ids
 * of its own; these are the ones below the data directory.
 */
export async function layersOf(taskId: string, dataDirectory: string): Promise<string[]> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const root = mounts.find((line) => line.includes(`/tasks/${taskId}/root `)) ?? "";
  const appended = [...root.matchAll(/lowerdir\+=([^,\s]+)/g)].map((match) => match[1] ?? "");
  const joined = /lowerdir=([^,\s]+)/.exec(root)?.[1]?.split(":") ?? [];
  const layers = appended.length > 0 ? appended : joined;
  if (layers.length === 0) throw new Error(`There is no container ${taskId} on this machine.`);
  return layers
    .toReversed()
    .map((path) => path.replace(/^\/run\/dorian\/[0-9a-f]+\/users\/\d+\/data/, dataDirectory));
}
