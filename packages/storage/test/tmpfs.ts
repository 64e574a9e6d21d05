import { execFileSync } from "node:child_process";
import { unmount } from "@dorian/linux/mount";

/** A small file system of its own at `directory`, to run out of space on. */
export function tmpfs(directory: string, options: string): Disposable & { path: string } {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "dorian-test", directory]);
  return { path: directory, [Symbol.dispose]: () => void unmount(directory) };
}
