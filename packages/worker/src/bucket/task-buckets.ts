import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AppError } from "@dorian/base/app-error";
import { concurrently } from "@dorian/base/concurrently";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { TaskBucket } from "@dorian/protocol/worker";
import type { CgroupLayout } from "../cgroup/cgroup-layout.ts";
import type { ContainerMount } from "../container/container-spec.ts";
import type { Container } from "../container/runtime.ts";
import type { NetworkLease } from "../network/network-pool.ts";
import { bucketLost } from "./bucket-failure.ts";
import { isEnding } from "./ending-process.ts";
import { MountedBucket } from "./mounted-bucket.ts";

/** What the worker gives all of them. */
export interface BucketMounts {
  /** Leases them a way out of their own, where their container finds nothing to listen to. */
  network: { acquire(options: { signal: AbortSignal }): Promise<NetworkLease> };
  /** The operator's way out, and a file of certificates. */
  env: Readonly<Record<string, string>>;
  certificates: string | undefined;
  layout: CgroupLayout;
  /** Name of the worker's control group ("/dorian-1a2b3c4d"). */
  group: string;
  /** Milliseconds for what a container that has ended still uploads: what it wrote, and did not close. Default 15 s. */
  lastUploadsMs?: number;
}

export interface TaskBucketsOptions extends BucketMounts {
  taskId: string;
  buckets: readonly TaskBucket[];
  /** On the host, to whom the files are to belong, and who serves them. */
  user: number;
  /** Below the runtime directory. */
  directory: string;
  /** On the file system of the layer store. */
  scratch: string;
  signal: AbortSignal;
}

const usualLastUploadsMs = 15_000;
const mostLookEveryMs = 1_000;

/** The buckets of one container. Disposal unmounts them. */
export class TaskBuckets implements AsyncDisposable {
  #mounted: readonly MountedBucket[];
  #lastUploadsMs: number;
  #resources: AsyncDisposableStack;

  private constructor(
    mounted: readonly MountedBucket[],
    lastUploadsMs: number,
    resources: AsyncDisposableStack,
  ) {
    this.#mounted = mounted;
    this.#lastUploadsMs = lastUploadsMs;
    this.#resources = resources;
  }

  /** @throws AppError BUCKET_PROGRAM_MISSING, BUCKET_REFUSED, BUCKET_UNREACHABLE */
  static async mount(options: TaskBucketsOptions): Promise<TaskBuckets> {
    const { taskId, buckets, network, group, directory, scratch, signal, ...rest } = options;
    const { lastUploadsMs = usualLastUploadsMs } = options;
    await using resources = new AsyncDisposableStack();
    const mounted: MountedBucket[] = [];
    if (buckets.length === 0) return new TaskBuckets(mounted, lastUploadsMs, resources.move());
    const lease = resources.use(await network.acquire({ signal }));
    const resolver = join(directory, "bucket-resolv.conf");
    await writeFile(resolver, lease.resolvConf);
    await concurrently(
      buckets.entries(),
      { limit: buckets.length, signal },
      async ([index, bucket], stop) => {
        const name = `bucket-${index}`;
        const mount = await MountedBucket.mount({
          ...rest,
          bucket,
          network: lease.path,
          resolver,
          group: `${group}/bucket-${taskId}-${index}`,
          directory: join(directory, name),
          scratch: join(scratch, name),
          signal: stop,
        });
        mounted.push(resources.use(mount));
      },
    );
    return new TaskBuckets(mounted, lastUploadsMs, resources.move());
  }

  get mounts(): ContainerMount[] {
    return this.#mounted.map(({ target, bucket }) => ({
      source: target,
      target: bucket.mountPath,
      readOnly: bucket.readOnly,
    }));
  }

  /**
   * Sees to it, until the result is disposed of, that the container and its buckets end together: a process that waits for a file
   * cannot be killed until somebody answers it, and one whose bucket is gone can do nothing right.
   */
  watch(container: Pick<Container, "pid">, onLost: (reason: AppError) => void): Disposable {
    if (this.#mounted.length === 0) return new DisposableStack();
    let isOver = false;
    for (const mounted of this.#mounted) {
      void mounted.ended.then(() => {
        if (!isOver) onLost(bucketLost(mounted.bucket, mounted.complaint));
      });
    }
    let ending: Stopwatch | undefined;
    const look = async () => {
      if (!(await isEnding(container.pid))) return;
      ending ??= new Stopwatch();
      if (isOver || ending.ms < this.#lastUploadsMs) return;
      isOver = true;
      await this.#breakOff();
    };
    const timer = setInterval(
      () => void look().catch(() => undefined),
      Math.min(mostLookEveryMs, this.#lastUploadsMs),
    );
    timer.unref();
    return {
      [Symbol.dispose]() {
        isOver = true;
        clearInterval(timer);
      },
    };
  }

  /** What serves them: it holds what their container writes until that is uploaded. */
  async pids(): Promise<number[]> {
    return (await Promise.all(this.#mounted.map((mounted) => mounted.pids()))).flat();
  }

  /** Starts their container, which looks at the mounts. When `signal` aborts, nobody waits for them any more. */
  async during<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const giveUp = () => void this.#breakOff().catch(() => undefined);
    onAbort(signal, giveUp);
    try {
      return await start();
    } finally {
      offAbort(signal, giveUp);
    }
  }

  async #breakOff(): Promise<void> {
    await Promise.all(this.#mounted.map((mounted) => mounted.breakOff()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
