import { AppError } from "@dorian/base/app-error";
import { SilenceWatch } from "@dorian/base/silence-watch";
import type { Logger } from "pino";
import { isOpen } from "../app/app.ts";
import type { AppRegistry } from "../app/app-registry.ts";

/** Objects without a name, of one kind. */
export interface MortalObjects {
  anonymous(): Iterable<{ objectId: string; appId: string | undefined }>;
  remove(objectId: string): Promise<void>;
}

/** Clients send a heartbeat every 300 s: so long, in milliseconds, after the last one an object goes. */
const silenceMs = 15 * 60_000;
const sweepEveryMs = 60_000;

/** Removes objects without a name when the heartbeats for them stop, or their app does. */
export class Lifetimes implements Disposable {
  #kinds: readonly MortalObjects[];
  #apps: AppRegistry;
  /** Watches objects that live as long as somebody's heartbeats. After a restart they are expected from the first look on. */
  #silence: SilenceWatch<string>;
  #timer: NodeJS.Timeout;

  constructor(options: {
    kinds: readonly MortalObjects[];
    apps: AppRegistry;
    logger: Logger;
    elapsedMs?: () => number;
  }) {
    this.#kinds = options.kinds;
    this.#apps = options.apps;
    const { elapsedMs } = options;
    this.#silence = new SilenceWatch({
      limitMs: silenceMs,
      everyMs: sweepEveryMs,
      ...(elapsedMs ? { elapsedMs } : {}),
    });
    this.#timer = setInterval(() => {
      this.sweep().catch((error: unknown) => options.logger.error({ err: error }, "removing objects failed"));
    }, sweepEveryMs).unref();
  }

  heartbeat(objectId: string): void {
    this.#silence.heard(objectId);
  }

  async sweep(): Promise<void> {
    const objects = this.#kinds.flatMap((kind) =>
      [...kind.anonymous()].map((object) => ({ kind, ...object })),
    );
    const free = new Set(objects.filter(({ appId }) => appId === undefined).map(({ objectId }) => objectId));
    this.#silence.retain((objectId) => free.has(objectId));
    for (const objectId of free) this.#silence.expect(objectId);
    const silent = new Set(this.#silence.sweep());
    for (const { kind, objectId, appId } of objects) {
      const isOver = appId === undefined ? silent.has(objectId) : this.#isClosed(appId);
      if (isOver) await kind.remove(objectId).catch(unlessGone);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #isClosed(appId: string): boolean {
    const app = this.#apps.get(appId);
    return app === undefined || !isOpen(app);
  }
}

function unlessGone(error: unknown): void {
  if (!AppError.is(error) || error.status !== "NOT_FOUND") throw error;
}
