import { homedir } from "node:os";
import { join } from "node:path";
import { bundleGuest } from "../bundle/bundle-guest.ts";

/** File with the guest that containers run, built when its sources have changed. */
export async function guestBundlePath(env: Record<string, string | undefined>): Promise<string> {
  const caches = env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const { path } = await bundleGuest({ cacheDirectory: join(caches, "dorian", "guest") });
  return path;
}
