import type { BuildLog } from "./build-log.ts";

/** How a request stands to the cache: `force` builds and replaces what is there, `ignore` builds and leaves it. */
export type CacheUse = "normal" | "force" | "ignore";

/** Somebody who wants a build. */
export interface BuildWaiter extends Disposable {
  readonly log: BuildLog;
  readonly finished: Promise<void>;
}

/** A build in progress. It goes on as long as somebody waits for it, and a little longer while an app wants it. */
export class RunningBuild {
  readonly imageId: string;
  readonly cacheUse: CacheUse;
  readonly reason: string;
  readonly log: BuildLog;
  /** Resolves when a restart of the server would know of the build: then who asked for it may be told its id. */
  readonly recorded: Promise<void>;
  /** Resolves when the image's row says how it ended. */
  readonly finished: Promise<void>;
  #abort = new AbortController();
  #waiters = 0;
  /** Apps that asked for it and have not ended since. */
  #wantedBy: Set<string>;
  #graceMs: number;
  #timer: NodeJS.Timeout | undefined;
  #finish: () => void;

  constructor(options: {
    imageId: string;
    cacheUse: CacheUse;
    reason: string;
    log: BuildLog;
    recorded: Promise<void>;
    /** The app that asks for it; "" for a client that names none. */
    appId: string;
    /** Milliseconds between the last waiter's leaving and the cancellation: clients reopen their streams. */
    graceMs: number;
  }) {
    this.imageId = options.imageId;
    this.cacheUse = options.cacheUse;
    this.reason = options.reason;
    this.log = options.log;
    this.recorded = options.recorded;
    this.#wantedBy = new Set([options.appId]);
    this.#graceMs = options.graceMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
    this.#startGrace();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Keeps the build going until the result is disposed of. */
  wait(): BuildWaiter {
    this.#waiters++;
    clearTimeout(this.#timer);
    return {
      log: this.log,
      finished: this.finished,
      [Symbol.dispose]: () => {
        if (--this.#waiters === 0) this.#startGrace();
      },
    };
  }

  /** Somebody asked for it again and will come to wait. */
  touch(appId: string): void {
    this.#wantedBy.add(appId);
    if (this.#waiters === 0) this.#startGrace();
  }

  /** The app has no use for it any more. Without others that have, its client will not come back either. */
  appEnded(appId: string): void {
    if (this.#wantedBy.delete(appId) && this.#waiters === 0) this.#startGrace();
  }

  cancel(reason: Error): void {
    this.#abort.abort(reason);
  }

  finish(): void {
    clearTimeout(this.#timer);
    this.#finish();
    this.log.changed.notify();
  }

  #startGrace(): void {
    clearTimeout(this.#timer);
    const graceMs = this.#wantedBy.size === 0 ? 0 : this.#graceMs;
    this.#timer = setTimeout(() => this.cancel(new BuildAbandoned()), graceMs);
  }
}

/** Why a build was cancelled whose clients have all gone. */
export class BuildAbandoned extends Error {
  override readonly name = "BuildAbandoned";
  constructor() {
    super("nobody waits for it any more");
  }
}
