import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { StartBuild } from "@dorian/protocol/worker";
import { holdToLimits } from "../container/hold-to-limits.ts";
import type { BaseImages } from "./base-images.ts";
import type { BuildDependencies } from "./build-dependencies.ts";
import { BuildInstructions } from "./build-instructions.ts";
import { BuildLayers } from "./build-layers.ts";
import { BuildVariables } from "./build-variables.ts";
import { parseDockerfile } from "./dockerfile/parse-dockerfile.ts";
import type { OnLog } from "./run-step.ts";
import { type BuiltImage, saveImage } from "./saved-image.ts";
import type { StepCache } from "./step-cache.ts";

export interface ImageBuildOptions extends BuildDependencies {
  bases: BaseImages;
  steps: StepCache;
  onLog: OnLog;
  signal: AbortSignal;
}

/** One build from its first step to its last. Disposal removes all that it used; what finished steps made stays for the next. */
export class ImageBuild implements AsyncDisposable {
  #request: StartBuild;
  #options: ImageBuildOptions;
  #directory: string;
  #scratch: string;
  #resources = new AsyncDisposableStack();
  /** By the worker itself, for what the build does to the machine. */
  #ended = new AbortController();
  #layers = new BuildLayers();

  constructor(request: StartBuild, options: ImageBuildOptions) {
    this.#request = request;
    this.#options = { ...options, signal: AbortSignal.any([options.signal, this.#ended.signal]) };
    this.#directory = join(options.directories.runtime, "builds", request.buildId);
    this.#scratch = join(options.directories.scratch, request.buildId);
    for (const directory of [this.#directory, this.#scratch]) {
      this.#resources.defer(() => options.discard(directory));
    }
  }

  async run(): Promise<BuiltImage> {
    const { layers, signal } = this.#options;
    signal.throwIfAborted();
    const parsed = parseDockerfile(this.#request.dockerfile);
    const instructions = this.#resources.use(
      new BuildInstructions({
        ...this.#options,
        request: this.#request,
        variables: new BuildVariables({ given: this.#request.buildArgs, escape: parsed.escape }),
        built: this.#layers,
        directory: this.#directory,
        scratch: this.#scratch,
      }),
    );
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await mkdir(this.#scratch, { recursive: true, mode: 0o755 });
    using _held = holdToLimits(this.#options, {
      id: this.#request.buildId,
      // Layers of earlier stages are as much its own as what it writes now.
      directories: () => [this.#scratch, ...this.#layers.written.map((layerId) => layers.path(layerId))],
      diskLimitBytes: undefined,
      container: () => instructions.container,
      end: (reason) => this.#ended.abort(reason),
    });
    for (const [index, instruction] of parsed.instructions.entries()) {
      signal.throwIfAborted();
      this.#say(`=> Step ${index + 1} of ${parsed.instructions.length}: ${instruction.text}\n`);
      await instructions.carryOut(instruction);
    }
    await instructions.commitVolumes();
    return await saveImage({
      layers,
      built: this.#layers,
      base: this.#request.baseLayerIds,
      stage: instructions.stage,
      say: (text) => this.#say(text),
      signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    for (const layerId of this.#layers.own) await this.#options.layers.remove(layerId);
  }

  #say(text: string): void {
    this.#options.onLog("stdout", text);
  }
}
