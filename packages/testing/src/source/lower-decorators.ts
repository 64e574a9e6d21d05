import { transformSync } from "esbuild";
import { fileURLToPath } from "node:url";

const sourceFile = /\.[cm]?[jt]sx?$/;
/** A line that begins with one, perhaps in a text: such a file is compiled in vain, which does no harm. */
const decorator = /^\s*(?:export\s+(?:default\s+)?)?@[A-Za-z_$]/m;

/** True for a file of the user's whose decorators Node and Vite would not know. */
export function hasDecorators(path: string, source: string): boolean {
  return sourceFile.test(path) && !path.includes("/node_modules/") && decorator.test(source);
}

/** JavaScript of a file with standard decorators, which Node does not run yet, with a source map in it. */
export function lowerDecorators(path: string, source: string): string {
  const extension = /\.[cm]?([jt]sx?)$/.exec(path)?.[1] as "js" | "jsx" | "ts" | "tsx";
  return transformSync(source, {
    loader: extension,
    sourcefile: path,
    sourcemap: "inline",
    target: "node22",
    supported: { decorators: false },
    keepNames: true,
    // Whatever a tsconfig says of the decorators of before the standard: commands compile them so, too.
    tsconfigRaw: {},
  }).code;
}

/** The path that a module's address names; undefined for one that is no file. */
export function pathOf(address: string): string | undefined {
  if (address.startsWith("file:")) return fileURLToPath(address);
  return address.startsWith("/") ? address.replace(/[?#].*$/, "") : undefined;
}
