import type { Trace } from "./simulate.ts";
import type { Workload } from "./simulated-pool.ts";

const machine = { cores: 2, memoryMb: 16_384, gpus: 0 };
const request = { milliCpu: 125, memoryMb: 128 };
/** About what a Python container takes on a small machine. */
const start = { waitMs: 200, cpuMs: 800 };

function workload(name: string, rest: Pick<Workload, "input" | "arrivalsMs"> & Partial<Workload>): Workload {
  return { name, request, start, ...rest };
}

const atOnce = (count: number, atMs = 0) => Array.from({ length: count }, () => atMs);
const every = (ms: number, count: number) => Array.from({ length: count }, (_, at) => at * ms);

/** What the autoscaler is held against. */
export const traces: readonly Trace[] = [
  {
    title: "burst of 1,000 inputs that take 10 ms of a core",
    machine,
    workloads: [workload("short", { input: { waitMs: 0, cpuMs: 10 }, arrivalsMs: atOnce(1_000) })],
  },
  {
    title: "burst of 1,000 inputs that wait for 10 ms",
    machine,
    workloads: [workload("short", { input: { waitMs: 9, cpuMs: 1 }, arrivalsMs: atOnce(1_000) })],
  },
  {
    title: "map of 16 inputs of 100 ms",
    machine,
    workloads: [workload("map", { input: { waitMs: 50, cpuMs: 50 }, arrivalsMs: atOnce(16) })],
  },
  {
    title: "map of 16 inputs that wait for 20 s",
    machine,
    workloads: [workload("long", { input: { waitMs: 20_000, cpuMs: 10 }, arrivalsMs: atOnce(16) })],
  },
  {
    title: "20 calls a second for a minute",
    machine,
    workloads: [workload("steady", { input: { waitMs: 20, cpuMs: 30 }, arrivalsMs: every(50, 1_200) })],
  },
  {
    title: "ten functions of 1 s starts, called at the same time",
    machine,
    workloads: Array.from({ length: 10 }, (_, at) =>
      workload(`f${at}`, { input: { waitMs: 0, cpuMs: 20 }, arrivalsMs: atOnce(5) }),
    ),
  },
  {
    title: "a GPU that five functions share",
    machine: { ...machine, gpus: 1 },
    workloads: Array.from({ length: 5 }, (_, at) =>
      workload(`g${at}`, {
        request: { ...request, gpu: { type: "ANY", count: 1 } },
        start: { waitMs: 2_000, cpuMs: 2_000 },
        input: { waitMs: 100, cpuMs: 20 },
        arrivalsMs: [...atOnce(40, at * 300), ...atOnce(40, 30_000 + at * 300)],
      }),
    ),
  },
];
