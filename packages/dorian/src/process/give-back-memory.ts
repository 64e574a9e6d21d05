import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const mebibyte = 1024 * 1024;
const lookEveryMs = 5_000;
/** Bytes above what was left after the last collection that are worth one. */
const worthBytes = 48 * mebibyte;
/** Share of the time in which the process does something, up to which it counts as having nothing to do. */
const idleShare = 0.2;

/** What is known at one look. */
export interface MemoryLook {
  heldBytes: number;
  /** Held after the last collection, or at the start. */
  baseBytes: number;
  /** Share of the time since the last look in which the process did something. */
  busyShare: number;
}

/** Is it time to collect garbage? Under load V8 does so by itself. */
export function isWorthCollecting({ heldBytes, baseBytes, busyShare }: MemoryLook): boolean {
  return busyShare <= idleShare && heldBytes - baseBytes > worthBytes;
}

/**
 * Gives memory back to the machine after a burst, until it is disposed of. A process that allocates nothing collects nothing, so
 * that what a peer once made it hold would stay for as long as it is at rest.
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
    if (isWorthCollecting({ heldBytes, baseBytes, busyShare })) {
      collect();
      baseBytes = heldNow();
    } else baseBytes = Math.min(baseBytes, heldBytes);
  }, lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function heldNow(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
