import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { FileDescriptor, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { BuildFinished, LogBatch } from "@dorian/protocol/worker";
import { place, type Resources, type WorkerOffer } from "../placement/placement.ts";
import type { GpuRequest } from "../placement/resource-request.ts";
import type { BuildLog, WorkerPool } from "../ports.ts";
import { workerLost } from "../failure/worker-lost.ts";
import type { Workers } from "../fleet/workers.ts";

const noWorker = "No worker is connected: the build waits for one. Start it with `dorian worker`.\n";

interface RunningBuild {
  workerId: string;
  log: BuildLog;
  finished: PromiseWithResolvers<BuildFinished>;
}

/** What a build counts for on its worker: it compiles and unpacks. */
const usesOfBuild = { milliCpu: 1000, memoryMb: 1024 };

export interface BuildsOptions {
  workers: Workers;
  /** Called when the end of a build has left room for others. */
  onRoom: () => void;
  nowMs: () => number;
}

/** Image builds that workers are at. */
export class Builds {
  #workers: Workers;
  #onRoom: () => void;
  #nowMs: () => number;
  #running = new Map<string, RunningBuild>();
  /** The worker on which each build has room, from before it is told to start. */
  #placed = new Map<string, string>();

  constructor(options: BuildsOptions) {
    this.#workers = options.workers;
    this.#onRoom = options.onRoom;
    this.#nowMs = options.nowMs;
  }

  readonly build: WorkerPool["build"] = async (build, log, { gpu } = {}) => {
    const limit = AbortSignal.timeout(Math.max(1, build.timeoutSecs) * 1000);
    const signal = AbortSignal.any([log.signal, limit]);
    if (this.#workers.offers().length === 0) void log.onLogs([this.#note(noWorker)]);
    const buildId = newId("bd");
    const { workerId, gpuDevices } = await this.#chooseWorker(build.timeoutSecs, {
      buildId,
      log,
      signal,
      limit,
      gpu,
    });
    const finished = Promise.withResolvers<BuildFinished>();
    this.#running.set(buildId, { workerId, log, finished });
    const cancel = () => {
      this.#workers.send(workerId, {
        case: "cancelBuild",
        value: { buildId, reason: "The build was cancelled." },
      });
    };
    onAbort(log.signal, cancel);
    try {
      if (!this.#workers.send(workerId, { case: "startBuild", value: { ...build, buildId, gpuDevices } }))
        throw workerLost(this.#workers.nameOf(workerId));
      if (log.signal.aborted) cancel();
      return await finished.promise;
    } finally {
      offAbort(log.signal, cancel);
      this.#running.delete(buildId);
      this.#placed.delete(buildId);
      this.#workers.release(workerId, buildId);
      this.#onRoom();
    }
  };

  finished(report: BuildFinished): void {
    const build = this.#running.get(report.buildId);
    if (report.interrupted && !build?.log.signal.aborted)
      build?.finished.reject(workerLost(this.#workers.nameOf(build.workerId)));
    else build?.finished.resolve(report);
  }

  onWorker(workerId: string): string[] {
    return [...this.#running].filter(([, build]) => build.workerId === workerId).map(([buildId]) => buildId);
  }

  logs(report: LogBatch): Promise<void> | void {
    return this.#running.get(report.buildId)?.log.onLogs(report.items);
  }

  workerLost(workerId: string, name: string): void {
    for (const build of this.#running.values())
      if (build.workerId === workerId) build.finished.reject(workerLost(name));
  }

  /** Reserves room for a build, and waits for it. Workers that leave meanwhile are waited for as well. */
  async #chooseWorker(
    timeoutSecs: number,
    options: {
      buildId: string;
      log: BuildLog;
      signal: AbortSignal;
      limit: AbortSignal;
      gpu: GpuRequest | undefined;
    },
  ): Promise<{ workerId: string; gpuDevices: string[] }> {
    const { buildId, log, signal, limit, gpu } = options;
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
    const reserve = (workerId: string, gpus: Resources["gpus"]) => {
      this.#workers.reserve(workerId, buildId, { ...usesOfBuild, gpus });
      this.#placed.set(buildId, workerId);
      return { workerId, gpuDevices: gpus.map(({ device }) => device) };
    };
    if (gpu) {
      const { workerId, gpus } = this.#chooseGpu(gpu);
      return reserve(workerId, gpus);
    }
    for (let isFirst = true; ; isFirst = false) {
      const workerId = this.#withRoom();
      if (workerId !== undefined) return reserve(workerId, []);
      if (isFirst) void log.onLogs([this.#note(this.#whyNoRoom())]);
      await this.#workers.whenChanged({ signal: log.signal });
    }
  }

  /**
   * The worker with the fewest tasks and builds of those that have room, ties by name. One build fits on every worker,
   * however full: otherwise containers that stay could keep an app from ever being deployed anew.
   */
  #withRoom(): string | undefined {
    const load = (workerId: string) => this.#workers.loadOf(workerId);
    const building = new Set(this.#placed.values());
    return this.#workers
      .offers()
      .filter((offer) => offer.noRoom === undefined)
      .filter((offer) => !building.has(offer.workerId) || fits(offer))
      .toSorted((a, b) => load(a.workerId) - load(b.workerId) || (a.name < b.name ? -1 : 1))[0]?.workerId;
  }

  #whyNoRoom(): string {
    const offers = this.#workers.offers();
    const [short] = offers;
    return short && offers.every(({ noRoom }) => noRoom !== undefined)
      ? `The build waits for room on the disk of worker ${short.name}: ${short.noRoom}.\n`
      : "The build waits for room: others are running.\n";
  }

  /** A build shares GPUs with tasks where none is free: its steps are short. */
  #chooseGpu(gpu: GpuRequest): { workerId: string; gpus: Resources["gpus"] } {
    const request = { milliCpu: 0, memoryMb: 0, gpu };
    const offers = this.#workers.offers();
    const free = place(request, offers);
    const chosen =
      free.kind === "placed"
        ? free
        : place(
            request,
            offers.map((offer) => (offer.noRoom === undefined ? { ...offer, free: offer.total } : offer)),
          );
    if (chosen.kind === "placed") return chosen;
    throw new AppError("BUILD_GPU_MISSING", `The build asks for a GPU, but ${chosen.reason}.`, {
      status: "FAILED_PRECONDITION",
      remedy: "Leave the GPU out of the image's step, or add a worker that has it.",
    });
  }

  #note(data: string): TaskLogs {
    const timestamp = this.#nowMs() / 1000;
    return create(TaskLogsSchema, { data, fileDescriptor: FileDescriptor.INFO, timestamp });
  }
}

function fits(offer: WorkerOffer): boolean {
  return place(usesOfBuild, [offer]).kind === "placed";
}
