import { pathToFileURL } from "node:url";

/** What a compiled module imports to learn where its source lies. */
export const placeSpecifier = "dorian:place";

/** How a module names a file that lies beside it. */
export interface FileReference {
  /** As for `new URL(specifier, import.meta.url)`. */
  specifier: string;
  /** "path" when the module makes a path of it by itself: the file has to lie there, under its own name. */
  as: "url" | "path";
}

export interface ModulePlace {
  /** Absolute path of the source while the module runs. */
  path: string;
  /** Addresses of files that the module names beside itself, where they are not where the name says. */
  assets?: Readonly<Record<string, string>>;
}

/** Source of the module that a compiled one asks about its place. */
export function modulePlaceSource({ path, assets = {} }: ModulePlace): string {
  return `import { createRequire, registerHooks } from "node:module";
import { dirname as directoryOf } from "node:path";
const url = ${JSON.stringify(pathToFileURL(path).href)};
const filename = ${JSON.stringify(path)};
const assets = ${JSON.stringify(assets)};
export const require = /*@__PURE__*/ createRequire(url);
export const meta = { dirname: directoryOf(filename), filename, main: false, resolve, url };
export function asset(specifier) {
  return new URL(Object.hasOwn(assets, specifier) ? assets[specifier] : specifier, url);
}
export async function importFrom(specifier, options) {
  return await import(resolve(String(specifier)), options);
}
// Node resolves from the place of a module that it has loaded; this one is part of a bundle.
function resolve(specifier) {
  const asked = "dorian:resolve";
  const hooks = registerHooks({
    resolve: (name, context, next) => name === asked ? next(String(specifier), { ...context, parentURL: url }) : next(name, context),
  });
  try {
    return import.meta.resolve(asked);
  } finally {
    hooks.deregister();
  }
}
`;
}
