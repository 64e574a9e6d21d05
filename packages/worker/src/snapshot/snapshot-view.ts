import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { IdRange } from "@dorian/linux/user-namespace";
import { withUserIds } from "./user-ids.ts";

/**
 * Makes the directory `target`, on the file system of the snapshot and in one that nobody else may enter, in which the snapshot is as a
 * container with these ids of the host needs it. Everybody may read there, for CRIU does, in turn, as root of the host without its rights
 * and as root of the container. It has hard links: names of links would lead elsewhere once the root directory is the container's.
 *
 * @throws AppError SNAPSHOT_DAMAGED when it has not as many bytes as were written: CRIU would wait for the rest for good
 */
export function viewSnapshot(
  images: string,
  target: string,
  { bytes, ids }: { bytes: number; ids: IdRange | undefined },
): void {
  mkdirSync(target);
  chmodSync(target, 0o755);
  let found = 0;
  for (const name of readdirSync(images)) {
    const [path, seen] = [join(images, name), join(target, name)];
    found += statSync(path).size;
    if (ids && name.startsWith("userns-")) {
      writeFileSync(seen, withUserIds(readFileSync(path), ids));
      chmodSync(seen, 0o644);
    } else linkSync(path, seen);
  }
  if (found === bytes) return;
  throw new AppError("SNAPSHOT_DAMAGED", `The snapshot has ${found} bytes, and ${bytes} were written.`, {
    status: "DATA_LOSS",
    remedy: "It is made anew after some containers that could not be brought back.",
  });
}
