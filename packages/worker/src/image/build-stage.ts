import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { LayerStore } from "@dorian/storage/layer-store";
import { RootFileSystem } from "../task/root-file-system.ts";
import type { UserNamespace } from "../user-namespace/user-namespaces.ts";
import type { BaseImage } from "./base-cache.ts";
import { configurationFrom, type ImageConfiguration } from "./image-configuration.ts";

export interface BuildStageOptions {
  base: BaseImage;
  layers: LayerStore;
  /** For mount points. */
  directory: string;
  /** For what is written; on the file system of the layer store. */
  scratch: string;
  /** Told of every layer that the stage makes. */
  onLayer: (layerId: string) => void;
}

/** Directories that a container's start makes when a root file system lacks them. */
const startDirectories = ["/proc", "/sys", "/dev", "/run", "/etc"];

/**
 * An image in the making, from FROM on: the layers below and one writable directory on top, for all steps together. It
 * is mounted only once a step needs it.
 */
export class BuildStage implements AsyncDisposable {
  readonly config: ImageConfiguration;
  /** Build arguments declared so far. */
  readonly args = new Map<string, string>();
  #options: BuildStageOptions;
  #layerIds: string[];
  #root: RootFileSystem | undefined;
  #mountTargets = new Set<string>();
  #generation = 0;

  constructor(options: BuildStageOptions) {
    this.#options = options;
    this.#layerIds = [...options.base.layerIds];
    this.config = configurationFrom(options.base.config);
  }

  /** Layers so far, lowest first; without what is not frozen yet. */
  get layerIds(): readonly string[] {
    return this.#layerIds;
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

  /** Makes what was written a layer. */
  async freeze(): Promise<void> {
    const root = this.#root;
    if (!root) return;
    const targets = [...this.#mountTargets, ...(this.#mountTargets.size > 0 ? startDirectories : [])];
    const layerId = await root.freeze(this.#options.layers, targets);
    this.#root = undefined;
    if (layerId !== undefined) {
      this.#options.onLayer(layerId);
      this.#layerIds.push(layerId);
    }
    await root[Symbol.asyncDispose]();
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
    // The mode of "/" in the image, whatever this process's umask is.
    await chmod(root.upper, 0o755);
    return root;
  }
}
