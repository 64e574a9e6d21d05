/** More than a fleet whose token has just ended causes at one address within a window, and nothing against 128 random bits. */
const mostFailures = 1000;
const windowMs = 60_000;
/** Addresses that are remembered: the oldest give way, so that many of them fill no memory. */
const mostAddresses = 4096;

/** Counts wrong credentials by the address that they come from. */
export class FailedAttempts {
  #elapsedMs: () => number;
  #byAddress = new Map<string, { failures: number; endsAt: number }>();

  constructor(options: { elapsedMs: () => number }) {
    this.#elapsedMs = options.elapsedMs;
  }

  /** Milliseconds for which the address has used up its failures; 0 when it has not. */
  exhaustedMs(address: string): number {
    const known = this.#byAddress.get(address);
    return known && known.failures >= mostFailures ? Math.max(0, known.endsAt - this.#elapsedMs()) : 0;
  }

  failed(address: string): void {
    const known = this.#byAddress.get(address);
    if (known && known.endsAt > this.#elapsedMs()) {
      known.failures += 1;
      return;
    }
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { failures: 1, endsAt: this.#elapsedMs() + windowMs });
    if (this.#byAddress.size <= mostAddresses) return;
    const [oldest] = this.#byAddress.keys();
    if (oldest !== undefined) this.#byAddress.delete(oldest);
  }
}
