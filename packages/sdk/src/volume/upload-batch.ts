import { basename, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { LeftOut } from "../local/walk-local-tree.ts";
import type { UploadSource } from "./local-file.ts";
import { localTree } from "./local-tree.ts";
import { spool } from "./spool.ts";

/** A path of this machine, or content. */
export type UploadContent = string | Uint8Array | AsyncIterable<Uint8Array | string>;

type Put = (
  spooled: AsyncDisposableStack,
  options: { signal?: AbortSignal | undefined },
) => Promise<UploadSource[]>;

/** Collects what goes into a volume together. Files are read when the batch is complete, not before. */
export class UploadBatch {
  /** What of directories could not be taken along, once the batch is complete. */
  readonly leftOut: LeftOut[] = [];
  #puts: Put[] = [];
  #isComplete = false;

  /**
   * A file of this machine, or content as bytes or as it comes. A remote path that ends in a slash is the directory for
   * a file to go to.
   */
  putFile(source: UploadContent, remotePath: string): void {
    if (typeof source === "string") {
      const target = remotePath.endsWith("/") ? posix.join(remotePath, basename(source)) : remotePath;
      this.#add(async () => [{ localPath: source, remotePath: target }]);
      return;
    }
    if (remotePath.endsWith("/")) throw nameless(remotePath);
    this.#add(async (spooled, options) => {
      const content = source instanceof Uint8Array ? onePiece(source) : source;
      const { path } = spooled.use(await spool(content, options));
      return [{ localPath: path, remotePath }];
    });
  }

  /** The files of a directory and below. Symbolic links stand for what they lead to. */
  putDirectory(localDirectory: string, remotePath: string): void {
    this.#add(() => localTree(localDirectory, remotePath, (entry) => this.leftOut.push(entry)));
  }

  /** @internal Everything that was put, in that order. Content is written down for as long as `spooled` lives. */
  async complete(
    spooled: AsyncDisposableStack,
    options: { signal?: AbortSignal | undefined },
  ): Promise<UploadSource[]> {
    this.#isComplete = true;
    const sources: UploadSource[] = [];
    for (const put of this.#puts) for (const source of await put(spooled, options)) sources.push(source);
    return sources;
  }

  #add(put: Put): void {
    if (this.#isComplete) {
      throw new AppError("VOLUME_BATCH_COMPLETE", "A file was put into a batch that is being uploaded.", {
        status: "FAILED_PRECONDITION",
        remedy: "Put files only in the function that is given to batchUpload(), and await what it waits for.",
      });
    }
    this.#puts.push(put);
  }
}

async function* onePiece(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

function nameless(remotePath: string): AppError {
  return new AppError("VOLUME_PATH_INVALID", `"${remotePath}" does not say what the file is to be called.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Write a name after the slash, such as "${remotePath}weights.bin".`,
  });
}
