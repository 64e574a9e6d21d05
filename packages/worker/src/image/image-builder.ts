import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { Stopwatch } from "@dorian/base/stopwatch";
import { storing } from "@dorian/storage/storage-error";
import { StartBuildSchema, type StartBuild } from "@dorian/protocol/worker";
import type { BaseImage } from "./base-cache.ts";
import { BaseImages } from "./base-images.ts";
import type { BuildDependencies } from "./build-dependencies.ts";
import { ImageBuild } from "./image-build.ts";
import type { BuiltImage } from "./saved-image.ts";
import { configurationFrom } from "@dorian/oci/image-configuration";
import type { OnLog } from "./run-step.ts";
import type { Participant } from "./heard-work.ts";
import { StepCache } from "./step-cache.ts";

/** The longest time a timer can be set to. */
const longestTimerMs = 2 ** 31 - 1;

/** Builds images on this machine. */
export class ImageBuilder {
  #options: BuildDependencies;
  #bases: BaseImages;
  #steps: StepCache;

  constructor(options: BuildDependencies) {
    this.#options = options;
    this.#steps = new StepCache(options);
    this.#bases = new BaseImages({
      layers: options.layers,
      operator: options.operator,
      dataDirectory: options.dataDirectory,
      imageLimitBytes: options.imageLimitBytes,
      node: {
        nodePath: process.execPath,
        nodeVersion: process.versions.node,
        npmDirectory: options.npmDirectory,
      },
      findInterpreters: options.findInterpreters,
      build: (dockerfile, participant) => this.#buildBase(dockerfile, participant),
    });
  }

  /**
   * Carries out a build. What it prints goes to `onLog` as it comes. Unless it succeeds, nothing of it stays but base
   * images and finished steps, which are good for the next.
   *
   * @throws AppError BUILD_STEP_FAILED, BUILD_TIMED_OUT (DEADLINE_EXCEEDED), DOCKERFILE_INVALID, …; the signal's reason
   * on abort.
   */
  async build(request: StartBuild, options: { onLog: OnLog; signal: AbortSignal }): Promise<BuiltImage> {
    const limitMs = Math.min(request.timeoutSecs * 1000, longestTimerMs);
    const limit = limitMs > 0 ? AbortSignal.timeout(limitMs) : undefined;
    const signal = limit ? AbortSignal.any([options.signal, limit]) : options.signal;
    const watch = new Stopwatch();
    try {
      await using build = new ImageBuild(request, {
        ...this.#options,
        bases: this.#bases,
        steps: this.#steps,
        onLog: options.onLog,
        signal,
      });
      const built = await storing(this.#options.directories.scratch, () => build.run());
      this.#options.logger.debug(
        { buildId: request.buildId, bytes: built.bytes, ms: Math.round(watch.ms) },
        "image built",
      );
      return built;
    } catch (error) {
      options.signal.throwIfAborted();
      if (limit?.aborted) throw timedOut(request.timeoutSecs, error);
      throw error;
    }
  }

  async #buildBase(dockerfile: string, { onLog, signal }: Participant): Promise<BaseImage> {
    const request = create(StartBuildSchema, { buildId: newId("bd"), dockerfile });
    await using build = new ImageBuild(request, {
      ...this.#options,
      bases: this.#bases,
      steps: this.#steps,
      onLog: (_, text) => onLog(text),
      signal,
    });
    const built = await build.run();
    return { layerIds: built.layerIds, config: configurationFrom(built.config) };
  }
}

function timedOut(seconds: number, cause: unknown): AppError {
  return new AppError("BUILD_TIMED_OUT", `The build did not end within its limit of ${seconds} s.`, {
    status: "DEADLINE_EXCEEDED",
    remedy: "Give the step a longer timeout.",
    cause,
  });
}
