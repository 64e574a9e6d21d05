import { constants } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, readdir, readlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { orAborted } from "@dorian/base/or-aborted";
import { Turns } from "@dorian/base/turns";
import { handoverDirectory, handoverLink } from "@dorian/protocol/convention/handover";
import type { OperatorService, VolumeHandOverRequest } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { BlockStore } from "@dorian/storage/block-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { VolumeRegistry } from "./volume-registry.ts";

export interface HandoversOptions {
  dataDirectory: string;
  blocks: { large: Pick<BlockStore["large"], "copy"> };
  room: Pick<RoomWatch, "hold">;
}

type Taken = { bytes: bigint } | { blocksSha256: Uint8Array[] };

/**
 * Files of this machine that clients have the server copy, instead of sending them. What the server may read need not be for every
 * client to read: a file is named by a symbolic link in a directory that only the server's own user may write to.
 */
export class Handovers {
  readonly #options: HandoversOptions;
  readonly #directory: string;
  /** The disk is no faster for two. */
  readonly #turns = new Turns();

  private constructor(options: HandoversOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
  }

  /** Makes the directory, and removes links that nobody has removed. */
  static async open(options: HandoversOptions): Promise<Handovers> {
    const directory = join(options.dataDirectory, handoverDirectory);
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o700);
    // Whatever else somebody has put there is no reason not to start.
    for (const entry of await readdir(directory, { withFileTypes: true }))
      if (entry.isSymbolicLink()) await unlink(join(directory, entry.name));
    return new Handovers(options, directory);
  }

  /**
   * Copies a file, and says how far it is, then of what blocks it consists; of none, when some may be here already.
   *
   * @throws AppError HANDOVER_REFUSED, STORAGE_FULL
   */
  async *take(request: VolumeHandOverRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<Taken> {
    const { blocks, room } = this.#options;
    const left = new AbortController();
    await using file = await this.#open(request);
    const turn = await this.#turn(signal);
    const copied = new AsyncQueue<number>();
    const copying = blocks.large
      .copy(file, {
        mode: request.mode,
        room,
        onCopied: (bytes) => copied.push(bytes),
        signal: AbortSignal.any([signal, left.signal]),
      })
      .finally(() => {
        // Others need not wait until this client has read the rest.
        turn.end();
        copied.end();
      });
    try {
      for await (const bytes of copied) yield { bytes: BigInt(bytes) };
      const found = (await copying) ?? [];
      yield { blocksSha256: found.map(({ sha }) => Buffer.from(sha, "hex")) };
    } finally {
      // Who asks no further must not close the file under the copy.
      left.abort();
      await copying.catch(() => undefined);
    }
  }

  /** Waits for a turn, which lasts until its end is told. Who gives up before it comes leaves the line. */
  async #turn(signal: AbortSignal): Promise<{ end: () => void }> {
    const come = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    void this.#turns.take(() => {
      come.resolve();
      return over.promise;
    });
    try {
      await orAborted(come.promise, signal);
    } catch (error) {
      over.resolve();
      throw error;
    }
    return { end: over.resolve };
  }

  async #open(request: VolumeHandOverRequest): Promise<FileHandle> {
    const { link, device, inode, size, mtimeNs } = request;
    if (!handoverLink.test(link)) throw refused(`${JSON.stringify(link)} is no name of a link`);
    await using opening = new AsyncDisposableStack();
    let file: FileHandle;
    try {
      const path = join(this.#directory, link);
      const { uid } = await lstat(path);
      if (uid !== process.geteuid?.()) throw new Error("it is not of the server's own user");
      const target = await readlink(path);
      // Neither a pipe nor a device is waited for.
      file = opening.use(await open(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
    } catch (error) {
      throw refused(`the link ${link} leads nowhere: ${messageOf(error)}`, error);
    }
    const found = await file.stat({ bigint: true });
    const isSame =
      found.isFile() &&
      found.dev === device &&
      found.ino === inode &&
      found.size === size &&
      found.mtimeNs === mtimeNs;
    if (!isSame) throw refused("where the link leads the server finds another file");
    opening.move();
    return file;
  }
}

export function handoverHandlers(options: {
  volumes: Pick<VolumeRegistry, "requireAlive">;
  handovers: Handovers;
}): Pick<ServiceHandlers<typeof OperatorService>, "volumeHandOver"> {
  return {
    volumeHandOver(request, { signal }) {
      options.volumes.requireAlive(request.volumeId);
      return options.handovers.take(request, { signal });
    },
  };
}

function refused(why: string, cause?: unknown): AppError {
  return new AppError("HANDOVER_REFUSED", `The server does not take the file itself: ${why}.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Send its content instead.",
    cause,
  });
}
