import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { containerPath } from "./container-path.ts";
import type { FileReference } from "./module-place.ts";

/** A file that containers get with the app's module, because some module names it by its place. */
export interface FileBesideModule {
  /** Code is bundled like the app's module. */
  kind: "copy" | "code";
  /** In containers. */
  path: string;
  localPath: string;
}

/** Larger files are no assets of a program: they belong into an image or a volume, where they are not read anew for each run. */
const maxAssetBytes = 64 * 1024 * 1024;

const codeExtensions = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"]);

/** The files that modules of an app name by their place beside them, and where containers find them. */
export class FilesBesideModules {
  #directory: string;
  #files = new Map<string, FileBesideModule>();

  /** `directory` is that of the app's module. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** All so far, and those that are added meanwhile. */
  files(): Iterable<FileBesideModule> {
    return this.#files.values();
  }

  /**
   * Ships what `module` names by these specifiers, and returns the addresses in containers of those that are not where the
   * specifier says. What is not there, is a directory or very large is left out: reading it there tells how to add it.
   */
  async add(module: string, references: readonly FileReference[]): Promise<Record<string, string>> {
    const addresses: Record<string, string> = {};
    for (const { specifier, as } of references) {
      const localPath = fileURLToPath(withoutQuery(new URL(specifier, pathToFileURL(module))));
      const path = await this.#ship(localPath, as);
      if (path !== undefined && as === "url") addresses[specifier] = pathToFileURL(path).href;
    }
    return addresses;
  }

  /** Ships a file, and returns its path in containers. */
  addFile(localPath: string): string {
    const path = containerPath(this.#directory, localPath);
    this.#files.set(path, { kind: "copy", path, localPath });
    return path;
  }

  async #ship(localPath: string, as: FileReference["as"]): Promise<string | undefined> {
    const found = await stat(localPath).catch(() => undefined);
    if (!found?.isFile() || found.size > maxAssetBytes) return undefined;
    if (!codeExtensions.has(extname(localPath))) return this.addFile(localPath);
    // Bundled code is an ES module, whatever the package beside it says of its extension.
    const path = `${containerPath(this.#directory, localPath)}${as === "url" ? ".mjs" : ""}`;
    this.#files.set(path, { kind: "code", path, localPath });
    return path;
  }
}

function withoutQuery(url: URL): URL {
  url.search = "";
  url.hash = "";
  return url;
}
