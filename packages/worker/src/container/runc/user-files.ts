import { closeSync, fstatSync } from "node:fs";
import { AppError } from "@dorian/base/app-error";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";

/** Files of an image that runc reads before it starts a process. */
const read = ["/etc/passwd", "/etc/group"];

/**
 * Refuses an image in which runc would wait for ever.
 *
 * @throws AppError IMAGE_USERS_UNREADABLE
 */
export function refuseFifos(rootfs: string): void {
  using root = OpenDirectory.open(rootfs);
  for (const path of read) if (isFifo(root, path)) throw unreadable(path);
}

function isFifo(root: OpenDirectory, path: string): boolean {
  using place = placeBelow(root, path, { follow: true });
  const [name, ...missing] = place.names;
  if (name === undefined || missing.length > 0) return false;
  const descriptor = place.directory.tryPin(name);
  if (descriptor === undefined) return false;
  try {
    return fstatSync(descriptor).isFIFO();
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(path: string): AppError {
  return new AppError(
    "IMAGE_USERS_UNREADABLE",
    `${path} of the image is a FIFO, which no container can start with.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Put a regular file there, or nothing, in the step of the image that made it.",
    },
  );
}
