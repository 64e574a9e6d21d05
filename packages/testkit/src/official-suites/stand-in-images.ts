import { execFile } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { errnoOf } from "@dorian/base/app-error";
import { busyboxRootfs } from "../busybox-rootfs.ts";
import { PrivateRegistry, registryAccount } from "../private-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Images of the internet that the suites begin with: registry, repository, tag. */
const images = [
  ["docker.io", "library/alpine", "3.21"],
  ["docker.io", "library/alpine", "3.13"],
  ["docker.io", "library/alpine", "latest"],
  ["us-east1-docker.pkg.dev", "modal-prod-367916/private-repo-test/my-image", "latest"],
] as const;

export interface StandInImages extends AsyncDisposable {
  /** What tells a server of them. */
  env: Record<string, string>;
}

/** A registry on loopback that a server takes for a mirror of those on the internet. Each image is a small shell. */
export async function standInImages(): Promise<StandInImages> {
  await using cleanup = new AsyncDisposableStack();
  const registry = cleanup.use(await PrivateRegistry.start());
  await using rootfs = await busyboxRootfs();
  await addAllPrograms(rootfs.path);
  for (const [, repository, tag] of images) {
    // A file of its own keeps the images apart.
    await writeFile(join(rootfs.path, "etc/os-release"), `ID=stand-in\nVERSION_ID=${tag}\n`);
    await registry.push(repository, tag, {
      layers: [rootfs.path],
      config: { Env: ["PATH=/usr/bin:/bin"], Cmd: ["/bin/sh"] },
    });
  }
  const { username, password } = registryAccount;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const settings = JSON.stringify({ auths: { [registry.host]: { auth } } });
  const docker = cleanup.use(await temporaryDirectory({ "config.json": settings }));
  const mirrors = [...new Set(images.map(([host]) => `${host}=http://${registry.host}`))];
  const held = cleanup.move();
  return {
    env: { DORIAN_REGISTRY_MIRRORS: mirrors.join(","), DOCKER_CONFIG: docker.path },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What the small image of other tests has no use for. */
async function addAllPrograms(root: string): Promise<void> {
  const { stdout } = await promisify(execFile)(join(root, "bin/busybox"), ["--list"]);
  for (const program of stdout.trim().split("\n"))
    await symlink("busybox", join(root, "bin", program)).catch(unlessThere);
  // Debian's busybox has none.
  const script = '#!/bin/sh\nfor name; do eval "echo \\"\\$$name\\""; done\n';
  await writeFile(join(root, "bin/printenv"), script, { mode: 0o755 });
}

function unlessThere(error: unknown): void {
  if (errnoOf(error) !== "EEXIST") throw error;
}
