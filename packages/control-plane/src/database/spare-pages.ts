import { repeatedly } from "@dorian/base/repeatedly";
import { sql } from "kysely";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Database } from "./database.ts";
import type { Journal } from "./journal.ts";

/**
 * Free pages inside the database's file: on a disk that others have filled to the last byte, results of running inputs,
 * ends of containers and deletions go on. Enough for tens of thousands of small results.
 */
const spareBytes = 16 * 1024 * 1024;
/** Bytes that one write makes spare: a larger one would keep others waiting. */
const stepBytes = 1024 * 1024;
/** Servers that live for a moment only, as those of tests, need none. */
const firstMs = 5_000;
const everyMs = 60_000;

/** Keeps some pages of the database's file free. Disposing waits for a write that runs. */
export function keepSparePages(options: {
  db: Database;
  journal: Journal;
  room: RoomWatch;
  onError: (error: unknown) => void;
}): AsyncDisposable {
  const { db, journal, room, onError } = options;
  const look = async (signal: AbortSignal) => {
    if (!room.isShort) await addSparePages({ db, journal }, { bytes: spareBytes, signal });
  };
  return repeatedly(look, { firstMs, everyMs, onError });
}

/** Makes the file longer until about `bytes` of it are free, when less than half of that is. */
export async function addSparePages(
  { db, journal }: { db: Database; journal: Journal },
  { bytes, signal }: { bytes: number; signal: AbortSignal },
): Promise<void> {
  const free = await freeBytes(db);
  if (free >= bytes / 2) return;
  try {
    // What a table held is free when it is dropped.
    for (let added = free; added < bytes && !signal.aborted; added += stepBytes) {
      await journal.writePatiently(async (trx) => {
        await sql`create table if not exists spare_page (content blob)`.execute(trx);
        await sql`insert into spare_page values (zeroblob(${stepBytes}))`.execute(trx);
      });
    }
  } finally {
    await journal.writePatiently((trx) => sql`drop table if exists spare_page`.execute(trx));
    // Until they are in the file itself, the disk has promised nothing.
    await journal.moveLog();
  }
}

async function freeBytes(db: Database): Promise<number> {
  const { rows: pages } = await sql<{ freelist_count: number }>`pragma freelist_count`.execute(db);
  const { rows: sizes } = await sql<{ page_size: number }>`pragma page_size`.execute(db);
  return (pages[0]?.freelist_count ?? 0) * (sizes[0]?.page_size ?? 0);
}
