import type { Plugin } from "esbuild";
import { dirname, resolve } from "node:path";
import { containerPath } from "./container-path.ts";
import { modulePlaceSource } from "./module-place.ts";
import { isBareSpecifier, packageNameOf } from "./package-name.ts";
import type { SourceCache } from "./source-cache.ts";
import { buildUserModule, type UserBuild } from "./user-build.ts";

export interface ContainerBundleOptions {
  /** npm packages that the image holds. */
  externalPackages: readonly string[];
  sourceCache?: SourceCache;
  /** Where the guest lies in containers: it is the SDK there. */
  sdkUrl?: string;
  /** Directory that paths in stack traces are relative to. Default: the current one. */
  root?: string;
}

/**
 * The module that containers run, with an inline source map.
 *
 * @throws AppError BUNDLE_FAILED with the user's file, line and source line.
 */
export async function bundleForContainer(
  entryFile: string,
  options: ContainerBundleOptions,
): Promise<UserBuild> {
  const { sdkUrl = "file:///usr/lib/dorian/guest.mjs", root = process.cwd() } = options;
  const directory = dirname(resolve(root, entryFile));
  return await buildUserModule({
    entryFile,
    root,
    plugins: [containerImports(sdkUrl, new Set(options.externalPackages))],
    sources: {
      cache: options.sourceCache,
      placeOf: (path) => modulePlaceSource({ path: containerPath(directory, path) }),
    },
  });
}

function containerImports(sdkUrl: string, installed: ReadonlySet<string>): Plugin {
  return {
    name: "container-imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (path === "dorian") return { path: sdkUrl, external: true };
        if (kind === "entry-point" || pluginData === resolving || !isBareSpecifier(path)) return undefined;
        if (installed.has(packageNameOf(path))) return { path, external: true };
        const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: resolving });
        // What is not installed here may have come into the image by other means: Node will look for it there.
        return found.errors.length > 0 ? { path, external: true } : found;
      });
    },
  };
}

const resolving = Symbol("resolving");
