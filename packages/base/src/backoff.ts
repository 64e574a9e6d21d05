/**
 * Delays in milliseconds that grow by `factor` from `firstMs` to at most `maxMs`, each with up to 20 % jitter.
 *
 * @example
 * const delays = backoff({ firstMs: 100, maxMs: 5_000 });
 * await sleep(delays.next(), { signal });
 */
export function backoff(options: { firstMs: number; maxMs: number; factor?: number }): {
  next(): number;
  reset(): void;
} {
  const { firstMs, maxMs, factor = 2 } = options;
  let current = firstMs;
  return {
    next() {
      const delay = current;
      current = Math.min(maxMs, current * factor);
      return delay * (1 + Math.random() * 0.2);
    },
    reset() {
      current = firstMs;
    },
  };
}
