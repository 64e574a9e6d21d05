import { execFile } from "node:child_process";
import { closeSync } from "node:fs";
import { access, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { mountFuse } from "@dorian/linux/fuse-mount";
import { unmount } from "@dorian/linux/mount";
import type { TaskBucket } from "@dorian/protocol/worker";
import { spaceAt } from "@dorian/storage/free-space";
import { bucketFailure, bucketSilent } from "./bucket-failure.ts";
import { filerCommand, filerEnvironment, readMemoryBytes } from "./filer-options.ts";
import { Filer, type FilerOptions } from "./filer.ts";

const run = promisify(execFile);

/** The program that serves buckets. */
export const filerProgram = "/usr/bin/s3fs";

/** Milliseconds for a bucket to answer before a container is told that it does not. */
const answerLimitMs = 30_000;

/** Of the disk, the part that filers leave of what is free when they start. */
const leftFree = 0.5;

export interface BucketMountOptions extends Pick<
  FilerOptions,
  "network" | "resolver" | "certificates" | "layout" | "group" | "user"
> {
  bucket: TaskBucket;
  /** Holds the mount and the filer's root; is made. */
  directory: string;
  /** For what is being written; is made where the bucket is not read-only. */
  scratch: string;
  /** The operator's. */
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** A bucket that is mounted on the host, until disposal. */
export class MountedBucket implements AsyncDisposable {
  readonly bucket: TaskBucket;
  /** Directory on the host. Nobody but a container touches what is in it: it may keep them waiting. */
  readonly target: string;
  #filer: Filer;
  #resources: AsyncDisposableStack;

  private constructor(parts: {
    bucket: TaskBucket;
    target: string;
    filer: Filer;
    resources: AsyncDisposableStack;
  }) {
    this.bucket = parts.bucket;
    this.target = parts.target;
    this.#filer = parts.filer;
    this.#resources = parts.resources;
  }

  /** @throws AppError BUCKET_PROGRAM_MISSING, BUCKET_REFUSED, BUCKET_UNREACHABLE */
  static async mount(options: BucketMountOptions): Promise<MountedBucket> {
    const { bucket, directory, user, env, certificates, signal } = options;
    await requireFiler();
    await using resources = new AsyncDisposableStack();
    const target = join(directory, "files");
    const root = join(directory, "root");
    for (const path of [target, root]) await mkdir(path, { recursive: true });
    const cache = bucket.readOnly ? undefined : options.scratch;
    if (cache !== undefined) {
      await mkdir(cache, { recursive: true, mode: 0o700 });
      await chown(cache, user, user);
    }
    const diskReserveBytes = cache === undefined ? 0 : spaceAt(cache).free.bytes * leftFree;
    const connection = connect(target, { owner: user, readOnly: bucket.readOnly, source: bucket.bucket });
    resources.defer(() => void unmount(target));
    let filer: Filer;
    try {
      filer = await Filer.start({
        ...options,
        root,
        connection,
        cache,
        memoryBytes: readMemoryBytes,
        command: filerCommand(bucket, { owner: user, diskReserveBytes }),
        env: filerEnvironment(bucket, { env, hasCertificates: certificates !== undefined }),
      });
    } finally {
      // While this process had it too, the filer's end would leave everybody waiting.
      closeSync(connection);
    }
    resources.use(filer);
    await answers({ bucket, target, filer, signal });
    return new MountedBucket({ bucket, target, filer, resources: resources.move() });
  }

  /** Settles once its files are served no more. */
  get ended(): Promise<void> {
    return this.#filer.exited;
  }

  /** What was said last by what served its files. */
  get complaint(): string {
    return this.#filer.complaint;
  }

  /** What serves its files. */
  pids(): Promise<number[]> {
    return this.#filer.pids();
  }

  /** Refuses everybody who waits for a file of it, or ever will. */
  async breakOff(): Promise<void> {
    await this.#filer.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

async function requireFiler(): Promise<void> {
  try {
    await access(filerProgram);
  } catch (cause) {
    throw new AppError(
      "BUCKET_PROGRAM_MISSING",
      `The worker's machine cannot mount buckets: ${filerProgram} is missing.`,
      {
        status: "FAILED_PRECONDITION",
        remedy: "Install it there: `dorian setup` does, or `apt-get install s3fs`.",
        cause,
      },
    );
  }
}

function connect(target: string, options: Parameters<typeof mountFuse>[1]): number {
  try {
    return mountFuse(target, options);
  } catch (cause) {
    if (!["ENOENT", "ENODEV", "ENXIO"].includes(errnoOf(cause) ?? "")) throw cause;
    throw new AppError(
      "BUCKET_PROGRAM_MISSING",
      "The worker's machine cannot mount buckets: it has no /dev/fuse.",
      {
        status: "FAILED_PRECONDITION",
        remedy: "Load the kernel's module there: `modprobe fuse`.",
        cause,
      },
    );
  }
}

/** Waits until the bucket has been asked whether it is there, by a process of its own: whoever looks at the mount may hang. */
async function answers(options: {
  bucket: TaskBucket;
  target: string;
  filer: Filer;
  signal: AbortSignal;
}): Promise<void> {
  const { bucket, target, filer, signal } = options;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]);
  const giveUp = () => void filer.kill().catch(() => undefined);
  onAbort(limit, giveUp);
  if (limit.aborted) giveUp();
  try {
    await run("stat", ["--file-system", target]);
  } catch {
    signal.throwIfAborted();
    if (limit.aborted) throw bucketSilent(bucket, answerLimitMs);
    await filer.exited;
    throw bucketFailure(bucket, filer.complaint);
  } finally {
    offAbort(limit, giveUp);
  }
}
