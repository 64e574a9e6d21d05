import { homedir } from "node:os";
import { join } from "node:path";
import { stop } from "esbuild";
import { bundleGuest } from "@dorian/guest/bundle/bundle-guest";

/** Directory with the guest that containers run, built when its sources have changed. */
export async function guestDirectory(env: Record<string, string | undefined>): Promise<string> {
  const caches = env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const path = await bundleGuest({ cacheDirectory: join(caches, "dorian", "guest") });
  // Once used, it would stay as a process beside this one that wakes it every second.
  await stop();
  return path;
}
