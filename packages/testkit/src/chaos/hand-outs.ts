import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface HandOuts {
  inputs: number;
  repeated: number;
}

/**
 * Counts the inputs that a server which has ended had accepted up to each of some calls, from the one before on, and those
 * of them that were handed out more than once.
 */
export function handOutsUpTo(dataDirectory: string, callIds: readonly string[]): HandOuts[] {
  const db = new DatabaseSync(join(dataDirectory, "state.db"), { readOnly: true });
  try {
    const place = db.prepare("select max(rowid) as place from call_input where call_id = ?");
    const count = db.prepare(
      "select count(*) as inputs, coalesce(sum(deliveries > 1), 0) as repeated from call_input where rowid > ? and rowid <= ?",
    );
    let before = 0;
    return callIds.map((callId) => {
      const upTo = Number(place.get(callId)?.["place"] ?? before);
      const row = count.get(before, upTo);
      before = upTo;
      return { inputs: Number(row?.["inputs"]), repeated: Number(row?.["repeated"]) };
    });
  } finally {
    db.close();
  }
}
