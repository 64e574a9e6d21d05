import { sleep } from "@dorian/base/sleep";
import { containersOf } from "../containers.ts";
import type { DorianProcess } from "../dorian-process.ts";
import type { SettableClock } from "../settable-clock.ts";
import type { SmallDisk } from "../small-disk.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface FaultTarget {
  server: DorianProcess;
  /** Ends all its processes in this way, and starts it again on the same address. */
  restart(how: "kill" | "stop"): Promise<void>;
  disk: SmallDisk;
  clock: SettableClock;
  random: SeededRandom;
  signal: AbortSignal;
}

/** Something that goes wrong with the machine. */
export interface Fault {
  /** Resolves when it is over, with the container that it met if it meets a single one. */
  strike(target: FaultTarget): Promise<string | void>;
  /** Nobody answers for a while, which clients that are not patient say. */
  takesServerAway?: true;
  /** What the server says was the cause of the end of containers that it ends. Without it their inputs stay where they are. */
  endsContainers?: readonly string[];
}

/** Longer than the silence after which a worker is given up. */
const suspendedMs = 17_000;
const fullMs = 6_000;

const minuteMs = 60_000;
/** Below the day for which finished steps of builds are kept. */
const hourMs = 60 * minuteMs;
const clockOffsets = [0, minuteMs, -minuteMs, hourMs, -hourMs] as const;
/** Several rounds of whatever is done every second. */
const clockMs = 3_000;

/** All of them, by name. */
export const faults = {
  nothing: { strike: ({ signal }) => sleep(500, { signal }) },
  // Its sockets are kept, and the next one is there in seconds: whoever is refused meets a fault of ours.
  "server killed": {
    strike: async ({ server }) => void process.kill(await server.pidOf("server"), "SIGKILL"),
  },
  "worker killed": {
    endsContainers: ["lost"],
    strike: async ({ server }) => void process.kill(await server.pidOf("worker"), "SIGKILL"),
  },
  "container killed": {
    endsContainers: ["killed"],
    strike: (target) => onContainer(target, (pid) => void process.kill(pid, "SIGKILL")),
  },
  "all killed": { takesServerAway: true, endsContainers: ["lost"], strike: ({ restart }) => restart("kill") },
  "stopped and started": {
    takesServerAway: true,
    endsContainers: ["lost", "asked"],
    strike: ({ restart }) => restart("stop"),
  },
  "server suspended": {
    takesServerAway: true,
    strike: async ({ server, signal }) => suspend(await server.pidOf("server"), signal),
  },
  "worker suspended": {
    endsContainers: ["lost"],
    strike: async ({ server, signal }) => suspend(await server.pidOf("worker"), signal),
  },
  "container suspended": {
    strike: (target) => onContainer(target, (pid) => suspend(pid, target.signal)),
  },
  "disk full": {
    strike: async ({ disk, signal }) => {
      await disk.fill({ leaveBytes: 0 });
      try {
        await sleep(fullMs, { signal });
      } finally {
        await disk.free();
      }
    },
  },
  "clock set": {
    // It stays where it is set: the next time it is set back, or farther.
    strike: async ({ clock, random, signal }) => {
      await clock.set(random.one(clockOffsets));
      await sleep(clockMs, { signal });
    },
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

async function onContainer(
  target: FaultTarget,
  fault: (pid: number) => void | Promise<void>,
): Promise<string> {
  const containers = await containersOf(target.server.dataDirectory);
  const container = containers[target.random.whole(Math.max(1, containers.length))];
  if (container) await fault(container.pid);
  return container?.taskId ?? "";
}

async function suspend(pid: number, signal: AbortSignal): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(suspendedMs, { signal });
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
