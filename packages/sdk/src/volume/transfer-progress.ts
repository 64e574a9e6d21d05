/** How far an upload or a download is. */
export interface TransferProgress {
  /** "reading": files of this machine are read, to find out what the server lacks. */
  stage: "reading" | "sending" | "receiving";
  /** The file that is worked on, as it is called in the volume. */
  file: string;
  /** Bytes of all files that are done, in this stage. */
  bytesDone: number;
  /** Bytes of all files, as far as is known. */
  bytesTotal: number;
  /** Files that are done, in this stage. */
  filesDone: number;
  /** Files, as far as is known. */
  filesTotal: number;
}

/** Told how far a transfer is, again and again. */
export type OnTransferProgress = (progress: TransferProgress) => void;

/** Counts what is done of files whose sizes are known. */
export class TransferCounter {
  #stage: TransferProgress["stage"];
  #left = new Map<string, number>();
  #bytesDone = 0;
  #bytesTotal = 0;
  #filesDone = 0;
  #onProgress: OnTransferProgress | undefined;

  constructor(
    stage: TransferProgress["stage"],
    files: readonly { path: string; size: number }[],
    onProgress: OnTransferProgress | undefined,
  ) {
    this.#stage = stage;
    this.#onProgress = onProgress;
    for (const { path, size } of files) this.include(path, size);
  }

  /** A file that was not known of before. */
  include(file: string, size: number): void {
    this.#left.set(file, size);
    this.#bytesTotal += size;
    if (size === 0) this.#filesDone += 1;
  }

  /** Some bytes of a file are done; fewer than none, when they have to be done once more. */
  add(file: string, bytes: number): void {
    const before = this.#left.get(file) ?? 0;
    const left = before - bytes;
    this.#left.set(file, left);
    this.#bytesDone += bytes;
    if (left === 0 && bytes > 0) this.#filesDone += 1;
    if (before === 0 && bytes < 0) this.#filesDone -= 1;
    this.report(file);
  }

  report(file: string): void {
    this.#onProgress?.({
      stage: this.#stage,
      file,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      filesDone: this.#filesDone,
      filesTotal: this.#left.size,
    });
  }
}
