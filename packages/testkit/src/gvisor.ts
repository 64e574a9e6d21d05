import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";

const run = promisify(execFile);
const directory = join(checkout, ".cache/gvisor");

/** bookworm's own, of 2022, fails at the system calls of bookworm's own programs under new kernels. */
const archive = "deb http://deb.debian.org/debian bookworm-backports main\n";

/** A PATH with gVisor's `runsc` in it: Debian's backport, fetched once for each checkout and not installed. */
export async function pathWithGvisor(): Promise<string> {
  const bin = join(directory, "usr/bin");
  if (!existsSync(join(bin, "runsc"))) await fetchGvisor();
  return [bin, process.env["PATH"]].join(delimiter);
}

async function fetchGvisor(): Promise<void> {
  const draft = `${directory}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, "lists/partial"), { recursive: true });
  const sources = join(draft, "sources.list");
  await writeFile(sources, archive);
  // The machine's own lists of packages stay as they are.
  const apart = [
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=-",
    `Dir::State::Lists=${join(draft, "lists")}`,
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["-o", setting]);
  await run("apt-get", [...apart, "update"]);
  await run("apt-get", [...apart, "-t", "bookworm-backports", "download", "runsc"], { cwd: draft });
  const name = (await readdir(draft)).find((each) => each.endsWith(".deb"));
  await run("dpkg", ["-x", join(draft, name ?? ""), draft]);
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
}
