import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "./dockerfile/instruction.ts";
import type { LayerStore } from "@dorian/storage/layer-store";
import { RootFileSystem, startDirectories } from "../container/root-file-system.ts";
import type { UserNamespace } from "../user-namespace/user-namespaces.ts";
import type { BaseImage } from "./base-cache.ts";
import { configurationFrom, type ImageConfiguration } from "@dorian/oci/image-configuration";

export interface BuildStageOptions {
  base: BaseImage;
  /** Build arguments of the stage that it is built on. */
  args: ReadonlyMap<string, string>;
  layers: LayerStore;
  /** For mount points. */
  directory: string;
  /** For what is written; on the file system of the layer store. */
  scratch: string;
  /** Told of every layer that the stage makes. */
  onLayer: (layerId: string) => void;
}

/**
 * An image in the making, from FROM on: the layers below, those of finished steps, and a writable directory on top. It is
 * mounted only once a step needs it.
 */
export class BuildStage implements AsyncDisposable {
  readonly config: ImageConfiguration;
  /** Build arguments declared so far. */
  readonly args: Map<string, string>;
  #options: BuildStageOptions;
  #layerIds: string[];
  #root: RootFileSystem | undefined;
  /** What was done since the last layer, for the name of the step that the next one is of. */
  #unfrozen: unknown[] = [];
  #mountTargets = new Set<string>();
  #generation = 0;
  #hasCommand = false;
  /** The last layer that a step of the stage made. */
  #ownLayer: string | undefined;

  constructor(options: BuildStageOptions) {
    this.#options = options;
    this.#layerIds = [...options.base.layerIds];
    this.config = configurationFrom(options.base.config);
    this.args = new Map(options.args);
  }

  setCommand(command: Command): void {
    this.config.cmd = this.#argsOf(command);
    this.#hasCommand = true;
  }

  /** A command of the image below was meant for the entrypoint there. */
  setEntrypoint(command: Command): void {
    this.config.entrypoint = this.#argsOf(command);
    if (!this.#hasCommand) this.config.cmd = [];
  }

  /** Layers so far, lowest first; without what is not frozen yet. */
  get layerIds(): readonly string[] {
    return this.#layerIds;
  }

  /** What the files of the stage come from: layers, and what was done on them. */
  get origin(): { layerIds: readonly string[]; unfrozen: readonly unknown[] } {
    return { layerIds: this.#layerIds, unfrozen: this.#unfrozen };
  }

  /** Something was done that comes to the same each time, and is no step of its own. */
  did(what: unknown): void {
    this.#unfrozen.push(what);
  }

  /** Puts what was done to the files earlier, all that was done since the last layer included, in place of doing it. */
  async take(layerId: string | undefined): Promise<void> {
    const root = this.#root;
    this.#root = undefined;
    this.#unfrozen = [];
    await root?.[Symbol.asyncDispose]();
    if (layerId === undefined) return;
    this.#ownLayer = layerId;
    this.#layerIds.push(layerId);
  }

  /** Where the stage's root file system is mounted, writable: for a container of a user namespace, else with owners as on disk. */
  async root(userNamespace?: UserNamespace): Promise<string> {
    this.#root ??= await this.#mount();
    this.#root.showTo(userNamespace);
    return this.#root.path;
  }

  /** Says where containers had mounts: the empty files and directories that stood in for them do not belong to the image. */
  addMountTargets(targets: string[]): void {
    for (const target of targets) this.#mountTargets.add(target);
  }

  /** Puts whole layers on top. */
  async stack(layerIds: readonly string[]): Promise<void> {
    await this.freeze();
    this.#layerIds.push(...layerIds);
  }

  /** Makes what was written a layer; undefined when nothing was. */
  async freeze(): Promise<string | undefined> {
    const root = this.#root;
    this.#unfrozen = [];
    if (!root) return undefined;
    const standIns = this.#mountTargets.size > 0 ? [...this.#mountTargets, ...startDirectories] : [];
    const layerId = await root.freeze(this.#options.layers, standIns);
    this.#root = undefined;
    if (layerId !== undefined) {
      this.#options.onLayer(layerId);
      this.#ownLayer = layerId;
      this.#layerIds.push(layerId);
    }
    await root[Symbol.asyncDispose]();
    return layerId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root?.[Symbol.asyncDispose]();
    this.#root = undefined;
  }

  async #mount(): Promise<RootFileSystem> {
    const { layers, directory, scratch } = this.#options;
    const name = String(this.#generation++);
    const lower = this.#layerIds.map((layerId) => layers.path(layerId));
    if (lower.length === 0) {
      const empty = join(scratch, "empty");
      await mkdir(empty, { recursive: true });
      lower.push(empty);
    }
    const root = await RootFileSystem.mount({
      lower,
      target: join(directory, name),
      scratch: join(scratch, name),
      discard: (path) => layers.discard(path),
    });
    // The mode of "/" in the image, whatever this process's umask is; steps may have changed it.
    const last = this.#ownLayer === undefined ? undefined : await stat(layers.path(this.#ownLayer));
    if (last) await chown(root.upper, last.uid, last.gid);
    await chmod(root.upper, last ? last.mode & 0o7777 : 0o755);
    return root;
  }

  #argsOf(command: Command): string[] {
    if (command.kind === "exec") return command.args;
    const { shell } = this.config;
    return [...(shell.length > 0 ? shell : ["/bin/sh", "-c"]), command.script];
  }
}
