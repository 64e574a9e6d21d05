import { sleep } from "@dorian/base/sleep";
import { containersOf } from "../containers.ts";
import type { DorianProcess } from "../dorian-process.ts";
import type { SmallDisk } from "../small-disk.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface FaultTarget {
  server: DorianProcess;
  /** Ends all its processes in this way, and starts it again on the same address. */
  restart(how: "kill" | "stop"): Promise<void>;
  disk: SmallDisk;
  random: SeededRandom;
  signal: AbortSignal;
}

/** Something that goes wrong with the machine. It resolves when it is over. */
export type Fault = (target: FaultTarget) => Promise<void>;

/** Longer than the silence after which a worker is given up. */
const suspendedMs = 17_000;
const fullMs = 6_000;

/** All of them, by name. */
export const faults = {
  nothing: ({ signal }) => sleep(500, { signal }),
  "server killed": async ({ server }) => void process.kill(await server.pidOf("server"), "SIGKILL"),
  "worker killed": async ({ server }) => void process.kill(await server.pidOf("worker"), "SIGKILL"),
  "container killed": (target) => onContainer(target, (pid) => void process.kill(pid, "SIGKILL")),
  "all killed": ({ restart }) => restart("kill"),
  "stopped and started": ({ restart }) => restart("stop"),
  "server suspended": async ({ server, signal }) => suspend(await server.pidOf("server"), signal),
  "worker suspended": async ({ server, signal }) => suspend(await server.pidOf("worker"), signal),
  "container suspended": (target) => onContainer(target, (pid) => suspend(pid, target.signal)),
  "disk full": async ({ disk, signal }) => {
    await disk.fill({ leaveBytes: 0 });
    try {
      await sleep(fullMs, { signal });
    } finally {
      await disk.free();
    }
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

async function onContainer(target: FaultTarget, fault: (pid: number) => void | Promise<void>): Promise<void> {
  const containers = await containersOf(target.server.dataDirectory);
  const container = containers[target.random.whole(Math.max(1, containers.length))];
  if (container) await fault(container.pid);
}

async function suspend(pid: number, signal: AbortSignal): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(suspendedMs, { signal });
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
