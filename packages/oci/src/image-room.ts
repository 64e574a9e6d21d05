import { AppError } from "@dorian/base/app-error";
import { spaceAt, type Space } from "@dorian/storage/free-space";

/** Files, directories and links of one image. Ubuntu with CUDA and PyTorch has 100,000, one with a data set a million. */
const maxEntries = 4_000_000;

/** How far a layer may unfold: text becomes a twentieth, bytes of one kind a thousandth. */
const maxRatio = 200;
/** Up to here it does not matter: an empty database file in an image is honest. */
const anyRatioBytes = 512 * 1024 * 1024;

/** The disk is asked what is left each time that so much was taken. */
const bytesBetweenLooks = 64 * 1024 * 1024;
const entriesBetweenLooks = 10_000;

/** An image ends before what is kept free is touched: its bytes are no container's, and none has to end for them. */
const marginPart = 1.25;

export interface ImageRoomOptions {
  /** The image's name, for messages. */
  name: string;
  /** Where it is unpacked. */
  directory: string;
  /** What its layers may hold together. */
  limitBytes: number;
  /** What is to remain of a disk of this size. */
  diskFloor: (size: Space) => Space;
}

/** What an image may take of the disk while it is fetched. Asked before anything is written. */
export class ImageRoom {
  #options: ImageRoomOptions;
  #bytes = 0;
  #entries = 0;
  #look = { bytes: 0, entries: 0 };

  constructor(options: ImageRoomOptions) {
    this.#options = options;
    this.#lookAtDisk();
  }

  /** @throws AppError IMAGE_TOO_LARGE, IMAGE_HAS_NO_ROOM */
  takeEntries(count: number): void {
    this.#entries += count;
    if (this.#entries > maxEntries) throw tooLarge(this.#options.name, `${maxEntries} files`);
    if (this.#entries - this.#look.entries > entriesBetweenLooks) this.#lookAtDisk();
  }

  /** @throws AppError IMAGE_TOO_LARGE, IMAGE_HAS_NO_ROOM */
  takeBytes(count: number): void {
    const { name, limitBytes } = this.#options;
    this.#bytes += count;
    if (this.#bytes > limitBytes) throw tooLarge(name, `${Math.floor(limitBytes / 2 ** 20)} MiB`);
    if (this.#bytes - this.#look.bytes > bytesBetweenLooks) this.#lookAtDisk();
  }

  /** What was taken for a layer that has to be fetched again. */
  giveBack({ bytes, entries }: { bytes: number; entries: number }): void {
    this.#bytes -= bytes;
    this.#entries -= entries;
    this.#look = { bytes: this.#bytes, entries: this.#entries };
  }

  #lookAtDisk(): void {
    this.#look = { bytes: this.#bytes, entries: this.#entries };
    const { free, size } = spaceAt(this.#options.directory);
    const floor = this.#options.diskFloor(size);
    const isShort = free.bytes < floor.bytes * marginPart || free.files < floor.files * marginPart;
    if (isShort) throw hasNoRoom(this.#options, free.bytes, floor.bytes);
  }
}

/**
 * Whether a layer unfolds as only one does that was made to. Its size is what was received so far: what its registry
 * says of it is no more to be believed than the layer.
 */
export function isBomb(receivedBytes: number, unpackedBytes: number): boolean {
  return unpackedBytes > anyRatioBytes && unpackedBytes > receivedBytes * maxRatio;
}

function tooLarge(name: string, limit: string): AppError {
  return new AppError("IMAGE_TOO_LARGE", `The image ${name} holds more than ${limit}.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy:
      "Begin with a smaller image, or start the worker (`dorian up`, `dorian worker`) with a larger --image-size.",
  });
}

function hasNoRoom({ name }: ImageRoomOptions, free: number, floor: number): AppError {
  const mebibytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;
  return new AppError(
    "IMAGE_HAS_NO_ROOM",
    `The image ${name} does not fit on the worker's disk: ${mebibytes(free)} are free, of which ${mebibytes(floor)} stay free.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Free space on the file system of the worker's data directory, or begin with a smaller image.",
    },
  );
}
