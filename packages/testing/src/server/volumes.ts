import { mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { Function as FunctionDefinition, ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { currentContainer, type MountedDirectory } from "../process/container-context.ts";
import { BlockServer } from "./block-server.ts";
import { NamedObjects } from "./named-objects.ts";
import { newestFirst } from "./newest-first.ts";
import { volumeFileHandlers } from "./volume-file-handlers.ts";

/** Volumes and buckets: each is a directory below a temporary one, and what is written to it is there for all at once. */
export class Volumes implements AsyncDisposable {
  #root: string | undefined;
  #made = 0;
  #blocks = new BlockServer();
  #volumes: NamedObjects<{ directory: string }>;
  /** By name. */
  #buckets = new Map<string, string>();

  constructor({ nowMs }: { nowMs: () => number }) {
    this.#volumes = new NamedObjects({
      noun: "volume",
      prefix: "vo",
      nowMs,
      make: () => ({ directory: this.#newDirectory() }),
    });
  }

  /** Where the objects of a bucket lie as files. */
  directoryOfBucket(name: string): string {
    const directory = this.#buckets.get(name) ?? this.#newDirectory();
    this.#buckets.set(name, directory);
    return directory;
  }

  #newDirectory(): string {
    this.#root ??= mkdtempSync(join(tmpdir(), "dorian-testing-"));
    const directory = join(this.#root, String(++this.#made));
    mkdirSync(directory);
    return directory;
  }

  directoryOf(volumeId: string): string {
    return this.#volumes.require(volumeId).value.directory;
  }

  /** What a function's containers find where. Longer paths first: one may lie below another. */
  mountsOf({ volumeMounts, cloudBucketMounts }: FunctionDefinition): MountedDirectory[] {
    const volumes = volumeMounts.map(({ volumeId, mountPath, readOnly, subPath = "" }) => {
      return { mountPath, readOnly, directory: join(this.directoryOf(volumeId), subPath) };
    });
    const buckets = cloudBucketMounts.map(({ bucketName, mountPath, readOnly, keyPrefix = "" }) => {
      return { mountPath, readOnly, directory: join(this.directoryOfBucket(bucketName), keyPrefix) };
    });
    for (const { directory } of [...volumes, ...buckets]) mkdirSync(directory, { recursive: true });
    return [...volumes, ...buckets].toSorted((one, other) => other.mountPath.length - one.mountPath.length);
  }

  get handlers() {
    const volumes = this.#volumes;
    const requireMounted = (volumeId: string, done: string) => {
      const directory = this.directoryOf(volumeId);
      const mounted = currentContainer()?.volumes.some((mount) =>
        `${mount.directory}/`.startsWith(`${directory}/`),
      );
      if (!mounted) throw notMounted(volumes.require(volumeId).name, done);
    };
    return {
      ...volumeFileHandlers({ directoryOf: (volumeId) => this.directoryOf(volumeId), blocks: this.#blocks }),
      volumeGetOrCreate: async (request) => {
        const { objectId, name } = volumes.getOrCreate(request);
        return { volumeId: objectId, version: request.version, metadata: { name } };
      },
      volumeGetById: async ({ volumeId }) => ({
        volumeId,
        metadata: { name: volumes.require(volumeId).name },
      }),
      volumeHeartbeat: async ({ volumeId }) => {
        volumes.require(volumeId);
        return {};
      },
      volumeList: async (request) => {
        const { environmentName, page } = newestFirst(volumes.all, request);
        const items = page.map(({ objectId, name, createdAtMs }) => ({
          volumeId: objectId,
          label: name,
          createdAt: createdAtMs / 1000,
          metadata: { name },
        }));
        return { environmentName, items };
      },
      volumeDelete: async ({ volumeId }) => {
        volumes.delete(volumeId);
        return {};
      },
      volumeRename: async ({ volumeId, name }) => {
        volumes.require(volumeId).name = name;
        return {};
      },
      volumeCommit: async ({ volumeId }) => {
        requireMounted(volumeId, "committed");
        return { skipReload: true };
      },
      volumeReload: async ({ volumeId }) => {
        requireMounted(volumeId, "reloaded");
        return {};
      },
    } satisfies ServiceHandlers<typeof ModalClient>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#blocks[Symbol.dispose]();
    if (this.#root !== undefined) await rm(this.#root, { recursive: true, force: true });
  }
}

function notMounted(name: string, done: string): AppError {
  return new AppError(
    "VOLUME_NOT_MOUNTED",
    `Volume "${name}" was ${done} in a container that does not have it mounted.`,
    { remedy: "Name it in the volumes of the function that does it." },
  );
}
