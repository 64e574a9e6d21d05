import { openDatabase } from "@dorian/control-plane/database/database";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { schemaChange } from "./schema-change.ts";

const version = "1.2.3";
const options = { version, running: undefined };

async function stoppedWith(path: string, statement: string): Promise<string> {
  await (await openDatabase(join(path, "state.db"), { version: "1.2.2" })).destroy();
  using state = new DatabaseSync(join(path, "state.db"));
  state.exec(statement);
  return path;
}

test("a stopped server's database says what is still to be done to it, and which version had it", async () => {
  await using place = await temporaryDirectory();
  const path = await stoppedWith(place.path, "delete from kysely_migration where name = '0022-versions'");
  expect(schemaChange(path, options)).toEqual({ from: "1.2.2", pending: ["0022-versions"] });
});

test("one that is newer is refused, with both versions", async () => {
  await using place = await temporaryDirectory();
  const path = await stoppedWith(
    place.path,
    "insert into kysely_migration values ('9999-later', '2030', '9.9.9')",
  );
  expect(() => schemaChange(path, options)).toThrow(
    "is of version 9.9.9: this one, 1.2.3, does not know its 9999-later",
  );
});

test("where there is no database nothing changes for anybody", () => {
  expect(schemaChange("/nonexistent", options).from).toBe("");
});
