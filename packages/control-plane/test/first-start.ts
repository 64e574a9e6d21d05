// A first start that copies its data directory before each step by which it makes it: what a kill at that moment leaves.
import { cpSync, mkdirSync, writeSync } from "node:fs";
import * as files from "node:fs";
import promises from "node:fs/promises";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { pino } from "pino";

const [directory = "", copies = ""] = process.argv.slice(2);
const steps = ["mkdir", "writeFile", "open", "rename", "link", "chmod", "rm"];
let taken = 0;

function copyBefore(holder: Record<string, unknown>, name: string): void {
  const real = holder[name] as (...args: unknown[]) => unknown;
  holder[name] = (...args: unknown[]) => {
    const [path, second] = args;
    const isReading = name.startsWith("open") && (second === undefined || second === "r");
    if (typeof path === "string" && path.startsWith(`${directory}/`) && !isReading) {
      cpSync(directory, join(copies, String(taken++)), { recursive: true });
    }
    return real(...args);
  };
}

mkdirSync(directory);
const sync = createRequire(import.meta.url)("node:fs") as typeof files & Record<string, unknown>;
for (const name of steps) {
  copyBefore(promises as unknown as Record<string, unknown>, name);
  copyBefore(sync, `${name}Sync`);
}
syncBuiltinESMExports();
const { openControlPlane } = await import("../src/compose.ts");
await openControlPlane({
  dataDirectory: directory,
  version: "0.1.0",
  listen: "127.0.0.1:0",
  tls: { kind: "own" },
  logger: pino({ level: "silent" }),
});
writeSync(1, String(taken));
process.kill(process.pid, "SIGKILL");
