import { AppError, messageOf } from "@dorian/base/app-error";
import { FileEntry_FileType, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { downloadFile } from "./download-file.ts";
import { uploadFiles, type UploadOptions } from "./upload-files.ts";
import { uploadBytes, uploadFilesOf } from "./upload-source.ts";

export interface VolumeEntry {
  /** From the root of the volume, without a slash at the beginning. */
  path: string;
  type: "file" | "directory" | "symlink" | "other";
  sizeBytes: number;
  modifiedAt: Date;
}

export interface DownloadProgress {
  /** The file that the last bytes belong to. */
  path: string;
  doneBytes: number;
  totalBytes: number;
}

/** The files of a volume, from outside of containers. Each change is a version of its own. */
export class VolumeFiles {
  #modal: ServiceClient<typeof ModalClient>;
  #volumeId: string;

  constructor(modal: ServiceClient<typeof ModalClient>, volumeId: string) {
    this.#modal = modal;
    this.#volumeId = volumeId;
  }

  /** What lies in a directory; a file lists itself. */
  async *list(
    path = "/",
    options: { recursive?: boolean; signal?: AbortSignal } = {},
  ): AsyncGenerator<VolumeEntry> {
    const request = { volumeId: this.#volumeId, path, recursive: options.recursive ?? false };
    for await (const { entries } of this.#modal.volumeListFiles2(request, callOptions(options))) {
      for (const entry of entries) {
        yield {
          path: entry.path,
          type: types[entry.type] ?? "other",
          sizeBytes: Number(entry.size),
          modifiedAt: new Date(Number(entry.mtime) * 1000),
        };
      }
    }
  }

  /**
   * Puts a local file or directory into the volume, in one new version. Only blocks that the server lacks are sent.
   *
   * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_CHANGED
   */
  async put(localPath: string, remotePath: string, options: UploadOptions = {}): Promise<void> {
    await uploadFiles(this.#modal, this.#volumeId, await uploadFilesOf(localPath, remotePath), options);
  }

  /** Writes contents by path, in one new version. */
  async write(contents: Record<string, string | Uint8Array>, options: UploadOptions = {}): Promise<void> {
    const files = Object.entries(contents).map(([path, content]) =>
      uploadBytes(path, typeof content === "string" ? Buffer.from(content) : content),
    );
    await uploadFiles(this.#modal, this.#volumeId, files, options);
  }

  /** The bytes of a file, in order. */
  read(path: string, options: { signal?: AbortSignal } = {}): AsyncIterable<Uint8Array> {
    return downloadFile(this.#modal, this.#volumeId, path, options);
  }

  /**
   * Gets a file, or a directory with all that is below it, to a local path; into it when it ends with a slash. A file appears
   * there whole or not at all. Links in the volume are left out.
   *
   * @throws AppError LOCAL_FILE_UNWRITABLE
   */
  async get(
    remotePath: string,
    localPath: string,
    options: { onProgress?: (progress: DownloadProgress) => void; signal?: AbortSignal } = {},
  ): Promise<void> {
    const root = posix.normalize(remotePath).replaceAll(/^\/+|\/+$/g, "");
    const entries: VolumeEntry[] = [];
    for await (const entry of this.list(remotePath, { ...options, recursive: true })) entries.push(entry);
    const files = entries.filter((entry) => entry.type === "file");
    const isFile = entries.length === 1 && files[0]?.path === root;
    const totalBytes = files.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    let doneBytes = 0;
    for (const { path } of files) {
      const local = isFile
        ? fileTarget(localPath, path)
        : join(localPath, posix.relative(root === "." ? "" : root, path));
      const read = this.read(path, options);
      await saveFile(
        local,
        counted(read, (bytes) => options.onProgress?.({ path, doneBytes: (doneBytes += bytes), totalBytes })),
      );
    }
    if (!isFile) await mkdir(localPath, { recursive: true });
  }

  /** Removes a file, or with `recursive` a directory with all that is in it. */
  async remove(path: string, options: { recursive?: boolean; signal?: AbortSignal } = {}): Promise<void> {
    const request = { volumeId: this.#volumeId, path, recursive: options.recursive ?? false };
    await this.#modal.volumeRemoveFile2(request, callOptions(options));
  }

  /** Copies within the volume, without moving bytes. Several sources go into a directory. */
  async copy(
    sources: string | readonly string[],
    destination: string,
    options: { recursive?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    const srcPaths = typeof sources === "string" ? [sources] : [...sources];
    const request = {
      volumeId: this.#volumeId,
      srcPaths,
      dstPath: destination,
      recursive: options.recursive ?? false,
    };
    await this.#modal.volumeCopyFiles2(request, callOptions(options));
  }
}

const types: Partial<Record<FileEntry_FileType, VolumeEntry["type"]>> = {
  [FileEntry_FileType.FILE]: "file",
  [FileEntry_FileType.DIRECTORY]: "directory",
  [FileEntry_FileType.SYMLINK]: "symlink",
};

function callOptions(options: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return options.signal ? { signal: options.signal } : {};
}

function fileTarget(localPath: string, path: string): string {
  return localPath.endsWith("/") ? join(localPath, basename(path)) : localPath;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    yield chunk;
    onBytes(chunk.length);
  }
}

async function saveFile(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const draft = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(content, createWriteStream(draft));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new AppError("LOCAL_FILE_UNWRITABLE", `"${path}" cannot be written: ${messageOf(error)}.`, {
      remedy: "Check the space and the permissions there.",
      cause: error,
    });
  }
}
