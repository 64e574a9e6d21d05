import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { bundleForContainer } from "../src/bundle/bundle-for-container.ts";
import { bundleForLocal } from "../src/bundle/bundle-for-local.ts";

/** A directory with these files, which goes away with the test. */
export async function project(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "bundle-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [name, content] of Object.entries({
    "sdk.mjs": "export const sdk = 'the one SDK';",
    ...files,
  })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

export const local = (root: string, entry: string) =>
  bundleForLocal(entry, { root, sdkUrl: `file://${root}/sdk.mjs`, directory: join(root, ".out") });

export const container = (root: string, entry: string, externalPackages: string[] = []) =>
  bundleForContainer(entry, { root, sdkUrl: `file://${root}/sdk.mjs`, externalPackages });

/** Runs a module as Node runs it, without the test runner's own module system. */
export async function run(path: string, ...flags: string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...flags, path], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  await new Promise((resolve) => child.on("close", resolve));
  return { stdout: stdout.trim(), stderr };
}
