import { create } from "@bufbuild/protobuf";
import { AppError, explanationOf } from "@dorian/base/app-error";
import {
  GenericResult_GenericStatus,
  GenericResultSchema,
  type GenericResult,
  type TaskLogs,
} from "@dorian/protocol/modal";
import { BuildFinishedSchema, type BuildFinished, type StartBuild } from "@dorian/protocol/worker";
import type { Logger } from "pino";
import type { ImageBuilder } from "./image-builder.ts";
import { OutputLog } from "../log/output-log.ts";

export interface BuildsOptions {
  builder: Pick<ImageBuilder, "build">;
  nowMs: () => number;
  onLogs: (buildId: string, items: TaskLogs[]) => void;
  onFinished: (finished: BuildFinished) => void;
  logger: Logger;
}

/** How many finished builds are remembered, for a server that was away when they finished. */
const rememberedEnds = 100;

/** Image builds that run on this worker. */
export class Builds {
  #options: BuildsOptions;
  #running = new Map<string, AbortController>();
  #finished = new Map<string, BuildFinished>();
  #refuses = false;
  #stopping = false;

  constructor(options: BuildsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Begins none from now on: an order that was on its way is for another worker. */
  refuseNew(): void {
    this.#refuses = true;
  }

  async start(request: StartBuild): Promise<void> {
    if (this.#refuses) {
      this.#finish(neverStarted(request.buildId));
      return;
    }
    const { builder, onLogs } = this.#options;
    const abort = new AbortController();
    this.#running.set(request.buildId, abort);
    const { buildId } = request;
    const log = new OutputLog({
      send: (items) => onLogs(buildId, items),
      current: () => undefined,
      flushMs: 20,
      nowMs: this.#options.nowMs,
    });
    let finished: BuildFinished;
    try {
      const built = await builder.build(request, {
        onLog: (stream, text) => log.say(stream, text),
        signal: abort.signal,
      });
      finished = create(BuildFinishedSchema, {
        buildId,
        result: { status: GenericResult_GenericStatus.SUCCESS },
        layerIds: built.layerIds,
        layerBytes: BigInt(built.bytes),
        config: built.config,
      });
    } catch (error) {
      finished = create(BuildFinishedSchema, {
        buildId,
        result: this.#resultOf(error, abort.signal),
        interrupted: this.#stopping,
      });
    }
    // Its last words come before its end.
    log[Symbol.dispose]();
    this.#running.delete(buildId);
    this.#finish(finished);
  }

  /** The server counts on these builds: all others are cancelled, and the end of those that are over is told again. */
  reconcile(buildIds: readonly string[]): void {
    for (const buildId of this.#running.keys()) {
      if (!buildIds.includes(buildId)) this.cancel(buildId, "The server does not count on it any more.");
    }
    for (const buildId of buildIds) {
      if (this.#running.has(buildId)) continue;
      this.#options.onFinished(this.#finished.get(buildId) ?? neverStarted(buildId));
    }
  }

  cancel(buildId: string, reason: string): void {
    this.#running
      .get(buildId)
      ?.abort(new AppError("BUILD_CANCELLED", reason, { status: "CANCELLED", remedy: "" }));
  }

  /** The worker stops. */
  cancelAll(reason: string): void {
    this.#stopping = true;
    for (const buildId of this.#running.keys()) this.cancel(buildId, reason);
  }

  #finish(finished: BuildFinished): void {
    this.#finished.set(finished.buildId, finished);
    const oldest = this.#finished.keys().next().value;
    if (this.#finished.size > rememberedEnds && oldest !== undefined) this.#finished.delete(oldest);
    this.#options.onFinished(finished);
  }

  #resultOf(error: unknown, signal: AbortSignal): GenericResult {
    if (!AppError.is(error) && !signal.aborted)
      this.#options.logger.error({ err: error }, "build failed in an unforeseen way");
    const timedOut = AppError.is(error) && error.status === "DEADLINE_EXCEEDED";
    const status = signal.aborted
      ? GenericResult_GenericStatus.TERMINATED
      : timedOut
        ? GenericResult_GenericStatus.TIMEOUT
        : GenericResult_GenericStatus.FAILURE;
    return create(GenericResultSchema, { status, exception: explanationOf(error) });
  }
}

/** The order to start it was lost on its way. */
function neverStarted(buildId: string): BuildFinished {
  const exception = "The build did not reach its worker.";
  return create(BuildFinishedSchema, {
    buildId,
    result: { status: GenericResult_GenericStatus.TERMINATED, exception },
    interrupted: true,
  });
}
