import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface HandOuts {
  inputs: number;
  repeated: { inputId: string; deliveries: number }[];
}

/**
 * The inputs that a server which has ended had accepted up to each of some calls, from the one before on, and those of them that were
 * handed out more than once.
 */
export function handOutsUpTo(dataDirectory: string, callIds: readonly string[]): HandOuts[] {
  const db = new DatabaseSync(join(dataDirectory, "state.db"), { readOnly: true });
  try {
    const place = db.prepare("select max(rowid) as place from call_input where call_id = ?");
    const count = db.prepare("select count(*) as inputs from call_input where rowid > ? and rowid <= ?");
    const again = db.prepare(
      "select input_id, deliveries from call_input where rowid > ? and rowid <= ? and deliveries > 1",
    );
    let before = 0;
    return callIds.map((callId) => {
      const upTo = Number(place.get(callId)?.["place"] ?? before);
      const inputs = Number(count.get(before, upTo)?.["inputs"]);
      const repeated = again
        .all(before, upTo)
        .map((row) => ({ inputId: String(row["input_id"]), deliveries: Number(row["deliveries"]) }));
      before = upTo;
      return { inputs, repeated };
    });
  } finally {
    db.close();
  }
}
