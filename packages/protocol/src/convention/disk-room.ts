import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DiskRoom, DiskRoomSchema } from "../gen/dorian/disk_pb.js";

export type { DiskRoom, DiskRoomSchema };

interface Room {
  directory: string;
  free: { bytes: number; files: number };
  reserve: { bytes: number; files: number };
  lack: "bytes" | "files" | undefined;
}

/** Writes a disk's room as a message: a file system that counts no files says nothing of them. */
export function diskRoomMessage(room: Room): MessageInitShape<typeof DiskRoomSchema> {
  const { directory, free, reserve, lack } = room;
  return {
    directory,
    freeBytes: BigInt(Math.floor(free.bytes)),
    reserveBytes: BigInt(Math.ceil(reserve.bytes)),
    ...(Number.isFinite(free.files) ? { freeFiles: BigInt(free.files) } : {}),
    reserveFiles: BigInt(Math.ceil(reserve.files)),
    lack: lack ?? "",
  };
}

export function diskRoomOf(message: DiskRoom): Room {
  const { directory, freeBytes, reserveBytes, freeFiles, reserveFiles, lack } = message;
  return {
    directory,
    free: {
      bytes: Number(freeBytes),
      files: freeFiles === undefined ? Number.POSITIVE_INFINITY : Number(freeFiles),
    },
    reserve: { bytes: Number(reserveBytes), files: Number(reserveFiles) },
    lack: lack === "bytes" || lack === "files" ? lack : undefined,
  };
}
