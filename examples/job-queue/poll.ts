// Asks again and again how jobs are, and prints each result as it comes: `node poll.ts jobs.txt`.
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { AppError, FunctionCall, RemoteError } from "dorian";

const [file = ""] = process.argv.slice(2);
const lines = (await readFile(file, "utf8")).trim().split("\n");
const open = new Map(lines.map((line) => line.split(" ") as [id: string, ordered: string]));

while (open.size > 0) {
  for (const [id, ordered] of open) {
    const result = await resultOf(id);
    if (result === undefined) continue;
    console.log(`${ordered} ${result}`);
    open.delete(id);
  }
  await delay(200);
}

/** What became of a job; undefined while it waits or runs. */
async function resultOf(id: string): Promise<string | undefined> {
  try {
    const factors = await FunctionCall.fromId<number[]>(id).get({ timeoutMs: 0 });
    return factors.length === 1 ? "is prime" : `= ${factors.join(" × ")}`;
  } catch (error) {
    if (error instanceof AppError && error.code === "CALL_NOT_FINISHED") return undefined;
    if (error instanceof RemoteError) return `failed: ${error.name}: ${error.message}`;
    throw error;
  }
}
