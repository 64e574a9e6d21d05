import { homedir } from "node:os";
import { join } from "node:path";
import { bundleGuest } from "@dorian/guest/bundle/bundle-guest";

/** Directory with the guest that containers run, built when its sources have changed. */
export async function guestDirectory(env: Record<string, string | undefined>): Promise<string> {
  const caches = env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return bundleGuest({ cacheDirectory: join(caches, "dorian", "guest") });
}
