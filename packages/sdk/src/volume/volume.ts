import { AppError } from "@dorian/base/app-error";
import { sendInstead } from "@dorian/protocol/value/unsendable";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { containerTransport, transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import type { WaitOptions } from "../client/wait-options.ts";
import { checkName } from "../name-rules.ts";
import { allPages } from "../named/all-pages.ts";
import { creationType } from "../named/creation-type.ts";
import { keepAlive } from "../named/keep-alive.ts";
import type { DeleteOptions, EnvironmentOption, NamedInfo, NamedOptions } from "../named/named-options.ts";
import { ObjectId } from "../named/object-id.ts";
import { unlessMissing } from "../named/unless-missing.ts";
import type { UploadBatch } from "./upload-batch.ts";
import type { VolumeEntry } from "./volume-entry.ts";
import type { TransferSettings } from "./volume-wire.ts";

/** How a volume appears in a container. */
export interface VolumeMountOptions {
  /** Nothing can be written below the mount. Default false. */
  readOnly?: boolean | undefined;
  /** Directory of the volume that is mounted in place of all of it; a missing one comes with the first file that is written. Default: its root. */
  subPath?: string | undefined;
}

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
  /** The name it is looked up by; empty for one without a name. */
  readonly name: string;
  /** @internal */
  readonly mountOptions: VolumeMountOptions;
  #options: NamedOptions;
  #id: ObjectId;
  /** What containers have mounted, whatever its name leads to by now. Copies with other mount options are found by the same. */
  static readonly #mounted = new WeakMap<ObjectId, string>();

  private constructor(name: string, id: ObjectId, options: NamedOptions, mount: VolumeMountOptions = {}) {
    this.name = name;
    this.mountOptions = mount;
    this.#options = options;
    this.#id = id;
  }

  /** @internal */
  get [sendInstead]() {
    return [
      "a volume",
      "its id, await volume.id(), and find it there by Volume.fromId(id); or mount it there",
    ];
  }

  /**
   * The volume of that name, looked up at its first use, not here.
   *
   * @throws AppError NAME_INVALID; at its first use VOLUME_NOT_FOUND unless `createIfMissing`
   */
  static fromName(name: string, options: NamedOptions = {}): Volume {
    checkName("a volume", name);
    return new Volume(name, new ObjectId((wire) => lookUp(wire, name, options)), options);
  }

  /**
   * The volume with an id, such as one without a name that another program has made.
   *
   * @throws AppError at its first use VOLUME_NOT_FOUND
   */
  static fromId(volumeId: string): Volume {
    return new Volume("", new ObjectId(async () => volumeId), {});
  }

  /**
   * Makes a volume without a name, which is gone when it is disposed of, or 15 minutes after the program that made it. Others
   * find it by `await volume.id()` and `Volume.fromId`.
   *
   * @example
   * await using scratch = await Volume.ephemeral();
   * await scratch.batchUpload((batch) => batch.putFile(Buffer.from("1,2,3"), "/input.csv"));
   */
  static async ephemeral(options: EnvironmentOption = {}): Promise<Volume & AsyncDisposable> {
    const { modal } = await transport();
    const { volumeId } = await modal.volumeGetOrCreate({
      objectCreationType: ObjectCreationType.EPHEMERAL,
      environmentName: options.environment ?? "",
    });
    const life = keepAlive({
      heartbeat: () => modal.volumeHeartbeat({ volumeId }),
      remove: (wait) => modal.volumeDelete({ volumeId }, wait),
    });
    return Object.assign(Volume.fromId(volumeId), life);
  }

  /**
   * Deletes a volume with all its versions. Containers that have it mounted keep what they see, and can commit nothing more.
   *
   * @throws AppError VOLUME_NOT_FOUND unless `allowMissing`
   * @example
   * await Volume.delete("old-weights", { allowMissing: true });
   */
  static async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    const wire = await transport();
    checkName("a volume", name);
    const found = lookUp(wire, name, { environment: options.environment });
    const volumeId = await unlessMissing(found, missing, options.allowMissing);
    if (volumeId !== undefined)
      await unlessMissing(wire.modal.volumeDelete({ volumeId }), missing, options.allowMissing);
  }

  /**
   * Gives a volume another name. Containers of deployed apps mount it, commit and reload as before; whoever looks for the old name does
   * not find it any more.
   *
   * @throws AppError VOLUME_NOT_FOUND, VOLUME_EXISTS
   * @example
   * await Volume.delete("weights-of-today", { allowMissing: true });
   * await Volume.fromName("weights-of-tomorrow", { createIfMissing: true }).id();
   * await Volume.rename("weights-of-tomorrow", "weights-of-today");
   */
  static async rename(name: string, newName: string, options: EnvironmentOption = {}): Promise<void> {
    const wire = await transport();
    checkName("a volume", newName);
    await wire.modal.volumeRename({ volumeId: await lookUp(wire, name, options), name: newName });
  }

  /**
   * The volumes that have a name, newest first.
   *
   * @example
   * for (const { name, createdAt } of await Volume.list()) console.log(name, createdAt);
   */
  static async list({ environment = "" }: EnvironmentOption = {}): Promise<NamedInfo[]> {
    const { modal } = await transport();
    const found = await allPages(
      async (pagination) => (await modal.volumeList({ environmentName: environment, pagination })).items,
    );
    return found.map(({ label, createdAt }) => ({ name: label, createdAt: new Date(createdAt * 1000) }));
  }

  /**
   * The same volume, mounted otherwise.
   *
   * @throws AppError VOLUME_PATH_INVALID
   * @example
   * const shared = Volume.fromName("shared", { createIfMissing: true });
   * app.function(
   *   { name: "predict", volumes: { "/weights": shared.withMountOptions({ readOnly: true, subPath: "iris-b" }) } },
   *   async () => await readFile("/weights/model"),
   * );
   */
  withMountOptions(options: VolumeMountOptions): Volume {
    const { subPath } = options;
    if (subPath !== undefined && (subPath.split("/").includes("..") || subPath.includes("\0"))) {
      throw new AppError("VOLUME_PATH_INVALID", `"${subPath}" is no directory inside the volume.`, {
        status: "INVALID_ARGUMENT",
        remedy: 'Name a directory by its path from the volume\'s root, without "..".',
      });
    }
    return new Volume(this.name, this.#id, this.#options, { ...this.mountOptions, ...options });
  }

  /** Its id on the server. */
  async id(): Promise<string> {
    return (await this.#id.here()).id;
  }

  /** @internal The volume's id on the server that `wire` leads to. For an app that is being deployed it is looked up anew. */
  async resolve(wire: Transport, appId = ""): Promise<string> {
    if (appId === "" || this.name === "") return await this.#id.on(wire);
    return await this.#id.anew(wire, () => lookUp(wire, this.name, this.#options, appId));
  }

  /** @internal Says under which id this container has it mounted. */
  mountedAs(volumeId: string): void {
    Volume.#mounted.set(this.#id, volumeId);
  }

  /** @internal Whether two are one volume. */
  isSameAs(other: Volume): boolean {
    const isSameName = this.name !== "" && this.name === other.name;
    return this.#id === other.#id || (isSameName && this.#options.environment === other.#options.environment);
  }

  /**
   * Makes what this container wrote below the volume's mount visible to everyone who reloads or starts later.
   *
   * @throws AppError NOT_IN_CONTAINER; STORAGE_FULL where the server's disk has no room
   */
  async commit(): Promise<void> {
    const wire = await containerTransport(`commit() of ${this.#named}`);
    const volumeId = await this.#mountedOn(wire);
    const { skipReload } = await wire.modal.volumeCommit({ volumeId });
    if (!skipReload) await wire.modal.volumeReload({ volumeId });
  }

  /** Shows this container the newest version. Files that are open keep the version they were opened in. */
  async reload(): Promise<void> {
    const wire = await containerTransport(`reload() of ${this.#named}`);
    await wire.modal.volumeReload({ volumeId: await this.#mountedOn(wire) });
  }

  async #mountedOn(wire: Transport): Promise<string> {
    return Volume.#mounted.get(this.#id) ?? (await this.#id.on(wire));
  }

  /** Its files, without a mount: list, put, get, remove, copy. In containers, too, of any volume. */
  async files({ signal }: WaitOptions = {}): Promise<import("./volume-files.ts").VolumeFiles> {
    const { wire, id } = await this.#id.here(signal);
    const { VolumeFiles } = await import("./volume-files.ts");
    return VolumeFiles.on(wire, id);
  }

  /**
   * Uploads files in one new version of the volume: all of them, or none.
   *
   * @param options.force replace files that are there already; default false: the call fails
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
    return await (await this.files(settings)).putBatch(fill, { ...settings, overwrite: force });
  }

  /**
   * What a directory of the newest version holds, in no particular order; for the path of a file, that file.
   *
   * @throws AppError VOLUME_PATH_NOT_FOUND
   * @example
   * for await (const { path, size } of volume.listFiles("/", { recursive: true })) console.log(path, size);
   */
  async *listFiles(
    path = "/",
    options: { recursive?: boolean | undefined } & WaitOptions = {},
  ): AsyncGenerator<VolumeEntry> {
    yield* (await this.files(options)).list(path, options);
  }

  /**
   * The content of a file of the newest version, all of it in memory.
   *
   * @throws AppError VOLUME_PATH_NOT_FOUND, PATH_IS_NOT_A_FILE
   */
  async readFile(path: string, options: WaitOptions = {}): Promise<Uint8Array> {
    return await (await this.files(options)).readFile(path, options);
  }

  /** As {@link readFile}, piece by piece: for files larger than memory, such as through `Readable.from`. */
  async *readPieces(path: string, options: WaitOptions = {}): AsyncGenerator<Uint8Array> {
    yield* (await this.files(options)).readPieces(path, options);
  }

  /**
   * Removes a file, or with `recursive` a directory, in one new version of the volume.
   *
   * @throws AppError VOLUME_PATH_NOT_FOUND; PATH_IS_A_DIRECTORY unless `recursive`
   */
  async removeFile(
    path: string,
    options: { recursive?: boolean | undefined } & WaitOptions = {},
  ): Promise<void> {
    await (await this.files(options)).remove(path, options);
  }

  /**
   * Copies within the volume, without moving any content, in one new version. Several sources go into the
   * destination, which is a directory then.
   *
   * @throws AppError VOLUME_PATH_NOT_FOUND; PATH_IS_A_DIRECTORY unless `recursive`
   */
  async copyFiles(
    sources: string[],
    destination: string,
    options: { recursive?: boolean | undefined } & WaitOptions = {},
  ): Promise<void> {
    await (await this.files(options)).copy(sources, destination, options);
  }

  get #named(): string {
    return this.name === "" ? "a volume without a name" : `volume "${this.name}"`;
  }
}

const missing = "VOLUME_NOT_FOUND";

async function lookUp(wire: Transport, name: string, options: NamedOptions, appId = ""): Promise<string> {
  const { volumeId } = await wire.modal.volumeGetOrCreate({
    deploymentName: name,
    environmentName: options.environment ?? "",
    objectCreationType: creationType(options),
    appId,
  });
  return volumeId;
}
