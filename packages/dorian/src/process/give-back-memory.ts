import { trimHeap } from "@dorian/linux/trim-heap";
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const mebibyte = 1024 * 1024;
const lookEveryMs = 5_000;
/** Bytes that are worth giving back. */
const worthBytes = 32 * mebibyte;
/** Share of the time in which the process does something, up to which it counts as having nothing to do. */
const idleShare = 0.2;
/** Looks until what was in use the last time is asked for again: twice as many each time, five minutes at last. */
const mostLooksBetween = 64;

/** For so many looks after a burst, two minutes, it is asked for every few looks: what peers left behind is let go of by and by. */
const looksAfterBurst = 24;
const looksBetweenThen = 4;

/** What is known at one look. */
export interface MemoryLook {
  /** Resident. */
  heldBytes: number;
  /** The least that was ever held at a look. */
  leastBytes: number;
  /** Held after the last time; undefined before the first. */
  leftBytes: number | undefined;
  /** Looks since the last time. */
  looks: number;
  /** How many there are to be, unless much has come since. */
  looksBetween: number;
  /** Looks since the process last had much to do. */
  quietLooks: number;
  /** Share of the time since the last look in which the process did something. */
  busyShare: number;
}

/**
 * Is it time to give memory back? Under load V8 collects by itself, and what is freed is soon used again. What was still in use
 * the last time may be garbage by now, and nothing tells of it.
 */
export function isTimeToGiveBack(look: MemoryLook): boolean {
  const { heldBytes, leastBytes, leftBytes = leastBytes, looks, quietLooks, busyShare } = look;
  if (busyShare > idleShare || heldBytes - leastBytes <= worthBytes) return false;
  const most = quietLooks <= looksAfterBurst ? looksBetweenThen : mostLooksBetween;
  const looksBetween = Math.min(look.looksBetween, most);
  return heldBytes - leftBytes > worthBytes || looks >= looksBetween;
}

/**
 * Gives memory back to the machine after a burst, until it is disposed of. A process that allocates nothing collects nothing, and
 * the C library keeps what is freed: what a peer once made it hold would stay for as long as it is at rest.
 */
export function giveBackMemory(options: { lookEveryMs?: number } = {}): Disposable {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let leastBytes = heldNow() ?? Infinity;
  let leftBytes: number | undefined;
  let looks = 0;
  let looksBetween = 1;
  let quietLooks = Infinity;
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const busyShare = performance.eventLoopUtilization(now, before).utilization;
    before = now;
    looks += 1;
    quietLooks = busyShare > idleShare ? 0 : quietLooks + 1;
    const heldBytes = heldNow();
    if (heldBytes === undefined) return;
    leastBytes = Math.min(leastBytes, heldBytes);
    const look = { heldBytes, leastBytes, leftBytes, looks, looksBetween, quietLooks, busyShare };
    if (!isTimeToGiveBack(look)) return;
    collect();
    trimHeap();
    leftBytes = heldNow();
    looks = 0;
    looksBetween =
      heldBytes - (leftBytes ?? heldBytes) > worthBytes ? 1 : Math.min(looksBetween * 2, mostLooksBetween);
  }, options.lookEveryMs ?? lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Undefined when it cannot be told: a process that has no file left to open cannot ask the kernel. */
function heldNow(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
