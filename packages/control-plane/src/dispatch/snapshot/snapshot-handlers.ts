import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { FunctionCatalog } from "../ports.ts";
import type { Snapshots } from "./snapshots.ts";

/** What operators see and do of snapshots. */
export function snapshotHandlers({
  snapshots,
  catalog,
}: {
  snapshots: Snapshots;
  catalog: FunctionCatalog;
}): Pick<ServiceHandlers<typeof OperatorService>, "snapshotList" | "snapshotDelete"> {
  return {
    async snapshotList() {
      return {
        snapshots: snapshots.all().map((row) => {
          const spec = catalog.spec(row.function_id);
          return {
            snapshotId: row.layer_id,
            appId: spec?.appId ?? "",
            functionId: row.function_id,
            tag: spec?.tag ?? "",
            bytes: BigInt(row.bytes),
            tookMs: row.took_ms,
            createdAt: row.created_at / 1000,
            failures: row.failures,
          };
        }),
      };
    },

    async snapshotDelete({ snapshotId }) {
      await snapshots.delete(snapshotId);
      return {};
    },
  };
}
