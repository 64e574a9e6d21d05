import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { unmount } from "@dorian/linux/mount";
import { mountTable } from "@dorian/linux/mount-table";

const run = promisify(execFile);
const busybox = "/bin/busybox";
const programs = [
  "cat cp dd echo env false grep head hostname httpd id ip kill ls mkdir mount nc nslookup ping ps pwd rm sh sleep",
  "stat stty tail test touch tr true tty wc wget yes",
]
  .join(" ")
  .split(" ");

export interface BusyboxRootfs extends AsyncDisposable {
  path: string;
}

/** A root file system of 2 MB with a shell and the usual programs, from Debian's busybox-static. */
export async function busyboxRootfs(): Promise<BusyboxRootfs> {
  if (!existsSync(busybox))
    await run("apt-get", ["install", "-y", "--no-install-recommends", "busybox-static"]);
  const path = await mkdtemp(join(tmpdir(), "dorian-rootfs-"));
  for (const directory of ["bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "vol"]) {
    await mkdir(join(path, directory));
  }
  await copyFile(busybox, join(path, "bin/busybox"));
  for (const program of programs) await symlink("busybox", join(path, "bin", program));
  return {
    path,
    async [Symbol.asyncDispose]() {
      const mounts = (await mountTable()).filter((entry) => entry.target.startsWith(`${path}/`));
      for (const mount of mounts.toReversed()) unmount(mount.target);
      await rm(path, { recursive: true, force: true });
    },
  };
}
