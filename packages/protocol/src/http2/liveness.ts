import type { FrameWriter } from "./frame-writer.ts";
import {
  headerBlockTicks,
  idleTicks,
  prefaceTicks,
  silentTicksToGiveUp,
  silentTicksToPing,
  stuckTicks,
  tickMs,
  unusedTicks,
} from "./limits.ts";

/** What a connection looks like at a tick. */
export interface LivenessView {
  /** The peer has begun as the protocol wants. */
  begun: boolean;
  /** A header block has begun and is not complete. */
  inHeaders: boolean;
  streams: number;
  /** It has carried a request. */
  used: boolean;
}

export type Verdict = "well" | "ping" | "leave" | { gone: string };

/**
 * Judges at every tick whether a connection lives. It counts ticks, not time, and each after what had arrived was read: a stall of our
 * own counts as one.
 */
export class Liveness {
  #silent = 0;
  #unbegun = 0;
  #inHeaders = 0;
  #stuck = 0;
  #idle = 0;
  #taken = -1;
  #asks: boolean;
  #keeps: boolean;

  /**
   * `asks`: the peer may vanish without a word, so that silence means something. `keeps`: the connection stays however long it carries
   * nothing, since the peer decides that.
   */
  constructor(options: { asks: boolean; keeps: boolean }) {
    this.#asks = options.asks;
    this.#keeps = options.keeps;
  }

  /** Bytes have come. */
  heard(): void {
    this.#silent = 0;
  }

  tick(view: LivenessView, progress: FrameWriter["progress"]): Verdict {
    this.#unbegun = view.begun ? 0 : this.#unbegun + 1;
    if (this.#unbegun >= prefaceTicks && !this.#keeps) return { gone: "it did not begin to speak HTTP/2" };
    this.#inHeaders = view.inHeaders ? this.#inHeaders + 1 : 0;
    if (this.#inHeaders > headerBlockTicks) return { gone: "its headers did not end" };
    this.#stuck = progress.waiting > 0 && progress.taken === this.#taken ? this.#stuck + 1 : 0;
    this.#taken = progress.taken;
    if (this.#stuck >= stuckTicks) return { gone: "it did not take what was sent" };
    this.#idle = view.streams > 0 ? 0 : this.#idle + 1;
    if (!this.#keeps && this.#idle >= (view.used ? idleTicks : unusedTicks)) return "leave";
    if (!this.#asks || view.streams === 0) {
      this.#silent = 0;
      return "well";
    }
    this.#silent += 1;
    if (this.#silent > silentTicksToGiveUp) return { gone: "it gave no sign of life" };
    return this.#silent >= silentTicksToPing ? "ping" : "well";
  }
}

/** Calls `judge` at every tick, after what had arrived by then was read. */
export function everyTick(judge: () => void): Disposable {
  const timer = setInterval(() => setImmediate(judge), tickMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
