import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The file that a guest waits for once it has asked for a snapshot, in its private directory. */
const fileName = "restore-state.json";

/** What a guest calls itself from now on. Old clients identify a container by its secret, and forget theirs when they hang up. */
export function identityOf(taskId: string): Record<string, string> {
  return { task_id: taskId, task_secret: taskId };
}

/**
 * Lets a guest go on that waits since it asked for a snapshot: there where it was taken, or in a container that was brought back. What
 * is written here it takes into its environment.
 */
export function wakeGuest(privateDirectory: string, state: Record<string, string>): void {
  const path = join(privateDirectory, fileName);
  writeFileSync(`${path}.new`, JSON.stringify(state));
  // A guest that looks sees all of it or nothing.
  renameSync(`${path}.new`, path);
}
