import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The file with koffi's machine code, for processes that have nothing else of it. */
export function koffiFile(): string {
  const koffi = createRequire(import.meta.resolve("koffi"));
  const platform = dirname(koffi.resolve(`@koromix/koffi-linux-${process.arch}`));
  return join(platform, `linux_${process.arch}`, "koffi.node");
}
