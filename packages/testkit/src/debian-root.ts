import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { turnAt } from "./turn-at.ts";

export type DebianSuite = "bookworm" | "trixie";

const run = promisify(execFile);
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

/** A minimal Debian in a directory, and packages in it, bootstrapped once for each checkout. Nobody may change it. */
export async function debianRoot(suite: DebianSuite, packages: readonly string[] = []): Promise<string> {
  await mkdir(directory, { recursive: true });
  const root = join(directory, [suite, ...packages].join("+"));
  using _turn = await turnAt(`${root}.lock`);
  if (existsSync(root)) return root;
  const draft = `${root}.draft`;
  // What is mounted there while it is made, this machine's own /dev/shm among it, ends with whoever makes it, and is not gone into.
  await run("rm", ["-rf", "--one-file-system", draft]);
  const apart = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const wanted = packages.map((name) => `--include=${name}`);
  await run("unshare", [...apart, "mmdebstrap", ...flags, ...wanted, suite, draft]);
  await rename(draft, root);
  return root;
}
