import type { Plugin } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { missingPackageSource } from "./missing-package.ts";
import { modulePlaceSource } from "./module-place.ts";
import { scopeRegistration } from "./module-scope.ts";
import { isBareSpecifier } from "./package-name.ts";
import type { SourceCache } from "./source-cache.ts";
import { buildUserModule } from "./user-build.ts";

export interface LocalBundleOptions {
  /** URL of the SDK that the importing process has loaded, so that both see the same one. */
  sdkUrl: string;
  sourceCache?: SourceCache;
  /** Hears of each file that goes into it, also when the bundle cannot be made. */
  onRead?: (path: string) => void;
  /** Where the bundle is written. */
  directory: string;
  /** Directory that paths in errors and stack traces are relative to. Default: the current one. */
  root?: string;
}

export interface LocalBundle {
  /** The module to import. Its name holds a digest of its content: after an edit it is another module. */
  path: string;
  /** Absolute paths of the files that went into it: what to watch. */
  inputs: string[];
  warnings: string[];
}

/**
 * The user's module for the process that defines and calls apps. Packages are loaded from where they are installed; one that is
 * not installed here fails when it is used, not when it is imported.
 *
 * @throws AppError BUNDLE_FAILED with the user's file, line and source line.
 */
export async function bundleForLocal(entryFile: string, options: LocalBundleOptions): Promise<LocalBundle> {
  const { root = process.cwd() } = options;
  const { code, fileName, inputs, warnings } = await buildUserModule({
    entryFile,
    root,
    // The bundle does not lie where its sources do.
    sourceRoot: pathToFileURL(`${root}/`).href,
    plugins: [localImports(options.sdkUrl)],
    addonPath: (path) => path,
    sources: {
      ...(options.onRead ? { onRead: options.onRead } : {}),
      cache: options.sourceCache,
      placeOf: (path) => modulePlaceSource({ path }),
      append: async (path, source, loader) => await scopeRegistration(relative(root, path), source, loader),
    },
  });
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const path = join(options.directory, fileName.replace(/\.mjs$/, `-${digest}.mjs`));
  await mkdir(options.directory, { recursive: true });
  await writeFile(path, code);
  return { path, inputs, warnings };
}

function localImports(sdkUrl: string): Plugin {
  return {
    name: "local-imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (path === "dorian")
          return { path: kind === "require-call" ? fileURLToPath(sdkUrl) : sdkUrl, external: true };
        if (kind === "entry-point" || pluginData === resolving || !isBareSpecifier(path)) return undefined;
        const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: resolving });
        if (found.errors.length > 0) return { path, namespace: missing };
        if (found.external || !found.path.includes("/node_modules/")) return found;
        // An absolute path, because the bundle does not lie where the packages do.
        const external = kind === "require-call" ? found.path : pathToFileURL(found.path).href;
        return { path: external, external: true };
      });
      build.onLoad({ filter: /.*/, namespace: missing }, ({ path }) => ({
        contents: missingPackageSource(path),
        loader: "js",
      }));
    },
  };
}

const resolving = Symbol("resolving");
const missing = "not-installed";
