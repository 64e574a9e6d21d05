import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { LeftOut } from "../local/walk-local-tree.ts";
import { getDirectory, type DirectoryDownload } from "./get-directory.ts";
import { getFile } from "./get-file.ts";
import { handoverOf, type Handover } from "./hand-over.ts";
import type { Transport } from "../client/transport.ts";
import { withLocalFile } from "../local/local-file-error.ts";
import { putFiles } from "./put-files.ts";
import { requireRemoteFile, readContent } from "./read-content.ts";
import { TransferCounter } from "./transfer-progress.ts";
import { UploadBatch, type UploadContent } from "./upload-batch.ts";
import { listEntries, type VolumeEntry } from "./volume-entry.ts";
import { callOptions, type WaitOptions } from "../client/wait-options.ts";
import type { TransferSettings, VolumeWire } from "./volume-wire.ts";

/** What a transfer moved. */
export interface Transferred {
  /** How many files it moved. */
  files: number;
  /** Their size, in bytes. */
  bytes: number;
}

/** What an upload moved, and what of its directories it could not. */
export interface Uploaded extends Transferred {
  /** Empty where all could be taken along. */
  leftOut: LeftOut[];
}

/**
 * The files of a volume, without a mount of it. Each call that changes something makes one new version of the
 * volume, or none. Paths begin at the volume's root, with or without a slash.
 *
 * @example
 * const files = await Volume.fromName("model-weights-vol").files();
 * await files.putDirectory("./weights", "/iris-a");
 * for await (const { path, size } of files.list("/", { recursive: true })) console.log(path, size);
 */
export class VolumeFiles {
  #wire: VolumeWire;

  /** @internal */
  constructor(modal: ServiceClient<typeof ModalClient>, volumeId: string, handover?: Handover) {
    this.#wire = { modal, volumeId, handover };
  }

  /** @internal Those of a volume on the server that `wire` leads to. */
  static on(wire: Transport, volumeId: string): VolumeFiles {
    return new VolumeFiles(wire.modal, volumeId, handoverOf(wire));
  }

  /** What a directory holds, in no particular order; for the path of a file, that file. */
  list(
    path: string,
    options: { recursive?: boolean | undefined } & WaitOptions = {},
  ): AsyncIterable<VolumeEntry> {
    return listEntries(this.#wire, path, options);
  }

  /**
   * Uploads a file, or content as it comes. A remote path that ends in a slash is the directory for a file to go to.
   *
   * @throws AppError VOLUME_FILE_EXISTS unless `overwrite`; LOCAL_FILE_MISSING, LOCAL_FILE_CHANGED, LOCAL_DISK_FULL
   */
  async putFile(
    source: UploadContent,
    remotePath: string,
    settings: TransferSettings = {},
  ): Promise<Uploaded> {
    return await this.putBatch((batch) => batch.putFile(source, remotePath), settings);
  }

  /**
   * Uploads the files of a directory and below, all of them or none. Symbolic links stand for what they lead to; pipes, links that lead
   * nowhere and names that are not UTF-8 are left out.
   */
  async putDirectory(
    localDirectory: string,
    remotePath: string,
    settings: TransferSettings = {},
  ): Promise<Uploaded> {
    return await this.putBatch((batch) => batch.putDirectory(localDirectory, remotePath), settings);
  }

  /** Uploads everything that `fill` puts into the batch, all of it or nothing. */
  async putBatch(
    fill: (batch: UploadBatch) => void | Promise<void>,
    settings: TransferSettings = {},
  ): Promise<Uploaded> {
    const batch = new UploadBatch();
    await fill(batch);
    await using spooled = new AsyncDisposableStack();
    const moved = await putFiles(this.#wire, await batch.complete(spooled, settings), settings);
    return { ...moved, leftOut: batch.leftOut };
  }

  /** Downloads a file to a path of this machine, or into a directory or a stream there. A stream is not ended. */
  async getFile(
    remotePath: string,
    target: string | Writable,
    settings: TransferSettings = {},
  ): Promise<Transferred> {
    if (typeof target === "string") return await getFile(this.#wire, remotePath, target, settings);
    const { onProgress, signal } = settings;
    const file = await requireRemoteFile(this.#wire, remotePath, signal);
    const counter = new TransferCounter("receiving", [file], onProgress);
    const content = readContent(file, { signal, onReceived: (bytes) => counter.add(file.path, bytes) });
    await withLocalFile("the output", "written", () =>
      pipeline(content, target, { end: false, ...callOptions(signal) }),
    );
    return { files: 1, bytes: file.size };
  }

  /** Downloads the files of a directory and below; none comes into its place before all have arrived. */
  async getDirectory(
    remotePath: string,
    localDirectory: string,
    settings: TransferSettings = {},
  ): Promise<DirectoryDownload> {
    return await getDirectory(this.#wire, remotePath, localDirectory, settings);
  }

  /** A file's content, piece by piece. */
  async *readPieces(remotePath: string, { signal }: WaitOptions = {}): AsyncGenerator<Uint8Array> {
    yield* readContent(await requireRemoteFile(this.#wire, remotePath, signal), { signal });
  }

  /** A file's content, all of it in memory. */
  async readFile(remotePath: string, options: WaitOptions = {}): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.readPieces(remotePath, options)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** @throws AppError VOLUME_PATH_NOT_FOUND; PATH_IS_A_DIRECTORY unless `recursive` */
  async remove(path: string, options: { recursive?: boolean | undefined } & WaitOptions = {}): Promise<void> {
    const { modal, volumeId } = this.#wire;
    const { recursive = false, signal } = options;
    await modal.volumeRemoveFile2({ volumeId, path, recursive }, callOptions(signal));
  }

  /** Copies within the volume, without moving any content. Several sources go into the destination. */
  async copy(
    sources: string[],
    destination: string,
    options: { recursive?: boolean | undefined } & WaitOptions = {},
  ): Promise<void> {
    const { modal, volumeId } = this.#wire;
    const { recursive = false, signal } = options;
    await modal.volumeCopyFiles2(
      { volumeId, srcPaths: sources, dstPath: destination, recursive },
      callOptions(signal),
    );
  }
}
