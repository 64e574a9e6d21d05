import { must } from "@dorian/base/must";
import { configurationFrom } from "@dorian/oci/image-configuration";
import type { StartBuild } from "@dorian/protocol/worker";
import type { BaseImage } from "./base-cache.ts";
import type { BaseImages } from "./base-images.ts";
import type { BuildStage } from "./build-stage.ts";

export interface BuildStagesOptions {
  request: StartBuild;
  bases: BaseImages;
  say: (text: string) => void;
  signal: AbortSignal;
}

/** The stages of one build, and the images that its instructions name: earlier stages, the request's base, any other. */
export class BuildStages {
  #options: BuildStagesOptions;
  #stages: { name: string | undefined; stage: BuildStage }[] = [];

  constructor(options: BuildStagesOptions) {
    this.#options = options;
  }

  /** The one that instructions are for; undefined before the first FROM. */
  get last(): BuildStage | undefined {
    return this.#stages.at(-1)?.stage;
  }

  get current(): BuildStage {
    return must(this.last, "a stage");
  }

  get count(): number {
    return this.#stages.length;
  }

  begin(name: string | undefined, stage: BuildStage): void {
    this.#stages.push({ name, stage });
  }

  named(name: string): BuildStage | undefined {
    return this.#stages.findLast((each) => each.name === name.toLowerCase())?.stage;
  }

  /** What FROM may name. */
  async base(name: string): Promise<BaseImage> {
    const earlier = this.named(name);
    if (earlier) return { layerIds: [...earlier.layerIds], config: earlier.config };
    const { request, bases, say, signal } = this.#options;
    const { baseLayerIds, baseConfig, secretEnv, registryAuth, registryEnv, refreshBase } = request;
    if (name === "base" || (this.count === 0 && baseLayerIds.length > 0)) {
      return { layerIds: baseLayerIds, config: configurationFrom(baseConfig) };
    }
    return bases.getOrCreate(name, {
      onLog: say,
      signal,
      login: { kind: registryAuth, env: { ...secretEnv, ...registryEnv } },
      refresh: refreshBase,
    });
  }

  /** What `--from` and `from=` may name: stages by their number, too. */
  async source(name: string): Promise<BaseImage> {
    const numbered = /^\d+$/.test(name) ? this.#stages[Number(name)]?.stage : undefined;
    if (numbered && numbered !== this.current)
      return { layerIds: [...numbered.layerIds], config: numbered.config };
    return this.base(name);
  }
}
