import type { Plugin } from "esbuild";
import { basename, dirname, extname, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FilesBesideModules } from "./files-beside-modules.ts";
import { containerDirectory, containerPath } from "./container-path.ts";
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

export interface ContainerBundle extends Omit<UserBuild, "warnings"> {
  /** Packages that its modules cannot be loaded without and that were not found here, with a module that imports each. */
  notFound: ReadonlyMap<string, string>;
  /** Files that containers get with it, by their absolute paths there: what its modules name by their place. */
  beside: readonly ({ path: string; content: Uint8Array } | { path: string; localPath: string })[];
}

/**
 * The module that containers run, with an inline source map, and what it needs beside it.
 *
 * @throws AppError BUNDLE_FAILED with the user's file, line and source line.
 */
export async function bundleForContainer(
  entryFile: string,
  options: ContainerBundleOptions,
): Promise<ContainerBundle> {
  const { sdkUrl = "file:///usr/lib/dorian/guest.mjs", root = process.cwd(), sourceCache } = options;
  const entry = resolve(root, entryFile);
  const named = new FilesBesideModules(dirname(entry));
  const notFound = new Map<string, string>();
  // The app's module may start itself again, as a worker: its own place is that of its bundle.
  const placeInContainer = (path: string) =>
    path === entry
      ? posix.join(containerDirectory, `${basename(entry, extname(entry))}.mjs`)
      : containerPath(dirname(entry), path);
  const build = async (file: string) =>
    await buildUserModule({
      entryFile: file,
      root,
      plugins: [containerImports(sdkUrl, new Set(options.externalPackages), notFound)],
      addonPath: (path) => named.addFile(path),
      sources: {
        cache: sourceCache,
        placeOf: async (path, files) =>
          modulePlaceSource({ path: placeInContainer(path), assets: await named.add(path, files) }),
      },
    });
  const main = await build(entryFile);
  const beside: ContainerBundle["beside"][number][] = [];
  const inputs = new Set(main.inputs);
  // Grows while it is walked: workers name workers.
  for (const file of named.files()) {
    inputs.add(file.localPath);
    if (file.kind === "copy") beside.push({ path: file.path, localPath: file.localPath });
    else {
      const { code, inputs: own } = await build(file.localPath);
      for (const input of own) inputs.add(input);
      beside.push({ path: file.path, content: Buffer.from(code) });
    }
  }
  const { code, fileName } = main;
  return { code, fileName, inputs: [...inputs], beside, notFound };
}

function containerImports(
  sdkUrl: string,
  installed: ReadonlySet<string>,
  notFound: Map<string, string>,
): Plugin {
  return {
    name: "container-imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (path === "dorian")
          return { path: kind === "require-call" ? fileURLToPath(sdkUrl) : sdkUrl, external: true };
        if (kind === "entry-point" || pluginData === resolving || !isBareSpecifier(path)) return undefined;
        if (installed.has(packageNameOf(path))) return { path, external: true };
        const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: resolving });
        // What is not installed here may have come into the image by other means: Node will look for it there.
        if (found.errors.length === 0) return found;
        // An import() or require() may stand in a condition, and what a package imports it may do without.
        if (kind === "import-statement" && !importer.includes("/node_modules/"))
          notFound.set(packageNameOf(path), importer);
        return { path, external: true };
      });
    },
  };
}

const resolving = Symbol("resolving");
