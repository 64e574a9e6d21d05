import { create } from "@bufbuild/protobuf";
import { AppError, explanationOf } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { orAborted } from "@dorian/base/or-aborted";
import {
  FileDescriptor,
  GenericResult_GenericStatus as Status,
  TaskLogsSchema,
  type GenericResult,
  type ImageGetOrCreateRequest,
  type TaskLogs,
} from "@dorian/protocol/modal";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { Logger } from "pino";
import { isInterruption } from "../../dispatch/failure/worker-lost.ts";
import type { ImageRecord } from "../image/image-record.ts";
import { emptyConfig } from "../image/image-registry.ts";
import { cancelled, worded } from "./build-results.ts";
import { failureOf, type BuildOutcome, type createBuildRunner } from "./build-runner.ts";
import type { RunningBuild } from "./running-build.ts";

/** How many workers may die at a build before it fails. */
const triesOfWorkers = 3;

export interface BuildAttempt {
  build: RunningBuild;
  image: ImageRecord;
  request: ImageGetOrCreateRequest;
  /** The image below, waited for if it is being built. */
  base: () => Promise<ImageRecord | undefined>;
}

export interface BuildAttemptOptions {
  layers: LayerStore;
  run: ReturnType<typeof createBuildRunner>;
  nowMs: () => number;
  logger: Logger;
}

/** Lets a worker build an image, and says how that ended, whatever happens. */
export async function attemptBuild(
  attempt: BuildAttempt,
  options: BuildAttemptOptions,
): Promise<BuildOutcome> {
  const { build, image } = attempt;
  const failed = (result: GenericResult) => ({ result, layerIds: [], config: emptyConfig(), bytes: 0 });
  try {
    const outcome = await runOnWorker(attempt, await attempt.base(), options);
    if (outcome.result.status === Status.SUCCESS)
      await requireLayers(options.layers, image.imageId, outcome.layerIds);
    return { ...outcome, result: worded(image.imageId, outcome.result) };
  } catch (error) {
    if (build.signal.aborted) return failed(cancelled(image.imageId, build.signal));
    if (!AppError.is(error)) options.logger.error({ err: error }, "an image build failed unexpectedly");
    return failed(failureOf(explanationOf(error)));
  }
}

/** A worker that dies at it is no fault of the build: another one, or that one when it is back, begins it again. */
async function runOnWorker(
  { build, image, request }: BuildAttempt,
  base: ImageRecord | undefined,
  { run, nowMs }: BuildAttemptOptions,
): Promise<BuildOutcome> {
  const asked = must(request.image, "the image of a checked request");
  const definition = { ...asked, dockerfileCommands: image.components.commands };
  const { log, signal } = build;
  for (let tries = 1; ; tries += 1) {
    try {
      const sink = { onLogs: (items: TaskLogs[]) => log.push(items), signal };
      const { buildFunctionId } = request;
      // What this build's steps have made is good for its next try.
      const forced = build.cacheUse === "normal" ? "" : image.imageId;
      const running = run(definition, { buildFunctionId, forced }, base, sink);
      // A worker that does not answer must not hold up those who want to build it again.
      return await orAborted(running, signal);
    } catch (error) {
      if (!isInterruption(error) || tries === triesOfWorkers || signal.aborted) throw error;
      const data = `${error.message} It is begun again.\n`;
      void log.push([
        create(TaskLogsSchema, {
          data,
          fileDescriptor: FileDescriptor.INFO,
          timestamp: nowMs() / 1000,
        }),
      ]);
    }
  }
}

/** A record of an image answers for years: it is not taken on trust. */
async function requireLayers(
  layers: LayerStore,
  imageId: string,
  layerIds: readonly string[],
): Promise<void> {
  for (const layerId of layerIds) {
    if (await layers.has(layerId)) continue;
    throw new AppError(
      "IMAGE_LAYER_MISSING",
      `The build of ${imageId} made the layer ${layerId}, which is not there.`,
      {
        status: "INTERNAL",
        remedy:
          "Check that the worker uses the server's data directory and that nobody else removes files there; then run again.",
      },
    );
  }
}
