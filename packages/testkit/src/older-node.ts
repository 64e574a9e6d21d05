import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";

/** Program of an older Node, the newest of its major version. Kept in the checkout's `.cache`. */
export async function olderNode(major: number): Promise<string> {
  const directory = join(checkout, ".cache", `node-${major}`);
  const flavour = `node-linux-${process.arch}`;
  const program = join(directory, "node_modules", flavour, "bin/node");
  if (existsSync(program)) return program;
  await mkdir(directory, { recursive: true });
  const flags = ["--prefix", directory, "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
  await promisify(execFile)("npm", ["install", ...flags, `${flavour}@${major}`]);
  return program;
}
