import { AppError } from "@dorian/base/app-error";
import { onAbort } from "@dorian/base/on-abort";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import { join } from "node:path";
import type { Database } from "../database/database.ts";
import type { GarbageLoop } from "./garbage-loop.ts";

export interface StateCopyOptions {
  db: Pick<Database, "copyTo">;
  layers: Pick<LayerStore, "draft">;
  room: Pick<RoomWatch, "isShort">;
  collecting: Pick<GarbageLoop, "hold">;
}

/** A copy of the state lies where drafts do, so that one that a dead server left is cleared like them. */
export function stateCopyHandlers(
  options: StateCopyOptions,
): Pick<ServiceHandlers<typeof OperatorService>, "stateCopy"> {
  const { db, layers, room, collecting } = options;
  return {
    async *stateCopy(_request, { signal }) {
      if (room.isShort) throw noRoom();
      // Before the copy: what it names was there when it was made, and stays.
      using _held = await collecting.hold();
      await using draft = await layers.draft();
      const path = join(draft.path, "state.db");
      await db.copyTo(path);
      yield { path };
      if (!signal.aborted) await new Promise<void>((resolve) => onAbort(signal, () => resolve()));
    },
  };
}

function noRoom(): AppError {
  return new AppError("STORAGE_FULL", "The disk of the data directory has no room for a copy of the state.", {
    status: "RESOURCE_EXHAUSTED",
    remedy:
      "Make room there, or stop the server and back up then: the state goes straight into the backup. Nothing was changed.",
  });
}
