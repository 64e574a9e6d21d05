export interface GuestFileOptions {
  /** Names of the exports that are the SDK. */
  sdkExports: readonly string[];
  /** Where to write, at exit, what V8 has made of the body. */
  recordTo?: string;
}

/** What the guest consists of, beside each other in one directory. */
export const guestFiles = {
  /** The module that is run, and that user code imports as the SDK. */
  module: "guest.mjs",
  /** A script whose value is the exports of the guest's main module. */
  body: "guest-body.js",
  /** What V8 made of the body on an earlier run. Absent while that run is on. */
  codeCache: "guest-body.cache",
  /** A script whose value is the exports of what the SDK does with files of volumes. */
  volumeFiles: "guest-volume-files.js",
} as const;

/** Name of the body in stack frames, by which the guest leaves its own out. */
export const guestBodyName = "dorian-guest";

/**
 * Source of `guest.mjs`. It reads the body and V8's code for it from files of their own: as text in a module, most of a megabyte is
 * scanned at every start, which takes a tenth of the time until the guest says hello. V8 refuses a cache of another version and compiles.
 */
export function guestFile(options: GuestFileOptions): string {
  const { recordTo } = options;
  const cached = recordTo === undefined ? `read(${JSON.stringify(guestFiles.codeCache)})` : "undefined";
  const record =
    recordTo === undefined
      ? ""
      : `process.on("exit", () => writeFileSync(${JSON.stringify(recordTo)}, script.createCachedData()));`;
  return `const { Script } = process.getBuiltinModule("node:vm");
const { readFileSync, writeFileSync } = process.getBuiltinModule("node:fs");
const read = (name, encoding) => readFileSync(\`\${import.meta.dirname}/\${name}\`, encoding);
const script = new Script(read(${JSON.stringify(guestFiles.body)}, "utf8"), { filename: ${JSON.stringify(guestBodyName)}, cachedData: ${cached} });
${record}
const guest = script.runInThisContext();
export const { ${options.sdkExports.join(", ")} } = guest;
guest.startGuest({
  env: process.env,
  guestUrl: import.meta.url,
  isEntry: import.meta.main,
  importModule: (url) => import(url),
});
`;
}
