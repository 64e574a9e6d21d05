import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BlockStore } from "@dorian/storage/block-store";
import { LayerStore } from "@dorian/storage/layer-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { OnLeftover } from "@dorian/storage/set-aside";
import type { Logger } from "pino";
import { type Database, openDatabase } from "./database.ts";
import { refuseGrowth } from "./disk/growing-calls.ts";
import { keepReserves } from "./disk/keep-reserves.ts";
import { watchRoom } from "./disk/watch-room.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import { databaseMissing, databaseMoved } from "./storage-failure.ts";
import { watchFile } from "./watch-file.ts";

export interface StoresOptions {
  dataDirectory: string;
  /** This server's. */
  version: string;
  reserveBytes: number | undefined;
  onBroken: JournalOptions["onBroken"];
  logger: Logger;
  nowMs: () => number;
}

/** What the data directory keeps, and the watch over the room for it. */
export interface Stores extends AsyncDisposable {
  db: Database;
  journal: Journal;
  layers: LayerStore;
  blocks: BlockStore;
  room: RoomWatch;
  /** Refuses a call that makes what is kept grow, while there is no room for that. */
  refuse: (method: string) => void;
}

/** Opens a data directory, which is made where there is none. */
export async function openStores(options: StoresOptions): Promise<Stores> {
  const { dataDirectory, version, reserveBytes, onBroken, logger, nowMs } = options;
  await using opening = new AsyncDisposableStack();
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const room = opening.use(watchRoom({ directory: dataDirectory, reserveBytes, logger }));
  const path = join(dataDirectory, "state.db");
  if (existsSync(join(dataDirectory, "layers")) && !existsSync(path)) throw databaseMissing(path);
  const db = await openDatabase(path, { version, nowMs });
  opening.defer(() => db.destroy());
  const journal = opening.use(new Journal(db, { onBroken }));
  opening.use(await watchFile(path, () => journal.abandon(databaseMoved(path))));
  opening.use(keepReserves({ dataDirectory, db, journal, room, logger }));
  const onLeftover: OnLeftover = ({ path, error }) =>
    logger.warn(
      { path, err: error },
      "could not remove what is not needed any more; the next start tries again",
    );
  const layers = opening.use(await LayerStore.open(dataDirectory, { onLeftover }));
  const blocks = opening.use(await BlockStore.open(dataDirectory, { onLeftover }));
  const resources = opening.move();
  return {
    db,
    journal,
    layers,
    blocks,
    room,
    refuse: refuseGrowth(room),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
