import { stat } from "node:fs/promises";
import { unlessAbsent } from "@dorian/base/unless-absent";

const usualEveryMs = 1_000;

/** Calls `onGone` once when there is another file at a path than there is now, or none. */
export async function watchFile(
  path: string,
  onGone: () => unknown,
  { everyMs = usualEveryMs }: { everyMs?: number } = {},
): Promise<Disposable> {
  const own = await identityOf(path);
  const timer = setInterval(() => {
    identityOf(path).then(
      (now) => {
        if (now === own) return;
        clearInterval(timer);
        onGone();
      },
      // A directory that cannot be read says nothing about the file.
      () => undefined,
    );
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Tells one file from another that takes its place; undefined when there is none. */
export async function identityOf(path: string): Promise<string | undefined> {
  const found = await unlessAbsent(stat(path, { bigint: true }));
  return found && `${found.dev} ${found.ino}`;
}
