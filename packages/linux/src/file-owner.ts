import koffi from "koffi";
import { check } from "./libc.ts";

/** The version of the capability calls with two words for each set. */
const capabilityVersion = 0x2008_0522;

const glibc = koffi.load("libc.so.6");
const setfsuid = glibc.func("int setfsuid(uint)");
const setfsgid = glibc.func("int setfsgid(uint)");
const capget = glibc.func("int capget(uint32_t *, _Out_ uint32_t *)");
const capset = glibc.func("int capset(uint32_t *, uint32_t *)");

/**
 * Runs `work` (synchronous) such that the files it makes belong to the user and the group `id`, with all that root may
 * do. Only the calling thread changes, and no other JavaScript runs on it in between.
 */
export function asFileOwner<T>(id: number, work: () => T): T {
  const header = new Uint32Array([capabilityVersion, 0]);
  const capabilities = new Uint32Array(6);
  check(capget(header, capabilities), "capget");
  try {
    setfsgid(id);
    setfsuid(id);
    // The kernel takes root's rights over files from whoever ceases to own them as root.
    check(capset(header, capabilities), "capset");
    return work();
  } finally {
    setfsuid(0);
    setfsgid(0);
    check(capset(header, capabilities), "capset");
  }
}
