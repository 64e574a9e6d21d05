import { randomUUID } from "node:crypto";
import { closeSync, fchmodSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The file that a guest waits for once it has asked for a snapshot, in its private directory. */
const fileName = "restore-state.json";

/** What a guest calls itself from now on. Old clients identify a container by its secret, and forget theirs when they hang up. */
export function identityOf(taskId: string): Record<string, string> {
  return { task_id: taskId, task_secret: taskId };
}

/**
 * Lets a guest go on that waits since it asked for a snapshot: there where it was taken, or in a container that was brought back. What
 * is written here it takes into its environment. No container comes to where the directory lies, but what is in it is the container's:
 * nothing that it has put there is followed, or waited for.
 */
export function wakeGuest(privateDirectory: string, state: Record<string, string>): void {
  const draft = join(privateDirectory, `${fileName}.${randomUUID()}`);
  const file = openSync(draft, "wx");
  try {
    writeFileSync(file, JSON.stringify(state));
    // Whatever the operator's umask is: the guest may be any user.
    fchmodSync(file, 0o644);
  } finally {
    closeSync(file);
  }
  // A guest that looks sees all of it or nothing.
  renameSync(draft, join(privateDirectory, fileName));
}
