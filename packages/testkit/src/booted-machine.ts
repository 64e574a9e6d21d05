import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianRoot } from "./debian-root.ts";
import { eventually } from "./eventually.ts";
import { type CommandResult, runCommand } from "./run-command.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "runc",
  "iproute2",
  "nftables",
  "ca-certificates",
  "procps",
  "tini",
];

/** A Debian of a test's own with systemd as its first process: what it mounts, sets and leaves running ends with it. */
export interface BootedMachine extends AsyncDisposable {
  run(command: readonly string[]): Promise<CommandResult>;
  /** As its owner does it; what is on its disk stays. */
  reboot(): Promise<void>;
}

/**
 * Groups of its own in each hierarchy, then namespaces of its own, in which those groups are the roots. It cannot write to /sys and
 * /proc/sys, of which the kernel has one for all, but for what is its network's: a system that boots sets things there.
 */
const begin = `
set -eu
name=$1 base=$2 own=$3 mounts=$4
for hierarchy in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do
  [ -e "$hierarchy" ] || continue
  group=$(dirname "$hierarchy")/$name
  mkdir -p "$group"
  for file in cpuset.cpus cpuset.mems; do
    if [ -e "$group/$file" ]; then cat "$group/../$file" > "$group/$file" 2>/dev/null || true; fi
  done
  echo $$ > "$group/cgroup.procs"
done
exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup --propagation private sh -c "$5" sh "$base" "$own" "$mounts"
`;

const boot = `
set -eu
base=$1 own=$2 mounts=$3
mount -t overlay debian -o "lowerdir=$base,upperdir=$own/upper,workdir=$own/work" "$own/root"
cd "$own/root"
mkdir -p outside
mount -t proc proc proc
mount -t proc proc outside
mount --bind -o ro proc/sys proc/sys
mount --bind outside/sys/net proc/sys/net
umount outside
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty fuse; do : > dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t sysfs -o ro sysfs sys
hierarchies=$(sed -n 's/^[^ ]* \\(\\/sys\\/fs\\/cgroup[^ ]*\\) cgroup2\\{0,1\\} .*/\\1/p' /proc/mounts)
if [ "$hierarchies" = /sys/fs/cgroup ]; then mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  for hierarchy in $hierarchies; do
    name=$(basename "$hierarchy")
    mkdir "sys/fs/cgroup/$name"
    case $name in
      unified) mount -t cgroup2 cgroup2 sys/fs/cgroup/unified;;
      systemd) mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd;;
      *) mount -t cgroup -o "$name" cgroup "sys/fs/cgroup/$name";;
    esac
  done
fi
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
for pair in $mounts; do
  mkdir -p ".\${pair#*=}"
  mount --bind "\${pair%%=*}" ".\${pair#*=}"
done
ip link set lo up
pivot_root . outside
umount -l outside
exec env -i container=dorian PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
`;

/** `mounts`: directories of this machine, by where it has them. */
export async function bootedMachine(mounts: Record<string, string>): Promise<BootedMachine> {
  await using opening = new AsyncDisposableStack();
  const base = await debianRoot("bookworm", packages);
  const { path: own } = await temporaryDirectory();
  opening.defer(async () => void (await promisify(execFile)("rm", ["-rf", "--one-file-system", own])));
  for (const name of ["upper", "work", "root"]) await mkdir(join(own, name));
  const name = `dorian-machine-${randomBytes(4).toString("hex")}`;
  opening.defer(() => removeGroups(name));
  const pairs = Object.entries(mounts).map(([target, source]) => `${source}=${target}`);
  const start = async () => {
    const child = spawn("sh", ["-c", begin, "sh", name, base, own, pairs.join(" "), boot], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const machine = { child, run: within(child) };
    const state = await eventually(
      async () =>
        child.exitCode === null ? (await machine.run(["systemctl", "is-system-running"])).stdout : "gone",
      (text) => /^(running|degraded|gone)/.test(text),
    );
    if (state === "gone") throw new Error(`A machine did not boot:\n${said}`);
    return machine;
  };
  let machine = await start();
  opening.defer(() => end(machine.child));
  const resources = opening.move();
  return {
    run: (command) => machine.run(command),
    async reboot() {
      const ended = once(machine.child, "exit");
      await machine.run(["systemctl", "reboot"]);
      await ended;
      machine = await start();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function within(child: ChildProcess): BootedMachine["run"] {
  return (command) => {
    const pid = child.pid ?? 0;
    // The child of `unshare`; nobody before it has begun.
    const [init = "0"] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    const env = [
      "env",
      "-i",
      "--chdir=/root",
      "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=/root",
      "NO_COLOR=1",
    ];
    return runCommand(["nsenter", "--target", init, "--all", ...env, ...command], {});
  };
}

/** `unshare` passes no signal on, and takes its child along. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function removeGroups(name: string): Promise<void> {
  const roots = globSync([`/sys/fs/cgroup/*/${name}`, `/sys/fs/cgroup/${name}`]);
  await eventually(
    async () => {
      const groups = roots
        .flatMap((root) => [root, ...globSync(`${root}/**/`)])
        .toSorted()
        .toReversed();
      for (const group of groups) await rmdir(group).catch(() => undefined);
      return globSync(roots);
    },
    (left) => left.length === 0,
  );
}
