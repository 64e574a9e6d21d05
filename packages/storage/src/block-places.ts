import { lstat, mkdir, readdir, readlink, rename, symlink, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { checkDigest } from "./file-content.ts";

/** A place in a large file: that of its block `index`. */
export interface Place {
  file: string;
  index: number;
}

/** Where content is on this machine. */
export interface Located {
  path: string;
  offset: number;
  size: number;
}

export interface BlockPlacesOptions {
  directory: string;
  /** Where the large files are. */
  files: string;
  blockBytes: number;
  /** A path for what is about to be renamed. */
  newPath(): string;
}

/**
 * Where blocks lie in large files: a symbolic link by the block's digest, made when the block is on disk. No memory of it is needed, and
 * whatever is killed, what was received is known.
 */
export class BlockPlaces {
  readonly #options: BlockPlacesOptions;

  constructor(options: BlockPlacesOptions) {
    this.#options = options;
  }

  /** Undefined when no large file has the block. */
  async find(sha: string): Promise<Located | undefined> {
    const { files, blockBytes } = this.#options;
    const text = await unlessAbsent(readlink(this.#linkOf(sha)));
    if (text === undefined) return undefined;
    const { file, index, size } = parsePlace(text);
    const path = join(files, file);
    return (await unlessAbsent(lstat(path))) && { path, offset: index * blockBytes, size };
  }

  /** One that is there may lead to a file that is gone. */
  async set(sha: string, { file, index }: Place, size: number): Promise<void> {
    const [draft, link] = [this.#options.newPath(), this.#linkOf(sha)];
    await mkdir(dirname(link), { recursive: true });
    await symlink(`${file}.${index}.${size}`, draft);
    await rename(draft, link);
  }

  /** Removes those in files that are gone. */
  async collect(): Promise<void> {
    const { directory, files } = this.#options;
    const names = new Set((await unlessAbsent(readdir(files))) ?? []);
    for (const folder of (await unlessAbsent(readdir(directory))) ?? []) {
      for (const sha of await readdir(join(directory, folder))) {
        const link = join(directory, folder, sha);
        const place = await unlessAbsent(readlink(link));
        if (place === undefined || names.has(parsePlace(place).file) || (await this.find(sha))) continue;
        await unlessAbsent(unlink(link));
      }
    }
  }

  #linkOf(sha: string): string {
    checkDigest(sha);
    return join(this.#options.directory, sha.slice(0, 2), sha);
  }
}

function parsePlace(text: string): Place & { size: number } {
  const [file = "", index, size] = text.split(".");
  return { file, index: Number(index), size: Number(size) };
}
