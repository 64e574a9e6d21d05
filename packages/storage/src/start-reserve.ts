import { repeatedly } from "@dorian/base/repeatedly";
import { randomFillSync } from "node:crypto";
import { existsSync, unlinkSync } from "node:fs";
import { open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { spaceAt } from "./free-space.ts";
import type { RoomWatch } from "./room-watch.ts";

/** Bytes that a start needs: for the database's log, the files that say who runs and where, and a worker's directories. */
const startBytes = 16 * 1024 * 1024;
const stepBytes = 1024 * 1024;
/** Servers that live for a moment only, as those of tests, need none. */
const firstMs = 5_000;
const everyMs = 60_000;

/**
 * Gives a start on a full disk what it needs, from a file that an earlier server has left for it: without a server,
 * nothing could be deleted.
 */
export function useStartReserve(directory: string, look = spaceAt): void {
  const path = pathIn(directory);
  if (existsSync(path) && look(directory).free.bytes < startBytes) unlinkSync(path);
}

/** Leaves that file for the next start, as soon as there is room for it. */
export function keepStartReserve(
  directory: string,
  { room, onError }: { room: RoomWatch; onError: (error: unknown) => void },
): AsyncDisposable {
  const look = async () => {
    if (!room.isShort && !existsSync(pathIn(directory))) await writeReserve(directory);
  };
  return repeatedly(look, { firstMs, everyMs, onError });
}

async function writeReserve(directory: string): Promise<void> {
  const path = pathIn(directory);
  const partial = `${path}.partial`;
  try {
    {
      await using file = await open(partial, "w", 0o600);
      // Zeros might take no space.
      const noise = randomFillSync(Buffer.alloc(stepBytes));
      for (let written = 0; written < startBytes; written += stepBytes) await file.write(noise);
      await file.sync();
    }
    await rename(partial, path);
  } catch (error) {
    // The directory itself may be what there was no room in.
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}

function pathIn(directory: string): string {
  return join(directory, "start-reserve");
}
