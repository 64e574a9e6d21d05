import { trimHeap } from "@dorian/linux/trim-heap";
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const mebibyte = 1024 * 1024;
const lookEveryMs = 5_000;
/** Bytes above what was left the last time that are worth giving back. */
const worthBytes = 32 * mebibyte;
/** Share of the time in which the process does something, up to which it counts as having nothing to do. */
const idleShare = 0.2;

/** What is known at one look. */
export interface MemoryLook {
  /** Resident. */
  heldBytes: number;
  /** Held after the last time, or at the start. */
  baseBytes: number;
  /** Share of the time since the last look in which the process did something. */
  busyShare: number;
}

/** Is it time to give memory back? Under load V8 collects by itself, and what is freed is soon used again. */
export function isTimeToGiveBack({ heldBytes, baseBytes, busyShare }: MemoryLook): boolean {
  return busyShare <= idleShare && heldBytes - baseBytes > worthBytes;
}

/**
 * Gives memory back to the machine after a burst, until it is disposed of. A process that allocates nothing collects nothing, and
 * the C library keeps what is freed: what a peer once made it hold would stay for as long as it is at rest.
 */
export function giveBackMemory(): Disposable {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let baseBytes = heldNow();
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const busyShare = performance.eventLoopUtilization(now, before).utilization;
    before = now;
    const heldBytes = heldNow();
    if (isTimeToGiveBack({ heldBytes, baseBytes, busyShare })) {
      collect();
      trimHeap();
      baseBytes = heldNow();
    } else baseBytes = Math.min(baseBytes, heldBytes);
  }, lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** 0 when it cannot be told: a process that has no file left to open cannot ask the kernel. */
function heldNow(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
