import { AppError, errnoOf } from "@dorian/base/app-error";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePrivateFile } from "../config/write-private-file.ts";

/**
 * Runs curl, with this process's input and output, and returns its exit code. `secrets` are options of curl that shall not stand in
 * the list of processes: they go through a file.
 *
 * @throws AppError CURL_MISSING
 */
export async function runCurl(
  args: readonly string[],
  secrets: readonly (readonly [name: string, value: string])[],
  signal: AbortSignal,
): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-curl-"));
  try {
    const file = join(directory, "options");
    await writePrivateFile(file, secrets.map(([name, value]) => optionLine(name, value)).join(""));
    return await exitCodeOf(["--config", file, ...args], signal);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function exitCodeOf(args: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn("curl", args, { stdio: "inherit" });
  const onAbort = () => child.kill("SIGINT");
  signal.addEventListener("abort", onAbort);
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    signal.throwIfAborted();
    return code ?? 1;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    throw new AppError("CURL_MISSING", "There is no curl on this machine.", {
      status: "FAILED_PRECONDITION",
      remedy: "Install it (`apt-get install curl`).",
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A line of a file of curl's options. */
function optionLine(name: string, value: string): string {
  return `${name} = "${value.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`)}"\n`;
}
