import { RoomWatch, roomNotice } from "@dorian/storage/room-watch";
import type { Logger } from "pino";

/** The watch over the data directory's disk, which tells the log when room runs short and when there is some again. */
export function watchRoom(options: {
  directory: string;
  reserveBytes: number | undefined;
  logger: Logger;
}): RoomWatch {
  const { directory, reserveBytes, logger } = options;
  const room = new RoomWatch({
    directory,
    reserveBytes,
    onChange: (now) => logger[now.lack ? "warn" : "info"](roomNotice(now)),
  });
  if (room.isShort) logger.warn(roomNotice(room.room));
  return room;
}
