import { ConnectionError, errorCode } from "./http2-error.ts";
import { idleWorkIntervalMs, idleWorkPoints, pointsOf, pointsPerDataFrame } from "./limits.ts";

/** Counts what a peer makes this end do without bringing a request any further. */
export class IdleWork {
  #points = 0;
  #earned = 0;
  #intervalEnd = 0;
  #elapsedMs: () => number;

  /** @param elapsedMs a clock that never goes back */
  constructor(elapsedMs: () => number = () => process.uptime() * 1000) {
    this.#elapsedMs = elapsedMs;
  }

  /** @throws ConnectionError when it is too much. */
  spend(kind: keyof typeof pointsOf): void {
    const now = this.#elapsedMs();
    if (now >= this.#intervalEnd) {
      this.#intervalEnd = now + idleWorkIntervalMs;
      this.#points = 0;
      this.#earned = 0;
    }
    this.#points += pointsOf[kind];
    if (this.#points > idleWorkPoints + this.#earned)
      throw new ConnectionError(errorCode.enhanceYourCalm, "too many frames that bring no request further");
  }

  /** A frame with data has left, which the peer may have to acknowledge in some way. */
  earn(): void {
    this.#earned += pointsPerDataFrame;
  }
}
