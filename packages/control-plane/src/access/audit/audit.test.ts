import { setImmediate as nextTurn } from "node:timers/promises";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { ModalClient, ObjectCreationType } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { expect, onTestFinished, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../../test/catalog-server.ts";
import { parseAuditQuery } from "./audit-query.ts";

const everything = { q: "", oldestMs: 0n, newestMs: 0n };

async function holderOf(
  server: CatalogServer,
  options: { name: string; environmentName?: string; readOnly?: boolean },
) {
  const { token, tokenSecret } = await server.operator.tokenCreate(options);
  const connection = new Connection({
    url: server.plane.url,
    metadata: { "x-modal-token-id": token?.tokenId ?? "", "x-modal-token-secret": tokenSecret },
  });
  onTestFinished(() => connection[Symbol.dispose]());
  return {
    modal: createClient(ModalClient, connection),
    operator: createClient(OperatorService, connection),
  };
}

async function entriesOf(server: CatalogServer, q = "") {
  const { items } = await server.modal.auditLogList({ ...everything, q });
  return items.map(({ actor, action, status, targets, context, metadataJson }) => ({
    who: actor?.name,
    action,
    status,
    targets: targets.map(({ id }) => id),
    environment: context?.environmentName,
    address: context?.ipAddress,
    error: (JSON.parse(metadataJson) as { error?: string }).error,
  }));
}

test("who did what is written down with its result, and never a secret's value", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = await holderOf(server, { name: "laptop" });
  const { secretId } = await modal.secretGetOrCreate({
    deploymentName: "key",
    objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
    envDict: { KEY: "st-0123456789012345678901", NAME: "hush-hush" },
  });
  await modal.secretGetOrCreate({ deploymentName: "key" });
  await modal.secretUpdate({ secretId, updates: [{ key: "KEY", value: "hush-hush" }] });
  await modal.secretDelete({ secretId });
  await expect(modal.volumeDelete({ volumeId: "vo-0123456789012345678901" })).rejects.toMatchObject({
    code: "VOLUME_NOT_FOUND",
  });
  expect(await entriesOf(server, "actor:laptop")).toEqual([
    {
      who: "laptop",
      action: "volume.delete",
      status: "failed",
      targets: ["vo-0123456789012345678901"],
      environment: "",
      address: "127.0.0.1",
      error: "VOLUME_NOT_FOUND",
    },
    expect.objectContaining({ action: "secret.delete", status: "success", environment: "main" }),
    expect.objectContaining({ action: "secret.update", targets: [secretId] }),
    expect.objectContaining({ action: "secret.create", targets: ["key", secretId], environment: "main" }),
  ]);
  expect(await entriesOf(server, "action:token.create")).toMatchObject([
    { who: "operator", targets: ["laptop"] },
  ]);
  expect(JSON.stringify(await entriesOf(server))).not.toContain("hush-hush");
  expect(JSON.stringify(await entriesOf(server))).not.toContain("st-0123456789012345678901");
});

test("what a token was refused is written down, a few times a minute", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = await holderOf(server, { name: "reader", readOnly: true });
  for (let n = 0; n < 15; n++)
    await expect(modal.appCreate({ description: "mine" })).rejects.toMatchObject({ code: "TOKEN_READ_ONLY" });
  // A refusal is answered before it is written down.
  await expect.poll(async () => (await entriesOf(server, "status:denied")).length).toBe(10);
  const denied = await entriesOf(server, "status:denied");
  expect(denied[0]).toMatchObject({ who: "reader", action: "AppCreate", error: "TOKEN_READ_ONLY" });
});

test("the log is read in pages and buckets, and a token of one environment sees what happened there", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  await server.modal.environmentCreate({ name: "ci" });
  const scoped = await holderOf(server, { name: "ci", environmentName: "ci" });
  for (let n = 0; n < 120; n++)
    await server.modal.secretGetOrCreate({
      deploymentName: `key-${n}`,
      objectCreationType: 1,
      envDict: { A: "b" },
    });
  await scoped.modal.secretGetOrCreate({
    deploymentName: "mine",
    objectCreationType: 1,
    envDict: { A: "b" },
  });
  expect((await scoped.modal.auditLogList(everything)).items.map(({ targets }) => targets[0]?.id)).toEqual([
    "mine",
    "ci",
  ]);
  expect((await server.modal.auditLogCount({ ...everything, q: "secret.create" })).count).toBe(121n);

  const seen: string[] = [];
  let newestCursor: Awaited<ReturnType<typeof server.modal.auditLogList>>["nextCursor"];
  do {
    const page = await server.modal.auditLogList({
      ...everything,
      q: "action:secret.create",
      limit: 50,
      ...(newestCursor ? { newestCursor } : {}),
    });
    seen.push(...page.items.map(({ id }) => id));
    newestCursor = page.nextCursor;
  } while (newestCursor);
  expect([seen.length, new Set(seen).size]).toEqual([121, 121]);

  const { cursors } = await server.modal.auditLogPlan({
    ...everything,
    q: "action:secret.create",
    bucketSize: 100,
  });
  expect(cursors.map(({ id }) => id)).toEqual([seen[99]]);
  const [cursor] = cursors;
  const newest = await server.modal.auditLogList({
    ...everything,
    q: "action:secret.create",
    oldestCursor: cursor as never,
  });
  const oldest = await server.modal.auditLogList({
    ...everything,
    q: "action:secret.create",
    newestCursor: cursor as never,
  });
  expect([newest.items.length, oldest.items.length]).toEqual([100, 21]);
});

test("who looks for many words in a long log keeps nobody waiting [B11]", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  for (let n = 0; n < 450; n += 1) {
    await server.modal.secretDelete({ secretId: `st-${String(n).padStart(22, "0")}` }).catch(() => undefined);
  }
  const q = Array.from({ length: 16 }, (_, index) => `word${index}`).join(" ");
  const turnsOf = async (answer: Promise<unknown>) => {
    let turns = 0;
    const over = answer.then(() => "over");
    while ((await Promise.race([over, nextTurn("not yet")])) !== "over") turns += 1;
    return turns;
  };
  for (const ask of ["auditLogCount", "auditLogPlan", "auditLogList"] as const)
    expect(await turnsOf(server.modal[ask]({ ...everything, q }))).toBeGreaterThanOrEqual(3);
  expect(await server.modal.auditLogCount({ ...everything, q: "action:secret.delete" })).toMatchObject({
    count: 450n,
  });
  const page = await server.modal.auditLogList({ ...everything, q: "secret.delete", limit: 300 });
  expect(new Set(page.items.map(({ id }) => id)).size).toBe(300);
  expect(page.nextCursor).toBeDefined();
});

test("a query is words and values of fields", () => {
  expect(parseAuditQuery('actor:"my laptop" deploy action:app.stop x:y').terms).toEqual([
    { field: "actor", text: "my laptop" },
    { field: undefined, text: "deploy" },
    { field: "action", text: "app.stop" },
    { field: undefined, text: "x:y" },
  ]);
});
