import { execFile } from "node:child_process";
import { promisify } from "node:util";

const timeoutMs = 5_000;

/** What `runc --version` prints; empty when it cannot be run. */
export async function runcVersion(program = "runc"): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--version"], { timeout: timeoutMs }).catch(() => ({
    stdout: "",
  }));
  return stdout;
}
