import type { Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { guestFiles } from "./guest-file.ts";
import { leanModuleSource } from "./lean-module.ts";

const lazyBuiltin = "lazy-builtin";
const outsideOnly = "outside-only";
const beside = "beside";

const generatedFiles: Record<string, string> = {
  "@dorian/protocol/modal": "gen/modal/client_pb.js",
  "@dorian/protocol/guest": "gen/dorian/guest_pb.js",
};

/**
 * Replaces what is slow to load in the guest: protobuf descriptors by tables, Node's modules by stand-ins that load them
 * on first use. What the SDK needs outside containers alone is left out, and what few programs need is read from a file beside.
 */
export function guestModules(): Plugin {
  return {
    name: "guest-modules",
    setup(build) {
      build.onResolve({ filter: /^@bufbuild\/protobuf$/ }, () => ({
        path: fileURLToPath(import.meta.resolve("./lean-messages.ts")),
      }));
      // Straight to the generated file: the module between them would copy its exports, all at once.
      build.onResolve({ filter: /^@dorian\/protocol\/(modal|guest)$/ }, ({ path }) => ({
        path: fileURLToPath(new URL(generatedFiles[path] ?? "", import.meta.resolve(path))),
      }));
      build.onLoad({ filter: /_pb\.js$/ }, async ({ path }) => ({
        contents: leanModuleSource((await import(pathToFileURL(path).href)) as Record<string, unknown>),
        resolveDir: import.meta.dirname,
      }));

      build.onResolve({ filter: /^node:/ }, async ({ path, importer }) => {
        const names =
          importedNames(await readFile(importer, "utf8"), path) ?? Object.keys(await import(path));
        return { path: `${path}?${names.join()}`, namespace: lazyBuiltin };
      });
      build.onLoad({ filter: /.*/, namespace: lazyBuiltin }, ({ path }) => {
        const [specifier = "", names = ""] = path.split("?");
        return {
          contents: lazySource(`process.getBuiltinModule(${JSON.stringify(specifier)})`, names.split(",")),
        };
      });

      build.onResolve({ filter: /^\.\.?\/(connect|log\/app-log)\.ts$/ }, ({ path }) => ({
        path,
        namespace: outsideOnly,
      }));
      build.onLoad({ filter: /.*/, namespace: outsideOnly }, () => ({ contents: outsideOnlySource }));

      build.onResolve({ filter: /^\.\/volume-files\.ts$/ }, ({ path }) => ({ path, namespace: beside }));
      build.onLoad({ filter: /.*/, namespace: beside }, () => ({
        contents: volumeFilesSource,
        resolveDir: import.meta.dirname,
      }));
    },
  };
}

/** What a module takes from another by `import { … }`; undefined when it takes it whole. */
function importedNames(source: string, specifier: string): string[] | undefined {
  const names: string[] = [];
  for (const match of source.matchAll(/\bimport\s+([^;'"]+?)\s+from\s*["']([^"']+)["']/g)) {
    if (match[2] !== specifier) continue;
    const braces = /^\{([^}]*)\}$/.exec(match[1] ?? "");
    if (!braces) return undefined;
    for (const item of (braces[1] ?? "").split(",")) {
      const name = item.trim().split(/\s+as\s+/)[0] ?? "";
      if (name !== "" && !name.startsWith("type ")) names.push(name);
    }
  }
  return names.length === 0 ? undefined : names;
}

// A CommonJS module whose members are taken from the real one when they are used. Importing a module of Node's the ordinary way
// copies all its exports, which loads things behind them that nobody asked for.
function lazySource(real: string, names: string[]): string {
  const members = names
    .filter((name) => name !== "default")
    .map((name) => `get ${name}() { return real().${name}; }`);
  return `const real = () => ${real};
module.exports = { __esModule: true, get default() { return real(); }, ${members.join(", ")} };`;
}

// What reaches the server by address and token is for programs outside.
const outsideOnlySource = `
export function connectToServer() {
  throw new Error("A container calls the server through its own socket, which MODAL_SERVER_URL names.");
}
export function readAppLog() {
  throw new Error("The log of a call is read by programs outside, not in containers.");
}
`;

// In the guest's body, a module that is loaded on demand would make all that it shares with others slower to load.
const volumeFilesSource = `
import { loadBeside } from "../beside-guest.ts";
export const { VolumeFiles } = loadBeside(${JSON.stringify(guestFiles.volumeFiles)});
`;
