import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../test/catalog-server.ts";
import { schemaText } from "../../test/schema-text.ts";
import { openDatabase } from "./database.ts";

test("a fresh database has exactly the tables and indexes that schema.sql shows", async () => {
  const path = join(await temporaryDirectory(), "state.db");
  await (await openDatabase(path)).destroy();
  expect(schemaText(path)).toBe(await readFile(new URL("../schema/schema.sql", import.meta.url), "utf8"));
});
