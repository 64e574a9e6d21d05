import { closeSync, openSync } from "node:fs";
import koffi from "koffi";
import { check } from "./libc.ts";

const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x20000;

const glibc = koffi.load("libc.so.6");
const unshare = glibc.func("int unshare(int)");
const setns = glibc.func("int setns(int, int)");

/**
 * Runs `work` (synchronous) where the process `pid` sees its mounts: absolute paths are that process's. Only the calling
 * thread goes there, and no other JavaScript runs on it in between. A thread that cannot return ends with its process.
 */
export function inMountNamespace<T>(pid: number, work: () => T): T {
  const target = openSync(`/proc/${pid}/ns/mnt`, "r");
  try {
    const home = openSync("/proc/thread-self/ns/mnt", "r");
    try {
      // Threads share root and working directory, and a thread that shares them may not change its mounts.
      check(unshare(CLONE_FS), "unshare of the working directory");
      check(setns(target, CLONE_NEWNS), `enter the mount namespace of process ${pid}`);
      try {
        return work();
      } finally {
        // What this thread opened from here on would be chosen by that process.
        if (Number(setns(home, CLONE_NEWNS)) !== 0) process.abort();
      }
    } finally {
      closeSync(home);
    }
  } finally {
    closeSync(target);
  }
}
