import { SharedWork } from "@dorian/base/shared-work";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { Interpreter } from "@dorian/python/interpreters";
import type { WheelIndex } from "@dorian/python/wheel-index";
import type { WheelTarget } from "@dorian/python/wheel-tags";
import type { BlockStore } from "@dorian/storage/block-store";
import type { Logger } from "pino";
import type { Journal } from "../../database/journal.ts";
import { bytecodeFiles } from "./bytecode.ts";
import { clientFiles } from "./client-mount.ts";
import { dependencyFiles } from "./dependency-mount.ts";
import { mountTree, type MountFile } from "./mount-files.ts";
import type { MountNames } from "./mount-names.ts";
import type { Mount, MountStore } from "./mount-store.ts";
import { parsePlatformMountName, type PlatformMountName } from "./platform-mount-name.ts";
import { pythonFiles } from "./python-mount.ts";

export interface PlatformMountsOptions {
  mounts: MountStore;
  names: MountNames;
  blocks: BlockStore;
  journal: Journal;
  index: WheelIndex;
  /** The Pythons of the operator's machine. */
  interpreters: () => Promise<Interpreter[]>;
  logger: Logger;
}

/** What containers of an app get besides their image. */
export interface RuntimeWanted {
  clientVersion: string;
  /** Such as "3.11". */
  pythonMinor: string;
}

export interface DependenciesWanted extends RuntimeWanted {
  /** Such as "2025.06". */
  builderVersion: string;
  libc: WheelTarget["libc"];
}

/** Names of these have no scope: all environments see them. */
export const globalScope = "";

/**
 * Mounts that the platform makes when they are first wanted, each once: the client, the packages that it needs, Pythons
 * to add to images.
 */
export class PlatformMounts implements AsyncDisposable {
  #options: PlatformMountsOptions;
  #making = new SharedWork<string, Mount>();
  #closing = new AbortController();

  constructor(options: PlatformMountsOptions) {
    this.#options = options;
  }

  /**
   * The mount of a well-known name; undefined when the name is none of the platform's.
   *
   * @throws AppError WHEEL_NOT_FOUND, HTTP_SOURCE_UNREACHABLE, PYTHON_NOT_FOUND
   */
  async lookup(name: string): Promise<Mount | undefined> {
    const wanted = parsePlatformMountName(name);
    return wanted && (await this.#get(name, () => this.#filesOf(wanted)));
  }

  /** The mount of a well-known name, if it was made already. */
  made(name: string): Mount | undefined {
    const { names, mounts } = this.#options;
    const known = names.lookup(globalScope, name);
    return known?.madeBy === "platform" ? mounts.get(known.mountId) : undefined;
  }

  /**
   * The mount with the packages that the client needs, for functions that ask for it. Returns its id.
   *
   * @throws AppError BUILDER_VERSION_UNKNOWN, WHEEL_NOT_FOUND, HTTP_SOURCE_UNREACHABLE
   */
  async dependencyMount(wanted: DependenciesWanted): Promise<string> {
    const { builderVersion, clientVersion, pythonMinor, libc } = wanted;
    const name = `dependencies-${clientVersion}-${builderVersion}-${pythonMinor}-${libc}`;
    const mount = await this.#get(name, async () => {
      const target: WheelTarget = { pythonMinor, libc, arch: machineArch() };
      const files = await dependencyFiles({ ...this.#work(), clientVersion, builderVersion, target });
      return [...files, ...(await this.#compiled(files, pythonMinor))];
    });
    return mount.mountId;
  }

  /**
   * The mount with the client compiled for a Python, which spares each container to do so. Returns its id; undefined when
   * this machine has no such Python.
   */
  async bytecodeMount({ clientVersion, pythonMinor }: RuntimeWanted): Promise<string | undefined> {
    const client = await this.lookup(`modal-client-mount-${clientVersion}`);
    if (!client) return undefined;
    const name = `bytecode-${clientVersion}-${pythonMinor}`;
    const mount = await this.#get(name, () => this.#compiled(client.files, pythonMinor));
    return mount.files.length === 0 ? undefined : mount.mountId;
  }

  /** Waits until nothing is being made any more, and closes the index. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("The server stops."));
    this.#options.index[Symbol.dispose]();
    await this.#making.settled();
  }

  async #get(name: string, makeFiles: () => Promise<MountFile[]>): Promise<Mount> {
    return await this.#making.run(name, () => this.#findOrMake(name, makeFiles));
  }

  async #findOrMake(name: string, makeFiles: () => Promise<MountFile[]>): Promise<Mount> {
    const { mounts, names, journal, logger } = this.#options;
    const known = names.lookup(globalScope, name);
    const kept = known && (await mounts.revive(known.mountId));
    if (kept) return kept;
    const watch = new Stopwatch();
    const mount = await mounts.getOrCreate(mountTree(await makeFiles()));
    const named = { scope: globalScope, name, mountId: mount.mountId, madeBy: "platform" } as const;
    await journal.write(
      (trx) => names.give(trx, named, { isNew: false }),
      (committed) => committed(),
    );
    logger.info(
      { name, mountId: mount.mountId, files: mount.files.length, ms: Math.round(watch.ms) },
      "made a mount",
    );
    return mount;
  }

  async #filesOf(wanted: PlatformMountName): Promise<MountFile[]> {
    switch (wanted.kind) {
      case "client":
        return await clientFiles({ ...this.#work(), version: wanted.version });
      case "python":
        return await pythonFiles({
          ...this.#work(),
          wanted,
          interpreters: await this.#options.interpreters(),
        });
    }
  }

  async #compiled(files: readonly MountFile[], pythonMinor: string): Promise<MountFile[]> {
    const interpreters = await this.#options.interpreters();
    return await bytecodeFiles({ ...this.#work(), files, pythonMinor, interpreters });
  }

  #work() {
    const { index, blocks, logger } = this.#options;
    return { index, blocks, logger, signal: this.#closing.signal };
  }
}

function machineArch(): WheelTarget["arch"] {
  return process.arch === "arm64" ? "aarch64" : "x86_64";
}
