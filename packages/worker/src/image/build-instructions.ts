import { join, posix } from "node:path";
import { assertNever } from "@dorian/base/must";
import type { StartBuild } from "@dorian/protocol/worker";
import { containerUser } from "../container/container-user.ts";
import type { BaseImages } from "./base-images.ts";
import { BuildContainers } from "./build-containers.ts";
import { contextKey, contextRoots } from "./build-context.ts";
import type { BuildDependencies } from "./build-dependencies.ts";
import type { BuildLayers } from "./build-layers.ts";
import { BuildStage } from "./build-stage.ts";
import { BuildStages } from "./build-stages.ts";
import type { BuildVariables } from "./build-variables.ts";
import { copyFiles } from "./copy-instruction.ts";
import { copyPlan } from "./copy-plan.ts";
import { makeDirectory } from "./copy-target.ts";
import { doOnce } from "./do-once.ts";
import { dockerfileError } from "./dockerfile/dockerfile-error.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import type { OnLog } from "./run-step.ts";
import { StackViews } from "./stack-views.ts";
import type { StepCache } from "./step-cache.ts";

export interface BuildInstructionsOptions extends BuildDependencies {
  request: StartBuild;
  bases: BaseImages;
  steps: StepCache;
  variables: BuildVariables;
  /** What the build makes is added here. */
  built: BuildLayers;
  /** Where the build has its own files, below the worker's runtime directory. */
  directory: string;
  /** Where the build may write what becomes layers, on the file system of the layer store. */
  scratch: string;
  onLog: OnLog;
  signal: AbortSignal;
}

type InstructionOf<K extends Instruction["kind"]> = Extract<Instruction, { kind: K }>;

/** Carries out the instructions of one build, one after the other. */
export class BuildInstructions implements AsyncDisposable {
  #options: BuildInstructionsOptions;
  #resources = new AsyncDisposableStack();
  #stages: BuildStages;
  #views: StackViews;
  #containers: BuildContainers;
  /** Of the Dockerfile: that of the instruction that is carried out. */
  #line = 1;

