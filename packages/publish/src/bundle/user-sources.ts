import type { Loader, Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { compileSource } from "./compile-source.ts";
import { legacyDecorators } from "./legacy-decorators.ts";
import { placeSpecifier, type FileReference } from "./module-place.ts";
import type { SourceCache } from "./source-cache.ts";

export interface UserSourcesOptions {
  /** Where compiled sources are kept between runs. */
  cache: SourceCache | undefined;
  /** Source of the module that tells another one its place; `files` are those that it names beside itself. */
  placeOf: (path: string, files: readonly FileReference[]) => string | Promise<string>;
  /** Hears of each file that is read, before anything can be wrong with it. */
  onRead?: (path: string) => void;
  /** What to put behind a user's module; packages have none. */
  append?: (path: string, source: string, loader: Loader) => Promise<string>;
}

const loaders: Record<string, Loader> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
};

const placeNamespace = "place";
const mentionsPlace = /\bimport\.meta\b|\bimport\s*\(|\b__dirname\b|\b__filename\b|\brequire\b/;
const mentionsPlaceInPackage = /\bimport\.meta\b|\b__dirname\b|\b__filename\b/;

/** Reads modules as their authors mean them: with decorators lowered beside private names, and each knowing where it lies. */
export function userSources(options: UserSourcesOptions): Plugin {
  const { cache, placeOf, append, onRead } = options;
  const filesOf = new Map<string, readonly FileReference[]>();
  return {
    name: "user-sources",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${placeSpecifier}$`) }, ({ importer }) => ({
        path: importer,
        namespace: placeNamespace,
      }));
      build.onLoad({ filter: /.*/, namespace: placeNamespace }, async ({ path }) => ({
        contents: await placeOf(path, filesOf.get(path) ?? []),
        loader: "js",
        resolveDir: dirname(path),
      }));
      build.onLoad({ filter: /\.[mc]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        onRead?.(path);
        const loader = loaders[extname(path)] ?? "js";
        const source = await readFile(path, "utf8");
        const isPackage = path.includes("/node_modules/");
        const kind = isPackage ? "none" : decoratorsIn(path, source);
        const needs = {
          decorators: kind === "standard",
          place: (isPackage ? mentionsPlaceInPackage : mentionsPlace).test(source),
        };
        // Compiled with the rest: names that it refers to may get others.
        const appended = isPackage ? "" : ((await append?.(path, source, loader)) ?? "");
        const whole = source + appended;
        const compiled =
          needs.decorators || needs.place ? await compileSource(path, whole, needs, cache) : undefined;
        filesOf.set(path, compiled?.files ?? []);
        const warnings = kind === "legacy with types" ? [typesNotEmitted] : [];
        return { contents: compiled?.code ?? whole, loader, warnings };
      });
    },
  };
}

const typesNotEmitted = {
  text: "The tsconfig asks for emitDecoratorMetadata, which is not done: decorators of this file find no design types.",
  notes: [{ text: "Name the types in the decorators' own options, or compile the file with tsc before." }],
};

function decoratorsIn(path: string, source: string): "none" | "standard" | "legacy" | "legacy with types" {
  if (!/\bclass\b/.test(source) || !/^\s*@[\w$(]|[;{}()]\s*@[\w$(]/m.test(source)) return "none";
  if (isForApps(source)) return "standard";
  const legacy = legacyDecorators(path);
  if (!legacy.used) return "standard";
  return legacy.emitTypes ? "legacy with types" : "legacy";
}

// Decorators of apps are standard ones, whatever the project's others are.
function isForApps(source: string): boolean {
  return /["']dorian["']|@(?:[\w$]+\.)*(?:cls|enter|exit|build|method|parameter)\s*\(/.test(source);
}
