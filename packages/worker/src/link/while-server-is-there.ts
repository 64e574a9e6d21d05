import { sleep } from "@dorian/base/sleep";

/** A server that is away for so many milliseconds is not waited for by a worker that ends. */
const longestSilenceMs = 500;
const lookEveryMs = 50;

/** Waits for what is being said, unless there is nobody to say it to. */
export async function whileServerIsThere(
  said: Promise<unknown>,
  link: { readonly awayMs: number },
): Promise<void> {
  const { signal } = new AbortController();
  for (;;) {
    const isSaid = await Promise.race([
      said.then(() => true),
      sleep(lookEveryMs, { signal }).then(() => false),
    ]);
    if (isSaid || link.awayMs >= longestSilenceMs) return;
  }
}
