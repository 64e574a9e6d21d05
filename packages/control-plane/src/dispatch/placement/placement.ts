import { gpuPriceRank, simulatedGpuType } from "./gpu-types.ts";
import type { GpuRequest, ResourceRequest } from "./resource-request.ts";

export interface OfferedGpu {
  type: string;
  device: string;
}

export interface Resources {
  milliCpu: number;
  memoryMb: number;
  gpus: readonly OfferedGpu[];
}

/** A worker as placement sees it. */
export interface WorkerOffer {
  workerId: string;
  name: string;
  total: Resources;
  free: Resources;
  /** Why nothing can begin there now, however free it is: its disk is short. */
  noRoom?: string | undefined;
  /** Functions that want a GPU may run here without one. */
  simulatedGpus: boolean;
  /** What it can run containers with. */
  runtimes: readonly string[];
}

export type Placement =
  | { kind: "placed"; workerId: string; gpus: readonly OfferedGpu[] }
  /** `unmet`: no worker that is there could ever take it, however free. */
  | { kind: "waiting"; reason: string; unmet: boolean };

/**
 * Where a container goes: the worker with most free memory of those it fits on, ties by name. With `gpu: "any"` the
 * cheapest model that fits decides first; of equally cheap ones, the most plentiful.
 */
export function place(request: ResourceRequest, workers: readonly WorkerOffer[]): Placement {
  const first = placeOn(request, workers);
  if (first.kind === "placed") return first;
  const { otherGpus = [] } = request;
  for (const gpu of otherGpus) {
    const other = placeOn({ ...request, gpu }, workers);
    if (other.kind === "placed") return other;
  }
  if (otherGpus.length === 0) return first;
  return { ...first, reason: `${first.reason}; nor is there ${otherGpus.map(describeGpu).join(" or ")}` };
}

function placeOn(request: ResourceRequest, workers: readonly WorkerOffer[]): Placement {
  const options = workers.flatMap((worker) => {
    if (!hasRuntime(worker, request)) return [];
    if (worker.free.milliCpu < request.milliCpu || worker.free.memoryMb < request.memoryMb) return [];
    const gpus = request.gpu ? takeGpus(request.gpu, worker.free, worker) : [];
    return gpus ? [{ worker, gpus }] : [];
  });
  const best = options.toSorted(
    (a, b) =>
      gpuRankOf(a.gpus) - gpuRankOf(b.gpus) ||
      countOf(b.worker.free, b.gpus[0]?.type) - countOf(a.worker.free, a.gpus[0]?.type) ||
      b.worker.free.memoryMb - a.worker.free.memoryMb ||
      compareText(a.worker.name, b.worker.name) ||
      compareText(a.worker.workerId, b.worker.workerId),
  )[0];
  if (best) return { kind: "placed", workerId: best.worker.workerId, gpus: best.gpus };
  return { kind: "waiting", ...whyNot(request, workers) };
}

/** The devices to give, or undefined when they are not there. Empty when the worker simulates without limit. */
function takeGpus(
  request: GpuRequest,
  resources: Resources,
  worker: WorkerOffer,
): readonly OfferedGpu[] | undefined {
  const types = [...new Set(resources.gpus.map((gpu) => gpu.type))]
    .filter((type) => type === request.type || request.type === "ANY" || type === simulatedGpuType)
    .filter((type) => countOf(resources, type) >= request.count)
    .toSorted(
      (a, b) =>
        Number(a === simulatedGpuType) - Number(b === simulatedGpuType) ||
        gpuPriceRank(a) - gpuPriceRank(b) ||
        countOf(resources, b) - countOf(resources, a) ||
        compareText(a, b),
    );
  const type = types[0];
  if (type !== undefined) return resources.gpus.filter((gpu) => gpu.type === type).slice(0, request.count);
  return worker.simulatedGpus && worker.total.gpus.length === 0 ? [] : undefined;
}

function hasRuntime(worker: WorkerOffer, { runtime }: ResourceRequest): boolean {
  return runtime === undefined || worker.runtimes.includes(runtime);
}

function whyNot(request: ResourceRequest, all: readonly WorkerOffer[]): { reason: string; unmet: boolean } {
  const workers = all.filter((worker) => hasRuntime(worker, request));
  const unmet = all.length > 0 && workers.length === 0 ? whyNoRuntime(request) : whyNever(request, workers);
  if (unmet !== undefined) return { reason: unmet, unmet: true };
  const [short] = workers;
  if (short && workers.every(({ noRoom }) => noRoom !== undefined)) {
    const reason = `waiting for room on the disk of worker ${short.name}: ${short.noRoom}`;
    return { reason, unmet: false };
  }
  const { gpu } = request;
  if (gpu && !workers.some((worker) => takeGpus(gpu, worker.free, worker)))
    return { reason: `waiting for ${describeGpu(gpu)} to become free`, unmet: false };
  const asked = `${request.milliCpu / 1000} CPU and ${request.memoryMb} MiB of memory`;
  return { reason: `waiting for ${asked} to become free on one worker`, unmet: false };
}

function whyNever(request: ResourceRequest, workers: readonly WorkerOffer[]): string | undefined {
  if (workers.length === 0) return "no worker that takes work is connected; start one with `dorian worker`";
  const { gpu } = request;
  if (gpu && !workers.some((worker) => takeGpus(gpu, worker.total, worker))) return whyNoGpu(gpu, workers);
  const most = (of: (resources: Resources) => number) =>
    Math.max(...workers.map((worker) => of(worker.total)));
  const mostMemory = most((resources) => resources.memoryMb);
  if (request.memoryMb > mostMemory) {
    return `it asks for ${request.memoryMb} MiB of memory and the largest worker has ${mostMemory} MiB; ask for less or add a worker`;
  }
  const mostCpu = most((resources) => resources.milliCpu);
  if (request.milliCpu > mostCpu) {
    return `it asks for ${request.milliCpu / 1000} CPUs and the largest worker has ${mostCpu / 1000}; ask for fewer or add a worker`;
  }
  return undefined;
}

function whyNoRuntime({ runtime = "" }: ResourceRequest): string {
  const remedy =
    runtime === "runsc" ? "; install runsc (gVisor) on a worker's machine and start the worker again" : "";
  return `it asks for the runtime ${runtime} and no worker has it${remedy}`;
}

function whyNoGpu(gpu: GpuRequest, workers: readonly WorkerOffer[]): string {
  const offered = workers.flatMap((worker) => worker.total.gpus.map((each) => each.type));
  if (offered.length === 0) {
    return "no worker has a GPU; start one with --simulate-gpus to run without";
  }
  const counts = [...new Set(offered)]
    .toSorted((a, b) => gpuPriceRank(a) - gpuPriceRank(b) || compareText(a, b))
    .map((type) => `${type} ×${Math.max(...workers.map((worker) => countOf(worker.total, type)))}`);
  return `no worker has ${describeGpu(gpu)}; there is ${counts.join(", ")} on one worker at most`;
}

function describeGpu(gpu: GpuRequest): string {
  const type = gpu.type === "ANY" ? "GPU" : gpu.type;
  return gpu.count === 1 ? `a GPU${gpu.type === "ANY" ? "" : ` of type ${type}`}` : `${gpu.count} × ${type}`;
}

function countOf(resources: Resources, type: string | undefined): number {
  return resources.gpus.filter((gpu) => gpu.type === type).length;
}

function gpuRankOf(gpus: readonly OfferedGpu[]): number {
  const type = gpus[0]?.type;
  return type === undefined ? 0 : gpuPriceRank(type);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
