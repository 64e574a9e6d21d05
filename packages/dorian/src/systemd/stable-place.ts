import { AppError } from "@dorian/base/app-error";

/** Directories that are emptied by themselves. */
const passing = ["/tmp/", "/var/tmp/", "/run/", "/dev/shm/"];

/**
 * A service starts what lies at a path for as long as it is installed.
 *
 * @throws AppError SERVICE_PLACE_PASSES for a path in a cache of npx, or below a directory that is emptied
 */
export function requireStablePlace(path: string): void {
  const why = path.includes("/_npx/")
    ? "in npx's cache, which npm empties and fills with other versions"
    : passing.some((directory) => path.startsWith(directory))
      ? "below a directory that is emptied by itself"
      : undefined;
  if (why === undefined) return;
  throw new AppError("SERVICE_PLACE_PASSES", `${path} lies ${why}: the service would not find it again.`, {
    remedy:
      "Install Dorian where it stays, `npm install --global dorian` or `npm install --prefix /opt/dorian dorian`, and run `dorian service install` from there.",
  });
}
