import type { RoomWatch } from "@dorian/storage/room-watch";
import { keepStartReserve } from "@dorian/storage/start-reserve";
import type { Logger } from "pino";
import type { Database } from "../database.ts";
import type { Journal } from "../journal.ts";
import { keepSparePages } from "../spare-pages.ts";

/** What a server keeps for itself of a disk that others may fill to the last byte: to go on, and to start again. */
export function keepReserves(options: {
  dataDirectory: string;
  db: Database;
  journal: Journal;
  room: RoomWatch;
  logger: Logger;
}): AsyncDisposable {
  const { dataDirectory, room, logger } = options;
  // The disk may run short meanwhile; there is another time.
  const onError = (error: unknown) => logger.debug({ err: error }, "no reserve could be kept on the disk");
  const kept = new AsyncDisposableStack();
  kept.use(keepStartReserve(dataDirectory, { room, onError }));
  kept.use(keepSparePages({ ...options, onError }));
  return kept;
}
