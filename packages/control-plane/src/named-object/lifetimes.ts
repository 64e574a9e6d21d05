import { AppError } from "@dorian/base/app-error";
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
  #now: () => number;
  /** Time of the last heartbeat. After a restart, of the first look. */
  #beats = new Map<string, number>();
  #timer: NodeJS.Timeout;

  constructor(options: {
    kinds: readonly MortalObjects[];
    apps: AppRegistry;
    logger: Logger;
    now: () => number;
  }) {
    this.#kinds = options.kinds;
    this.#apps = options.apps;
    this.#now = options.now;
    this.#timer = setInterval(() => {
      this.sweep().catch((error: unknown) => options.logger.error({ err: error }, "removing objects failed"));
    }, sweepEveryMs).unref();
  }

  heartbeat(objectId: string): void {
    this.#beats.set(objectId, this.#now());
  }

  async sweep(): Promise<void> {
    const seen = new Map<string, number>();
    for (const kind of this.#kinds) {
      for (const { objectId, appId } of kind.anonymous()) {
        const beat = this.#beats.get(objectId) ?? this.#now();
        if (!this.#isOver(appId, beat)) seen.set(objectId, beat);
        else await kind.remove(objectId).catch(unlessGone);
      }
    }
    // Heartbeats that came meanwhile are newer.
    for (const [objectId, beat] of seen) seen.set(objectId, this.#beats.get(objectId) ?? beat);
    this.#beats = seen;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #isOver(appId: string | undefined, beat: number): boolean {
    if (appId === undefined) return this.#now() - beat > silenceMs;
    const app = this.#apps.get(appId);
    return app === undefined || !isOpen(app);
  }
}

function unlessGone(error: unknown): void {
  if (!AppError.is(error) || error.status !== "NOT_FOUND") throw error;
}
