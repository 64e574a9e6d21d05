import { ObjectCreationType } from "@dorian/protocol/modal";
import { containerTransport, transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { checkName } from "../name-rules.ts";
import type { UploadBatch } from "./upload-batch.ts";
import type { TransferSettings } from "./volume-wire.ts";

/**
 * A tree of files that functions share, kept across apps and containers.
 *
 * A container sees the version that was the newest when it started. What it writes is its own until it is committed:
 * before each answer (so whoever has a call's result, or a value of a generator, finds in a container that starts or
 * reloads then what was written and closed before), by `commit()`, every few seconds in the background, and when the
 * container ends. A call whose files cannot be committed fails.
 *
 * @example
 * const volume = Volume.fromName("model-weights-vol", { createIfMissing: true });
 * const train = app.function({ name: "train", volumes: { "/vol/models": volume } }, async () => {
 *   await writeFile("/vol/models/weights", weights);
 *   await volume.commit();
 * });
 */
export class Volume {
  /** The name it is looked up by. */
  readonly name: string;
  /** @internal */
  readonly createIfMissing: boolean;
  #ids = new WeakMap<Transport["modal"], Promise<string>>();

  private constructor(name: string, createIfMissing: boolean) {
    this.name = name;
    this.createIfMissing = createIfMissing;
  }

  /**
   * The volume of that name, looked up at its first use, not here.
   *
   * @param options.createIfMissing make it, empty, where there is none; default false
   * @throws AppError NAME_INVALID; at its first use VOLUME_NOT_FOUND
   */
  static fromName(name: string, options: { createIfMissing?: boolean } = {}): Volume {
    return new Volume(checkName("a volume", name), options.createIfMissing ?? false);
  }

  /** @internal The volume's id on the server that `wire` leads to. For an app that is being deployed it is looked up anew. */
  async resolve(wire: Transport, appId = ""): Promise<string> {
    const known = appId === "" ? this.#ids.get(wire.modal) : undefined;
    if (known) return await known;
    const found = this.#lookUp(wire, appId);
    this.#ids.set(wire.modal, found);
    try {
      return await found;
    } catch (error) {
      this.#ids.delete(wire.modal);
      throw error;
    }
  }

  /**
   * Makes what this container wrote below the volume's mount visible to everyone who reloads or starts later.
   *
   * @throws AppError NOT_IN_CONTAINER; STORAGE_FULL where the server's disk has no room
   */
  async commit(): Promise<void> {
    const wire = await containerTransport(`commit() of volume "${this.name}"`);
    const volumeId = await this.resolve(wire);
    const { skipReload } = await wire.modal.volumeCommit({ volumeId });
    if (!skipReload) await wire.modal.volumeReload({ volumeId });
  }

  /** Shows this container the newest version. Files that are open keep the version they were opened in. */
  async reload(): Promise<void> {
    const wire = await containerTransport(`reload() of volume "${this.name}"`);
    await wire.modal.volumeReload({ volumeId: await this.resolve(wire) });
  }

  /** Files from outside of containers: list, put, get, remove, copy. */
  async files(): Promise<import("./volume-files.ts").VolumeFiles> {
    const wire = await transport();
    const [{ VolumeFiles }, { handoverOf }] = await Promise.all([
      import("./volume-files.ts"),
      import("./hand-over.ts"),
    ]);
    return new VolumeFiles(wire.modal, await this.resolve(wire), handoverOf(wire));
  }

  /**
   * Uploads files from outside of containers, in one new version of the volume: all of them, or none.
   *
   * @param options.force replace files that are there already
   * @throws AppError VOLUME_FILE_EXISTS unless `force`; LOCAL_FILE_MISSING, LOCAL_FILE_CHANGED, VOLUME_BATCH_TOO_LARGE
   * @example
   * await volume.batchUpload((batch) => {
   *   batch.putDirectory("./weights", "/iris-b");
   *   batch.putFile(Buffer.from("ready"), "/iris-b/state");
   * });
   */
  async batchUpload(
    fill: (batch: UploadBatch) => void | Promise<void>,
    { force, ...settings }: { force?: boolean | undefined } & Omit<TransferSettings, "overwrite"> = {},
  ): Promise<{ files: number; bytes: number }> {
    return await (await this.files()).putBatch(fill, { ...settings, overwrite: force });
  }

  async #lookUp(wire: Transport, appId: string): Promise<string> {
    const { volumeId } = await wire.modal.volumeGetOrCreate({
      deploymentName: this.name,
      objectCreationType: this.createIfMissing
        ? ObjectCreationType.CREATE_IF_MISSING
        : ObjectCreationType.UNSPECIFIED,
      appId,
    });
    return volumeId;
  }
}
