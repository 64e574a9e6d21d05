// Writes pairs of rows until it is killed, and says which pairs it was told are durable.
import { writeSync } from "node:fs";
import { openDatabase } from "../src/database/database.ts";
import { Journal } from "../src/database/journal.ts";

const db = await openDatabase(process.argv[2] ?? "");
const journal = new Journal(db);
const row = (name: string) => ({
  environment_id: `en-${name}`,
  name,
  scope: name,
  web_suffix: "",
  image_builder_version: null,
  created_at: 0,
});

async function writePairs(writer: number): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `${writer}-${i}`;
    await journal.write(async (trx) => {
      await trx
        .insertInto("environment")
        .values(row(`${name}-first`))
        .execute();
      await trx
        .insertInto("environment")
        .values(row(`${name}-second`))
        .execute();
    });
    writeSync(1, `${name}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => writePairs(writer)));
