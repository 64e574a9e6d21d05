import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { turnAt } from "./turn-at.ts";

export type DebianSuite = "bookworm" | "trixie";

const directory = join(checkout, ".cache/debian");

/** Nothing but what apt needs, and `mount`, which every machine has. Without manuals, and without waiting for the disk. */
const flags = [
  "--mode=root",
  "--format=directory",
  "--variant=apt",
  "--include=mount",
  '--aptopt=Acquire::Languages "none"',
  ...["doc", "man", "info", "locale"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  "--dpkgopt=force-unsafe-io",
  // Without it Debian 12 gets all of Perl.
  "--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr",
];

/** A minimal Debian in a directory, bootstrapped once for each checkout. Nobody may change it. */
export async function debianRoot(suite: DebianSuite): Promise<string> {
  await mkdir(directory, { recursive: true });
  const root = join(directory, suite);
  using _turn = await turnAt(`${root}.lock`);
  if (existsSync(root)) return root;
  const draft = `${root}.draft`;
  await rm(draft, { recursive: true, force: true });
  await promisify(execFile)("mmdebstrap", [...flags, suite, draft]);
  await rename(draft, root);
  return root;
}
