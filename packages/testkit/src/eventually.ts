import { setTimeout as delay } from "node:timers/promises";

/** Looks again and again until what it sees is `wanted`, and returns it. */
export async function eventually<T>(
  look: () => Promise<T>,
  wanted: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (wanted(value)) return value;
    if (performance.now() > deadlineMs)
      throw new Error(`After ${timeoutMs} ms it is still ${JSON.stringify(value)}.`);
    await delay(100);
  }
}
