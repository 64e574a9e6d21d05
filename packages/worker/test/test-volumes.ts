import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { bindMount, makeShared, unmount } from "@dorian/linux/mount";
import { LayerStore } from "@dorian/storage/layer-store";
import { onTestFinished } from "vitest";
import { UserNamespaces } from "../src/user-namespace/user-namespaces.ts";
import { MountedVolume, type MountedVolumeOptions, type VolumeHeads } from "../src/volume/mounted-volume.ts";
import type { VolumeUsers } from "../src/volume/volume-users.ts";
import type { VolumeVersion } from "../src/volume/volume-version.ts";

export const signal = new AbortController().signal;

type MemoryHeads = VolumeHeads & {
  versions: VolumeVersion[];
  fail: boolean;
  whenAppending: () => Promise<void>;
};

/** Keeps versions in memory: what the control plane does with a database. */
export function memoryHeads(): MemoryHeads {
  const heads = {
    versions: [{ version: 0n, layerIds: [] as string[] }],
    fail: false,
    /** Runs before a layer is recorded. */
    whenAppending: async () => {},
    async head() {
      return heads.versions.at(-1) as VolumeVersion;
    },
    async append({ layerId }: { layerId: string }) {
      await heads.whenAppending();
      if (heads.fail)
        throw new AppError("SERVER_UNREACHABLE", "No server.", { status: "UNAVAILABLE", remedy: "" });
      const head = heads.versions.at(-1) as VolumeVersion;
      const next = { version: head.version + 1n, layerIds: [...head.layerIds, layerId] };
      heads.versions.push(next);
      return next;
    },
  };
  return heads;
}

export interface MachineOptions {
  /** Where the data directory is made. Default: a directory for temporary files. */
  on?: string;
  /** Its users have ids of their own. */
  userNamespace?: boolean;
}

/** A layer store, and volumes mounted from it, until the test ends. */
export async function machine(options: MachineOptions = {}) {
  const made = new AsyncDisposableStack();
  onTestFinished(() => made.disposeAsync());
  const root = await mkdtemp(join(options.on ?? tmpdir(), "volume-"));
  made.defer(() => rm(root, { recursive: true, force: true }));
  const runtimeDirectory = await mkdtemp(join(tmpdir(), "volume-run-"));
  made.defer(() => rm(runtimeDirectory, { recursive: true, force: true }));
  // Users with ids of their own must come to their mounts.
  await chmod(runtimeDirectory, 0o711);
  const run = join(runtimeDirectory, "volumes");
  await mkdir(run);
  bindMount(run, run);
  made.defer(() => void unmount(run));
  makeShared(run);
  const layers = made.use(await LayerStore.open(root));
  const userNamespace = options.userNamespace ? await ownIds(root, runtimeDirectory, made) : undefined;
  const heads = memoryHeads();
  let count = 0;
  const mount = async (
    more: Partial<
      Pick<MountedVolumeOptions, "subPath" | "readOnly" | "openFiles" | "scratch" | "covered">
    > = {},
  ) => {
    count += 1;
    const volume = await MountedVolume.mount({
      volumeId: "vo-1",
      taskId: `ta-${count}`,
      target: join(run, `v${count}`),
      mountPath: join(run, `v${count}`),
      scratch: join(root, "scratch", `v${count}`),
      layers,
      heads,
      head: await heads.head("vo-1", { signal }),
      userNamespace,
      ...more,
    });
    return made.use(volume);
  };
  return {
    root,
    /** Where volumes are mounted. */
    run,
    layers,
    heads,
    mount,
    userNamespace,
    /** Disposed of with the machine. */
    use: <T extends AsyncDisposable>(resource: T): T => made.use(resource),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

async function ownIds(dataDirectory: string, runtimeDirectory: string, made: AsyncDisposableStack) {
  const instance = randomBytes(4).toString("hex");
  const namespaces = made.use(new UserNamespaces({ instance, dataDirectory, runtimeDirectory }));
  return made.use(await namespaces.create());
}

/** Real processes as users of a volume, frozen by SIGSTOP. */
export function usersOf(...children: ChildProcess[]): VolumeUsers {
  const pids = children.map((child) => child.pid as number);
  return {
    pid: pids[0] as number,
    mountsCanBeReplaced: true,
    pids: async () => pids,
    async freeze() {
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      return {
        async [Symbol.asyncDispose]() {
          for (const pid of pids) process.kill(pid, "SIGCONT");
        },
      };
    },
  };
}

/** As {@link usersOf}, for all processes of a group. */
export function usersOfGroup(group: number): VolumeUsers {
  const members = async () =>
    (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => Number(/\) \S+ \d+ (\d+)/.exec(readStat(pid))?.[1]) === group);
  return {
    pid: group,
    mountsCanBeReplaced: true,
    pids: members,
    async freeze() {
      process.kill(-group, "SIGSTOP");
      return { [Symbol.asyncDispose]: async () => void process.kill(-group, "SIGCONT") };
    },
  };
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}

export async function shell(script: string, cwd = "/"): Promise<ChildProcess> {
  const child = spawn("/bin/sh", ["-c", script], { cwd, stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

/** A shell that does what it is told, one line after the other. */
export class ShellSession {
  readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async open(cwd: string, owner: { uid?: number; gid?: number } = {}): Promise<ShellSession> {
    const program =
      'cd "$0"; echo ready; while read -r line; do eval "$line" && echo done || echo failed; done';
    const child = spawn("/bin/sh", ["-c", program, cwd], { stdio: ["pipe", "pipe", "inherit"], ...owner });
    onTestFinished(() => void child.kill("SIGKILL"));
    const session = new ShellSession(child);
    await session.#answer("ready");
    return session;
  }

  async run(line: string): Promise<void> {
    this.child.stdin?.write(`${line}\n`);
    await this.#answer("done");
  }

  get users(): VolumeUsers {
    return usersOf(this.child);
  }

  async #answer(expected: string): Promise<void> {
    const [data] = (await once(this.child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    if (data.toString().trim() !== expected) throw new Error(`The shell says ${data.toString()}`);
  }
}
