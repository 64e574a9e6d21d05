import { closeSync, openSync, writeFileSync } from "node:fs";
import { bindMount } from "./mount.ts";
import { check } from "./libc.ts";
import koffi from "koffi";

const CLONE_NEWNET = 0x40000000;
const here = "/proc/thread-self/ns/net";

const glibc = koffi.load("libc.so.6");
const unshare = glibc.func("int unshare(int)");
const setns = glibc.func("int setns(int, int)");

/**
 * Makes a network namespace that lives as long as it is mounted at `path` (a new file), and runs `setUp` in it.
 * `setUp` must be synchronous: it and all that it spawns or listens on belong to the new namespace.
 */
export function createNetworkNamespace(path: string, setUp: () => void): void {
  writeFileSync(path, "", { flag: "wx" });
  comeBackAfter(() => {
    check(unshare(CLONE_NEWNET), "unshare of the network namespace");
    bindMount(here, path);
    setUp();
  });
}

/** Mounts the network namespace that a process is in at `path`, a new file: it lives as long as that. */
export function mountNetworkNamespace(pid: number, path: string): void {
  writeFileSync(path, "", { flag: "wx" });
  bindMount(`/proc/${pid}/ns/net`, path);
}

/** Runs `work` (synchronous) in the network namespace mounted at `path`; child processes it spawns stay there. */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
  const target = openSync(path, "r");
  try {
    return comeBackAfter(() => {
      check(setns(target, CLONE_NEWNET), `enter the network namespace ${path}`);
      return work();
    });
  } finally {
    closeSync(target);
  }
}

// Only the calling thread moves, and no other JavaScript runs on it in between.
function comeBackAfter<T>(work: () => T): T {
  const home = openSync(here, "r");
  try {
    return work();
  } finally {
    check(setns(home, CLONE_NEWNET), "return to the host's network namespace");
    closeSync(home);
  }
}
