import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

export interface StackFrameOptions {
  /** Modules whose frames mean nothing to the user. */
  hidden: ReadonlySet<string>;
}

/**
 * Makes every `stack` of this process speak of the user's source: positions are mapped through the source map inside the module,
 * and frames of the guest and of Node's internals are left out. Costs nothing until a stack is read.
 */
export function installStackFrames(options: StackFrameOptions): void {
  const maps = new Map<string, SourceMap | undefined>();
  Error.prepareStackTrace = (error, sites) => {
    const shown = sites.filter((site) => {
      const file = site.getFileName() ?? "";
      return !options.hidden.has(file) && !file.startsWith("node:internal/");
    });
    // Frames without a file say how frames further out waited: `Promise.all` and the like.
    while (shown.at(-1)?.getFileName() === null || shown.at(-1)?.getFileName() === undefined) {
      if (shown.pop() === undefined) break;
    }
    const frames = shown.map((site) => frameText(site, maps)).filter((frame) => frame !== undefined);
    return [headerOf(error), ...frames.map((frame) => `    at ${frame}`)].join("\n");
  };
}

/** Undefined for what bundling put between the user's modules. */
function frameText(site: NodeJS.CallSite, maps: Map<string, SourceMap | undefined>): string | undefined {
  const text = String(site);
  const file = site.getFileName();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (!file?.startsWith("file:") || line === null || column === null) return text;
  if (!maps.has(file)) maps.set(file, readSourceMap(file));
  const origin = maps.get(file)?.findEntry(line - 1, column - 1);
  if (!origin || !("originalSource" in origin)) return text.replaceAll("file://", "");
  if (origin.originalSource.startsWith("place:")) return undefined;
  const position = `${decoded(origin.originalSource)}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
  return text.replace(`${file}:${line}:${column}`, position).replace(loweredClassName, "$1");
}

/** Source maps name files by addresses, in which some characters are escaped. */
function decoded(source: string): string {
  try {
    return decodeURIComponent(source);
  } catch {
    return source;
  }
}

// Lowering a decorated class declares it under its name with an underscore first.
const loweredClassName = /^((?:async |new )*)_(?=[A-Za-z][\w$]*[. ])/;

function readSourceMap(url: string): SourceMap | undefined {
  const marker = "\n//# sourceMappingURL=data:application/json;base64,";
  try {
    const source = readFileSync(fileURLToPath(url), "utf8");
    const at = source.lastIndexOf(marker);
    if (at < 0) return undefined;
    return new SourceMap(JSON.parse(Buffer.from(source.slice(at + marker.length), "base64").toString()));
  } catch {
    // A stack with unmapped positions is better than an error about the error.
    return undefined;
  }
}

function headerOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
