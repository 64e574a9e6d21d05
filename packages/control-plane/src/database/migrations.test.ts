import { DatabaseSync } from "node:sqlite";
import { create, toBinary } from "@bufbuild/protobuf";
import { TaskLogsBatchSchema } from "@dorian/protocol/modal";
import { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../test/catalog-server.ts";
import { openDatabase } from "./database.ts";
import { openClientFile } from "../access/token/client-file.ts";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { migrations } from "../schema/migrations/index.ts";

/** A database as a server wrote it that knew the migrations up to `last`. */
async function databaseOf(path: string, last: string): Promise<void> {
  const db = new Kysely<unknown>({ dialect: nodeSqliteDialect(new DatabaseSync(path)) });
  const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= last));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => known } });
  const { error } = await migrator.migrateToLatest();
  await db.destroy();
  if (error !== undefined) throw error;
}

test("tokens, proxy tokens and blobs of a database from before tokens had scopes go on as they were [B12]", async () => {
  const dataDirectory = await temporaryDirectory();
  await openClientFile(dataDirectory);
  const path = join(dataDirectory, "state.db");
  await databaseOf(path, "0009-web-addresses");
  const file = new DatabaseSync(path);
  const digest = Buffer.alloc(32);
  const added = file.prepare("insert into token values (?, ?, ?, ?, ?)");
  added.run("ak-old", "laptop", digest, 1_000, null);
  file.prepare("insert into proxy_token values (?, ?, ?, ?, ?)").run("wk-old", "web", digest, 2_000, null);
  file.prepare("insert into blob values (?, ?, ?, ?)").run("bl-old", null, 5, 3_000);
  file.close();

  await using server = await CatalogServer.open(dataDirectory);
  const { tokens } = await server.operator.tokenList({});
  expect(tokens.find(({ name }) => name === "laptop")).toMatchObject({
    tokenId: "ak-old",
    createdAt: 1,
    expiresAt: 0,
    environmentName: "",
    readOnly: false,
    createdBy: "",
    lastUsedAt: 0,
  });
  expect((await server.modal.webhookTokenList({})).tokens).toMatchObject([
    { tokenId: "wk-old", name: "web" },
  ]);
  await expect(server.modal.blobGet({ blobId: "bl-old" })).rejects.toMatchObject({ code: "BLOB_INCOMPLETE" });
  await server.operator.tokenRevoke({ token: "laptop" });
});

test("logs of a database whose entries were the clock's go on after them, each with its time [L11]", async () => {
  const dataDirectory = await temporaryDirectory();
  const path = join(dataDirectory, "state.db");
  await databaseOf(path, "0011-restricted-tasks");
  const file = new DatabaseSync(path);
  const batch = toBinary(TaskLogsBatchSchema, create(TaskLogsBatchSchema, { items: [{ data: "old\n" }] }));
  file.prepare("insert into task_log values (?, ?, ?)").run("ap-1", 1_700_000_000_123_456, batch);
  file.close();
  const db = await openDatabase(path);
  const rows = await db.selectFrom("task_log").select(["app_id", "entry", "at"]).execute();
  expect(rows).toEqual([{ app_id: "ap-1", entry: 1_700_000_000_123_456, at: 1_700_000_000_123 }]);
  await db.destroy();
});
