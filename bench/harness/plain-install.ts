import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";

/** What of this machine a Debian needs to get packages as the machine itself gets them. */
const shared = ["/dev", "/proc", "/etc/resolv.conf", "/etc/hosts", "/etc/apt", "/etc/pip.conf", "/etc/ssl"];

/** Milliseconds that shell commands take in a chroot on the layers `lower`, the lowest first, written to a fresh top. */
export async function plainInstall(options: { lower: string[]; commands: string }): Promise<number> {
  await using directory = await temporaryDirectory();
  const [root, upper, work] = ["root", "upper", "work"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [root, upper, work]) await mkdir(path);
  mountOverlay(root, { lower: options.lower, upper, work });
  try {
    const links = process.env["PIP_FIND_LINKS"]?.startsWith("/") ? [process.env["PIP_FIND_LINKS"]] : [];
    const script = `
      set -e
      for path in ${[...shared, ...links].join(" ")}; do
        [ -e "$path" ] || continue
        if [ -d "$path" ]; then mkdir -p "${root}$path"; else mkdir -p "$(dirname "${root}$path")"; touch "${root}$path"; fi
        mount --rbind "$path" "${root}$path"
      done
      exec chroot "${root}" /bin/sh -c "$COMMANDS"
    `;
    const started = performance.now();
    // The mounts go with the mount namespace.
    const child = spawn("unshare", ["--mount", "/bin/sh", "-c", script], {
      env: { ...process.env, COMMANDS: options.commands, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => (output = (output + chunk).slice(-4000)));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`The plain installation ended with ${code}:\n${output}`);
    return performance.now() - started;
  } finally {
    unmount(root);
  }
}
