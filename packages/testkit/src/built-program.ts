import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { checkout } from "./checkout.ts";
import { stateOfSources } from "./state-of-sources.ts";
import { turnAt } from "./turn-at.ts";

const directory = join(checkout, ".cache/program");

/**
 * The command line as it is built for the package: what users run, and what starts in two thirds of the time that the sources take. Tests
 * start it some thousand times.
 */
export const builtProgram = join(directory, "bin/dorian.js");

/** Builds it, unless that was done with the sources as they are. */
export async function buildProgram(): Promise<void> {
  await mkdir(join(checkout, ".cache"), { recursive: true });
  using _turn = await turnAt(`${directory}.lock`);
  const state = stateOfSources();
  if ((await unlessAbsent(readFile(join(directory, "state"), "utf8"))) === state) return;
  const draft = `${directory}.draft`;
  await promisify(execFile)(process.execPath, [join(checkout, "script/build.ts"), draft]);
  await writeFile(join(draft, "state"), state);
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
}