  constructor(options: BuildInstructionsOptions) {
    this.#options = options;
    const { layers, directory } = options;
    this.#views = this.#resources.use(new StackViews({ layers, directory }));
    this.#stages = new BuildStages({ ...options, say: (text) => this.#say(text) });
    this.#containers = this.#resources.use(
      new BuildContainers({
        ...options,
        stages: this.#stages,
        views: this.#views,
        expandPlace: (text) => this.#expandPlace(text),
        context: () => this.#context(),
      }),
    );
  }

  /** The container that runs for an instruction, or the last that did. */
  get container(): BuildContainers["current"] {
    return this.#containers.current;
  }

  /** What the last stage came to. */
  get stage(): BuildStage {
    return this.#stages.current;
  }

  /** Makes what instructions wrote to volumes the volumes' next versions. */
  async commitVolumes(): Promise<void> {
    await this.#containers.commitVolumes();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  /** @throws AppError DOCKERFILE_INVALID for what only shows when variables have their values */
  async carryOut(instruction: Instruction): Promise<void> {
    this.#line = instruction.line;
    switch (instruction.kind) {
      case "from":
        return this.#from(instruction);
      case "run":
        return this.#run(instruction);
      case "copy":
        return this.#copy(instruction);
      case "arg":
        this.#options.variables.declare(instruction.values, { line: this.#line, scope: this.#stages.last });
        return undefined;
      case "workdir":
        return this.#workdir(instruction);
      case "env": {
        const { config } = this.stage;
        const values = instruction.values.map((pair) => pair.map((text) => this.#expand(text)));
        Object.assign(config.env, Object.fromEntries(values) as Record<string, string>);
        return undefined;
      }
      case "user":
        this.stage.config.user = this.#expand(instruction.user);
        return undefined;
      case "shell":
        this.stage.config.shell = instruction.shell;
        return undefined;
      case "cmd":
        this.stage.setCommand(instruction.command);
        return undefined;
      case "entrypoint":
        this.stage.setEntrypoint(instruction.command);
        return undefined;
      case "volume":
        for (const path of instruction.paths) await this.#makeDirectory(this.#expandPlace(path), "");
        return undefined;
      case "ignored":
        if (instruction.isMissed)
          this.#say("   Without effect: Dorian has its own ways to watch and stop containers.\n");
        return undefined;
      default:
        return assertNever(instruction);
    }
  }

  async #from(instruction: InstructionOf<"from">): Promise<void> {
    // What is written later belongs to the new stage.
    await this.#stages.last?.freeze();
    const { image, platform, line } = instruction;
    const name = this.#options.variables.expand(image, { line, scope: undefined });
    if (name === "") throw dockerfileError(line, `FROM ${image} names no image.`);
    if (platform !== undefined) this.#options.variables.requirePlatform(platform, line);
    const base = await this.#stages.base(name);
    refuseTriggers(name, base.onBuild ?? [], line);
    const stage = new BuildStage({
      base,
      args: this.#stages.named(name)?.args ?? new Map(),
      layers: this.#options.layers,
      directory: join(this.#options.directory, `root-${this.#stages.count}`),
      scratch: join(this.#options.scratch, `stage-${this.#stages.count}`),
      onLayer: (layerId) => this.#options.built.add(layerId),
    });
    this.#resources.use(stage);
    this.#stages.begin(instruction.stage, stage);
  }

  async #doOnce(dependsOn: Record<string, unknown>, work: () => Promise<void>): Promise<void> {
    const layerId = await doOnce(dependsOn, work, {
      request: this.#options.request,
      stage: this.stage,
      steps: this.#options.steps,
      say: (text) => this.#say(text),
    });
    if (layerId !== undefined) this.#options.built.keep(layerId);
  }

  async #run(instruction: InstructionOf<"run">): Promise<void> {
    const { command, mounts } = instruction;
    const bound = mounts.filter((mount) => mount.type === "bind");
    const sources = await Promise.all(
      bound.map(async ({ options }) => {
        const from = options.get("from");
        return from === undefined
          ? contextKey(this.#options.request)
          : (await this.#stages.source(this.#expand(from))).layerIds;
      }),
    );
    await this.#doOnce({ command, mounts, sources }, () => this.#containers.run(instruction));
  }

  async #copy(instruction: InstructionOf<"copy">): Promise<void> {
    const { options } = instruction;
    const plan = copyPlan(instruction, {
      expand: (text) => this.#expand(text),
      expandPlace: (text) => this.#expandPlace(text),
    });
    const { sources, addresses, target, from: name } = plan;
    const stage = this.stage;
    const from = name === undefined ? undefined : await this.#stages.source(name);
    if (from && plan.isWhole) {
      const isThere = (layerId: string) => stage.layerIds.includes(layerId);
      // A stack has each layer once. What we make ourselves lies where nobody else puts anything.
      if (name?.startsWith("dorian/") && from.layerIds.every(isThere)) return;
      if (!from.layerIds.some(isThere)) return await stage.stack(from.layerIds);
    }
    const { documents } = instruction;
    const copy = async () =>
      copyFiles(instruction, {
        stage,
        sources,
        addresses,
        target,
        sourceRoots: from ? [await this.#views.show(from.layerIds)] : await this.#context(),
        expand: (text, how) => this.#expand(text, how),
        scratch: this.#options.scratch,
        operator: this.#options.operator,
        say: (text) => this.#say(text),
        signal: this.#options.signal,
      });
    if (addresses.length > 0 && options.checksum === undefined) {
      // What is at an address may be something else next time. Steps after it are of this layer, and so of this build.
      await copy();
      await stage.freeze();
      return;
    }
    const dependsOn = {
      sources,
      target,
      options,
      documents,
      from: from?.layerIds ?? contextKey(this.#options.request),
    };
    await this.#doOnce(dependsOn, copy);
  }

  #context(): Promise<string[]> {
    return contextRoots(this.#options.request, {
      directory: join(this.#options.scratch, "context"),
      layers: this.#options.layers,
    });
  }

  async #workdir(instruction: InstructionOf<"workdir">): Promise<void> {
    const { config } = this.stage;
    const path = this.#expandPlace(instruction.path);
    if (path === "") throw dockerfileError(this.#line, `WORKDIR ${instruction.path} names no directory.`);
    config.workdir = posix.resolve("/", config.workdir, path);
    await this.#makeDirectory(config.workdir, config.user);
  }

  /** Makes a directory that is not there, for a user of the image. */
  async #makeDirectory(path: string, user: string): Promise<void> {
    const stage = this.stage;
    const directory = posix.resolve("/", stage.config.workdir, path);
    stage.did({ directory, user });
    const root = await stage.root();
    const owner = await containerUser(root, user);
    using _made = (await makeDirectory(directory, { root, owner, mode: undefined })).directory;
  }

  #expandPlace(text: string): string {
    return this.#options.variables.expandPlace(text, { line: this.#line, scope: this.#stages.last });
  }

  #expand(text: string, options: { quotesAreText?: boolean } = {}): string {
    return this.#options.variables.expand(text, { line: this.#line, scope: this.#stages.last, ...options });
  }

  #say(text: string): void {
    this.#options.onLog("stdout", text);
  }
}

/** @throws AppError DOCKERFILE_INVALID for a base image that wants something done by what is built on it */
function refuseTriggers(name: string, [trigger]: readonly string[], line: number): void {
  if (trigger === undefined) return;
  throw dockerfileError(
    line,
    `${name} wants "${trigger}" done by whatever is built on it (ONBUILD), which is not supported.`,
    "Choose another base image, or one that has this done.",
  );
}
