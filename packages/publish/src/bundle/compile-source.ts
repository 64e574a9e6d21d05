import type { PluginItem } from "@babel/core";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileReference } from "./module-place.ts";
import type { SourceCache } from "./source-cache.ts";

export interface CompiledSource {
  /** The module in its own language, types and all, with an inline source map. */
  code: string;
  /** Files that it names by their place beside it. */
  files: FileReference[];
}

export interface SourceNeeds {
  /** Lower standard decorators. */
  decorators: boolean;
  /** Have the module say where it lies: `import.meta` and its kin. */
  place: boolean;
}

/**
 * Rewrites what a bundle would change the meaning of, and leaves all else, private names above all, as written: the bundler's own
 * lowering of decorators calls a private field's value by its `call`, which not everything that can be called has. Undefined for
 * a file that cannot be parsed: the build says where the mistake is.
 */
export async function compileSource(
  path: string,
  source: string,
  needs: SourceNeeds,
  cache: SourceCache | undefined,
): Promise<CompiledSource | undefined> {
  const name = basename(path);
  const key = createHash("sha256")
    .update([compilerIdentity(), needs.decorators, needs.place, name, source].join("\0"))
    .digest("hex");
  const known = await cache?.read(key);
  if (known !== undefined) return JSON.parse(known) as CompiledSource;
  const compiled = await compile(name, source, needs);
  if (compiled) await cache?.set(key, JSON.stringify(compiled));
  return compiled;
}

async function compile(
  name: string,
  source: string,
  needs: SourceNeeds,
): Promise<CompiledSource | undefined> {
  // Loaded only for what was not compiled before: it takes longer to load than all else that bundling does.
  const [{ transformAsync }, { placeReferences }] = await Promise.all([
    import("@babel/core"),
    import("./place-references.ts"),
  ]);
  const extension = extname(name);
  const files: FileReference[] = [];
  const plugins: PluginItem[] = [
    ...(needs.place ? [() => placeReferences((file) => files.push(file))] : []),
    ...(needs.decorators ? [[plugin("proposal-decorators"), { version: "2023-11" }] as PluginItem] : []),
    ...(/^\.[mc]?tsx?$/.test(extension) ? [plugin("syntax-typescript")] : []),
    ...(/^\.[jt]sx$/.test(extension) ? [plugin("syntax-jsx")] : []),
  ];
  const settings = {
    filename: name,
    // An address: source maps name files so.
    sourceFileName: encodeURIComponent(name),
    sourceMaps: "inline",
    configFile: false,
    babelrc: false,
    retainLines: true,
    plugins,
    parserOpts: { allowReturnOutsideFunction: true },
  } as const;
  for (const sourceType of ["module", "script"] as const) {
    try {
      const result = await transformAsync(source, { ...settings, sourceType });
      if (result?.code != null) return { code: result.code, files };
    } catch (error) {
      if (!isSyntaxError(error)) throw error;
    }
  }
  return undefined;
}

function plugin(name: string): string {
  return fileURLToPath(import.meta.resolve(`@babel/plugin-${name}`));
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof SyntaxError;
}

let identity: string | undefined;

/** Changes with whatever decides what a source is compiled to. */
function compilerIdentity(): string {
  identity ??= [
    import.meta.filename,
    // As built for npm, this file names the other by a digest of it.
    ...[join(import.meta.dirname, "place-references.ts")].filter((path) => existsSync(path)),
    ...["@babel/core", "@babel/plugin-proposal-decorators"].map((name) =>
      fileURLToPath(import.meta.resolve(`${name}/package.json`)),
    ),
  ]
    .map((path) => createHash("sha256").update(readFileSync(path)).digest("hex"))
    .join();
  return identity;
}
