import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkout } from "../checkout.ts";
import { mustRun } from "./suite-process.ts";
import type { SuiteName } from "./test-outcome.ts";

/** A copy of the official repository at one commit, in which the suites can run. */
export interface SuiteCheckout {
  directory: string;
  commit: string;
  /** The clients' version. */
  version: string;
}

const home = join(checkout, ".cache/official-suites");

/**
 * Copies what a checkout has committed, so that the suites run as they are published and the user's checkout stays as it is.
 * Copies are kept: installing what they need takes a minute.
 */
export async function prepareCheckout(
  source: string,
  { suites, signal }: { suites: readonly SuiteName[]; signal: AbortSignal },
): Promise<SuiteCheckout> {
  const commit = (await mustRun(["git", "rev-parse", "HEAD"], { cwd: source, signal })).trim();
  const directory = join(home, commit);
  if (!existsSync(directory)) {
    await mkdir(home, { recursive: true });
    const draft = `${directory}.${process.pid}`;
    await mustRun(["git", "clone", "--quiet", "--no-checkout", source, draft], { cwd: home, signal });
    await mustRun(["git", "checkout", "--quiet", commit], { cwd: draft, signal });
    await rename(draft, directory);
  }
  if (suites.includes("js")) await prepareJavaScript(join(directory, "js"), signal);
  if (suites.includes("go")) await mustRun(["go", "mod", "download"], { cwd: join(directory, "go"), signal });
  const described = await readFile(join(directory, "js/package.json"), "utf8");
  return { directory, commit, version: (JSON.parse(described) as { version: string }).version };
}

/** Installs the packages and generates the messages, by the repository's own script. */
async function prepareJavaScript(directory: string, signal: AbortSignal): Promise<void> {
  if (existsSync(join(directory, "proto/modal_proto/api.ts"))) return;
  const command = { cwd: directory, signal };
  // The install scripts of its tools download programs, which not every machine may.
  await mustRun(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], command);
  await provideProtoc(join(directory, "node_modules/grpc-tools/bin"), signal);
  await rm(join(directory, "proto"), { recursive: true, force: true });
  await mustRun(["npm", "run", "--silent", "prepare"], command);
}

/** Lets the compiler of messages that its package would have downloaded be the one of a Python package. */
async function provideProtoc(directory: string, signal: AbortSignal): Promise<void> {
  const environment = join(home, "protoc");
  const python = join(environment, "bin/python");
  if (!existsSync(join(environment, "complete"))) {
    await rm(environment, { recursive: true, force: true });
    await mustRun(["/usr/bin/python3", "-m", "venv", environment], { cwd: home, signal });
    await mustRun([python, "-m", "pip", "install", "--quiet", "grpcio-tools"], { cwd: home, signal });
    await mkdir(join(environment, "complete"));
  }
  const script = `#!/bin/sh\nexec ${python} -m grpc_tools.protoc "$@"\n`;
  await writeFile(join(directory, "protoc"), script, { mode: 0o755 });
}
