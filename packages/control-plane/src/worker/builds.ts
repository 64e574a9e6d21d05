import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { FileDescriptor, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { BuildFinished, LogBatch } from "@dorian/protocol/worker";
import { place } from "../placement/placement.ts";
import type { GpuRequest } from "../placement/resource-request.ts";
import type { BuildLog, WorkerPool } from "../ports.ts";
import { workerLost } from "./worker-lost.ts";
import type { Workers } from "./workers.ts";

interface RunningBuild {
  workerId: string;
  log: BuildLog;
  finished: PromiseWithResolvers<BuildFinished>;
}

/** Image builds that workers are at. */
export class Builds {
  #workers: Workers;
  #running = new Map<string, RunningBuild>();

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  readonly build: WorkerPool["build"] = async (build, log, { gpu } = {}) => {
    const limit = AbortSignal.timeout(Math.max(1, build.timeoutSecs) * 1000);
    const signal = AbortSignal.any([log.signal, limit]);
    if (this.#workers.offers().length === 0) log.onLogs([waitingNote()]);
    const { workerId, gpuDevices } = await this.#chooseWorker(build.timeoutSecs, { signal, limit, gpu });
    const buildId = newId("bd");
    const finished = Promise.withResolvers<BuildFinished>();
    this.#running.set(buildId, { workerId, log, finished });
    const cancel = () => {
      this.#workers.send(workerId, {
        case: "cancelBuild",
        value: { buildId, reason: "The build was cancelled." },
      });
    };
    log.signal.addEventListener("abort", cancel, { once: true });
    try {
      if (!this.#workers.send(workerId, { case: "startBuild", value: { ...build, buildId, gpuDevices } }))
        throw workerLost(this.#workers.nameOf(workerId));
      if (log.signal.aborted) cancel();
      return await finished.promise;
    } finally {
      log.signal.removeEventListener("abort", cancel);
      this.#running.delete(buildId);
    }
  };

  finished(report: BuildFinished): void {
    this.#running.get(report.buildId)?.finished.resolve(report);
  }

  onWorker(workerId: string): string[] {
    return [...this.#running].filter(([, build]) => build.workerId === workerId).map(([buildId]) => buildId);
  }

  logs(report: LogBatch): void {
    this.#running.get(report.buildId)?.log.onLogs(report.items);
  }

  workerLost(workerId: string, name: string): void {
    for (const build of this.#running.values())
      if (build.workerId === workerId) build.finished.reject(workerLost(name));
  }

  /** The one with the fewest tasks and builds, ties by name. */
  async #chooseWorker(
    timeoutSecs: number,
    { signal, limit, gpu }: { signal: AbortSignal; limit: AbortSignal; gpu: GpuRequest | undefined },
  ): Promise<{ workerId: string; gpuDevices: string[] }> {
    try {
      await this.#workers.waitForOne({ signal });
    } catch (error) {
      if (!limit.aborted) throw error;
      throw new AppError("WORKER_NONE_CONNECTED", `No worker was there to build within ${timeoutSecs} s.`, {
        status: "DEADLINE_EXCEEDED",
        remedy: "Start one with `dorian worker`.",
        cause: error,
      });
    }
    if (gpu) return this.#chooseGpu(gpu);
    const load = (workerId: string) =>
      this.#workers.taskCount(workerId) +
      [...this.#running.values()].filter((build) => build.workerId === workerId).length;
    const best = this.#workers
      .offers()
      .toSorted((a, b) => load(a.workerId) - load(b.workerId) || (a.name < b.name ? -1 : 1))[0];
    if (!best) throw workerLost("");
    return { workerId: best.workerId, gpuDevices: [] };
  }

  /** A build shares GPUs with tasks where none is free: its steps are short. */
  #chooseGpu(gpu: GpuRequest): { workerId: string; gpuDevices: string[] } {
    const request = { milliCpu: 0, memoryMb: 0, gpu };
    const offers = this.#workers.offers();
    const free = place(request, offers);
    const chosen =
      free.kind === "placed"
        ? free
        : place(
            request,
            offers.map((offer) => ({ ...offer, free: offer.total })),
          );
    if (chosen.kind === "placed") {
      return { workerId: chosen.workerId, gpuDevices: chosen.gpus.map(({ device }) => device) };
    }
    throw new AppError("BUILD_GPU_MISSING", `The build asks for a GPU, but ${chosen.reason}.`, {
      status: "FAILED_PRECONDITION",
      remedy: "Leave the GPU out of the image's step, or add a worker that has it.",
    });
  }
}

function waitingNote(): TaskLogs {
  const data = "No worker is connected: the build waits for one. Start it with `dorian worker`.\n";
  return create(TaskLogsSchema, { data, fileDescriptor: FileDescriptor.INFO, timestamp: Date.now() / 1000 });
}
