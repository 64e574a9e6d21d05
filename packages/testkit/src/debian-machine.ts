import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianRoot, type DebianSuite } from "./debian-root.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A Debian of a test's own, as far as files, processes and mounts go: it begins bare, but for Node. */
export interface DebianMachine extends AsyncDisposable {
  /** Words that run the command behind them in it. What it mounts, and what it leaves running, is gone at its end. */
  within(options?: { offline?: boolean }): string[];
}

const env = ["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", "NO_COLOR=1"];

// Not chroot, in which nobody may make a user namespace.
const enter = `
set -eu
base=$1 own=$2 node=$3 shared=$4; shift 4
mount -t overlay debian -o "lowerdir=$base,upperdir=$own/upper,workdir=$own/work" "$own/root"
cd "$own/root"
mkdir -p outside usr/local/bin
touch usr/local/bin/node
mount --bind "$node" usr/local/bin/node
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
for path in $shared; do mkdir -p ".$path"; mount --bind "$path" ".$path"; done
cp --remove-destination /etc/resolv.conf etc/resolv.conf
pivot_root . outside
umount -l outside
exec "$@"
`;

/** `shared` are directories of this machine that it has at the same paths. */
export async function debianMachine(suite: DebianSuite, shared: readonly string[]): Promise<DebianMachine> {
  const base = await debianRoot(suite);
  const { path: own } = await temporaryDirectory();
  for (const name of ["upper", "work", "root"]) await mkdir(join(own, name));
  return {
    within({ offline = false } = {}) {
      const apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", ...(offline ? ["--net"] : [])];
      const given = [base, own, realpathSync(process.execPath), shared.join(" ")];
      return [...apart, "sh", "-c", enter, "sh", ...given, ...env];
    },
    [Symbol.asyncDispose]: async () =>
      void (await promisify(execFile)("rm", ["-rf", "--one-file-system", own])),
  };
}
