import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import type { CallContext } from "@dorian/protocol/service";
import type { FileContent } from "@dorian/storage/file-content";
import type { BlockStore } from "@dorian/storage/block-store";
import type { LayerStore } from "@dorian/storage/layer-store";
import { copyPaths, putFiles, removePath } from "@dorian/storage/volume-edit";
import type { Idempotency } from "../../database/idempotency.ts";
import { authorOf } from "../named-object/get-or-create.ts";
import type { VolumeRegistry } from "./volume-registry.ts";

export interface VolumeEditsOptions {
  volumes: VolumeRegistry;
  layers: LayerStore;
  blocks: BlockStore;
  idempotency: Idempotency;
}

/** A call that edits a volume: who made it, which it was, and what it is about. */
interface Edit {
  context: CallContext;
  method: string;
  volumeId: string;
}

/** Changes of volumes from outside of containers. Each is a version of its own, or nothing. */
export class VolumeEdits {
  #options: VolumeEditsOptions;

  constructor(options: VolumeEditsOptions) {
    this.#options = options;
  }

  /** Puts files, all of them or none. */
  async put(edit: Edit, files: readonly FileContent[], options: { overwrite: boolean }): Promise<void> {
    const { layers, blocks } = this.#options;
    const make = (stack: string[]) => putFiles(layers, stack, files, blocks, options);
    await retryWhenChanged(() => this.#append(edit, make, { exclusive: !options.overwrite }));
  }

  async remove(edit: Edit, path: string, options: { recursive: boolean }): Promise<void> {
    const make = (stack: string[]) => removePath(this.#options.layers, stack, path, options);
    await this.#append(edit, make, { exclusive: false });
  }

  async copy(
    edit: Edit,
    paths: { sources: readonly string[]; target: string },
    options: { recursive: boolean },
  ): Promise<void> {
    const { sources, target } = paths;
    const make = (stack: string[]) => copyPaths(this.#options.layers, stack, sources, target, options);
    await this.#append(edit, make, { exclusive: false });
  }

  /** Appends the layer that `make` writes on top of the newest version; undefined: nothing to do. */
  async #append(
    { context, method, volumeId }: Edit,
    make: (stackPaths: string[]) => Promise<string | undefined>,
    options: { exclusive: boolean },
  ): Promise<void> {
    const { volumes, layers, idempotency } = this.#options;
    volumes.requireAlive(volumeId);
    let made: string | undefined;
    try {
      await idempotency.onceAfter(context, { method, schema: EmptySchema }, async () => {
        const base = volumes.head(volumeId);
        const layerId = await make(volumes.stackPaths(volumeId));
        if (layerId === undefined) return async () => ({ response: {} });
        made = layerId;
        const bytes = await layers.sizeOf(layerId);
        return async (trx) => {
          volumes.requireAlive(volumeId);
          const change = { layerId, author: authorOf(context), bytes };
          const { head, committed } = await volumes.appendIn(trx, volumeId, change);
          if (options.exclusive && head.version !== base.version + 1) throw changedMeanwhile();
          return { response: {}, committed };
        };
      });
    } catch (error) {
      if (made !== undefined) await layers.remove(made);
      throw error;
    }
  }
}

const changedCode = "VOLUME_CHANGED";

function changedMeanwhile(): AppError {
  return new AppError(changedCode, "The volume was changed by others while files were put into it.", {
    status: "ABORTED",
    remedy: "Try again, or allow that files are overwritten.",
  });
}

// Whether a file exists is decided on the version that the new one follows.
async function retryWhenChanged(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!AppError.is(error) || error.code !== changedCode || attempt === 10) throw error;
    }
  }
}
