import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { must } from "@dorian/base/must";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { checkout } from "./checkout.ts";
import { NpmRegistry } from "./npm-registry.ts";
import { stateOfSources } from "./state-of-sources.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";
import { turnAt } from "./turn-at.ts";

const run = promisify(execFile);
const directory = join(checkout, ".cache/package");

/** The package for npm, made from this checkout. */
export interface PackedPackage {
  /** Its files, as they were packed. */
  built: string;
  /** As npm would have it from a registry. */
  tarball: string;
  /** A project in which it was installed from a registry on loopback. */
  installed: string;
}

/** Packs and installs it, unless that was done with the sources as they are. */
export async function packedPackage(): Promise<PackedPackage> {
  await mkdir(join(checkout, ".cache"), { recursive: true });
  using _turn = await turnAt(`${directory}.lock`);
  const made = () => ({
    built: join(directory, "package"),
    tarball: must(globSync(join(directory, "*.tgz"))[0], "the tarball"),
    installed: join(directory, "project"),
  });
  const state = stateOfSources();
  if ((await unlessAbsent(readFile(join(directory, "state"), "utf8"))) === state) return made();
  await rm(directory, { recursive: true, force: true });
  const draft = `${directory}.draft`;
  await rm(draft, { recursive: true, force: true });
  const { stdout } = await run(process.execPath, [join(checkout, "script/pack.ts"), "--out", draft]);
  await install(stdout.trim().split("\n").at(-1) ?? "", draft);
  await writeFile(join(draft, "state"), state);
  await rename(draft, directory);
  return made();
}

/** A project of the caller's own that holds `files`, and has the package installed. */
export async function projectWithPackage(
  files: Record<string, string | Uint8Array>,
): Promise<TemporaryDirectory> {
  const { installed } = await packedPackage();
  const project = await temporaryDirectory(files);
  await run("cp", ["-al", join(installed, "node_modules"), project.path]);
  return project;
}

async function install(tarball: string, at: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(at, "package/package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  const project = join(at, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "project", private: true }));
  const operators = await run("npm", ["config", "get", "registry"], { cwd: project });
  await using registry = await NpmRegistry.open(tarball, manifest, operators.stdout.trim());
  const flags = ["--registry", registry.url, "--no-audit", "--no-fund", "--prefer-offline"];
  await run("npm", ["install", ...flags, manifest.name], { cwd: project });
}
