export interface GuestFileOptions {
  /** A script whose value is the exports of the guest's main module. */
  body: string;
  /** Names of the exports that are the SDK. */
  sdkExports: readonly string[];
  /** What V8 made of the body on an earlier run. */
  codeCache?: Buffer;
  /** Where to write, at exit, what V8 has made of the body. */
  recordTo?: string;
}

/** Name of the body in stack frames, by which the guest leaves its own out. */
export const guestBodyName = "dorian-guest";

/**
 * Source of `guest.mjs`. The body goes into it as text, together with V8's code for it: compiling it anew would take a fifth of the
 * time from the process's start until the guest says hello. V8 refuses a cache of another version and compiles.
 */
export function guestFile(options: GuestFileOptions): string {
  const { body, codeCache, recordTo } = options;
  const cached = codeCache
    ? `Buffer.from(${JSON.stringify(codeCache.toString("base64"))}, "base64")`
    : "undefined";
  const record =
    recordTo === undefined
      ? ""
      : `process.on("exit", () => process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(recordTo)}, script.createCachedData()));`;
  return `const vm = process.getBuiltinModule("node:vm");
const script = new vm.Script(${JSON.stringify(body)}, { filename: ${JSON.stringify(guestBodyName)}, cachedData: ${cached} });
${record}
const guest = script.runInThisContext();
export const { ${options.sdkExports.join(", ")} } = guest;
guest.startContainer({
  env: process.env,
  guestUrl: import.meta.url,
  isEntry: import.meta.main,
  importModule: (url) => import(url),
});
`;
}
