import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient, ObjectCreationType } from "@dorian/protocol/modal";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory, type ModalCaller } from "../../../test/catalog-server.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : Buffer.from(value).toString();

async function makeDict(modal: ModalCaller, deploymentName = "cache"): Promise<string> {
  const objectCreationType = ObjectCreationType.CREATE_IF_MISSING;
  return (await modal.dictGetOrCreate({ deploymentName, objectCreationType })).dictId;
}

async function contents(modal: ModalCaller, dictId: string, wanted = { keys: true, values: true }) {
  const entries: [string | undefined, string | undefined][] = [];
  for await (const { key, value } of modal.dictContents({ dictId, ...wanted }))
    entries.push([text(key), text(value)]);
  return entries;
}

const put = (modal: ModalCaller, dictId: string, entries: Record<string, string>, ifNotExists = false) =>
  modal.dictUpdate({
    dictId,
    updates: Object.entries(entries).map(([key, value]) => ({ key: bytes(key), value: bytes(value) })),
    ifNotExists,
  });

test("what is put into a dict is found, listed, counted and popped, also after a restart", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const dictId = await makeDict(first.modal);
  expect((await put(first.modal, dictId, { a: "1", b: "2", c: "3" })).created).toBe(true);
  expect((await put(first.modal, dictId, { a: "other" }, true)).created).toBe(false);
  expect((await put(first.modal, dictId, { a: "one" })).created).toBe(true);
  await first[Symbol.asyncDispose]();

  await using server = await CatalogServer.open(directory);
  const { modal } = server;
  expect(await makeDict(modal)).toBe(dictId);
  expect(text((await modal.dictGet({ dictId, key: bytes("a") })).value)).toBe("one");
  expect((await modal.dictGet({ dictId, key: bytes("z") })).found).toBe(false);
  expect((await modal.dictContains({ dictId, key: bytes("b") })).found).toBe(true);
  expect((await modal.dictLen({ dictId })).len).toBe(3);
  expect(await contents(modal, dictId, { keys: true, values: false })).toEqual([
    ["a", ""],
    ["b", ""],
    ["c", ""],
  ]);
  expect(text((await modal.dictPop({ dictId, key: bytes("b") })).value)).toBe("2");
  expect((await modal.dictPop({ dictId, key: bytes("b") })).found).toBe(false);
  expect(await contents(modal, dictId)).toEqual([
    ["a", "one"],
    ["c", "3"],
  ]);
  await modal.dictClear({ dictId });
  expect(await contents(modal, dictId)).toEqual([]);
});

test("a retried pop or put gets the first one's answer, also from a server that was restarted", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const dictId = await makeDict(first.modal);
  await put(first.modal, dictId, { k: "value" });
  const key = { idempotencyKey: "pop-1" };
  const popped = await first.modal.dictPop({ dictId, key: bytes("k") }, key);
  expect(text(popped.value)).toBe("value");
  expect(text((await first.modal.dictPop({ dictId, key: bytes("k") }, key)).value)).toBe("value");
  const once = { dictId, updates: [{ key: bytes("n"), value: bytes("1") }], ifNotExists: true };
  const both = [1, 2].map(() => first.modal.dictUpdate(once, { idempotencyKey: "put-1" }));
  expect((await Promise.all(both)).map((each) => each.created)).toEqual([true, true]);
  await first[Symbol.asyncDispose]();

  await using server = await CatalogServer.open(directory);
  expect(text((await server.modal.dictPop({ dictId, key: bytes("k") }, key)).value)).toBe("value");
  expect((await server.modal.dictPop({ dictId, key: bytes("k") }, { idempotencyKey: "pop-2" })).found).toBe(
    false,
  );
  expect((await server.modal.dictUpdate(once, { idempotencyKey: "put-1" })).created).toBe(true);
});

test("dicts are listed newest first, by pages, in their environment, and deleted with what they hold", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const ids = await Promise.all(["a", "b", "c"].map((name) => makeDict(modal, name)));
  const { dicts } = await modal.dictList({});
  expect(dicts).toHaveLength(3);
  expect(new Set(dicts.map((dict) => dict.createdAt)).size).toBe(3);
  const page = await modal.dictList({
    pagination: { maxObjects: 2, createdBefore: dicts[0]?.createdAt ?? 0 },
  });
  expect(page.dicts.map((dict) => dict.name)).toEqual(dicts.slice(1).map((dict) => dict.name));
  const objectCreationType = ObjectCreationType.CREATE_FAIL_IF_EXISTS;
  await expect(modal.dictGetOrCreate({ deploymentName: "a", objectCreationType })).rejects.toMatchObject({
    code: "DICT_EXISTS",
    status: "ALREADY_EXISTS",
  });
  const [dictId = ""] = ids;
  await put(modal, dictId, { k: "v" });
  expect((await modal.dictGetById({ dictId })).metadata).toMatchObject({ name: "a" });
  await modal.dictDelete({ dictId });
  await expect(modal.dictGet({ dictId, key: bytes("k") })).rejects.toMatchObject({ status: "NOT_FOUND" });
  await expect(modal.dictGetOrCreate({ deploymentName: "a" })).rejects.toMatchObject({ status: "NOT_FOUND" });
  expect((await modal.dictLen({ dictId: await makeDict(modal, "a") })).len).toBe(0);
});

test("a dict without a name has what it was made with, and goes when its heartbeats stop", async () => {
  let elapsedMs = 0;
  await using server = await CatalogServer.open(await temporaryDirectory(), { elapsedMs: () => elapsedMs });
  const modal = createLocalClient(ModalClient, server.plane.modal, { kind: "client", tokenId: "ak-other" });
  const made = {
    objectCreationType: ObjectCreationType.EPHEMERAL,
    data: [{ key: bytes("k"), value: bytes("v") }],
  };
  const [kept, left] = await Promise.all([modal.dictGetOrCreate(made), modal.dictGetOrCreate(made)]);
  expect((await modal.dictList({})).dicts).toEqual([]);
  await server.plane.removeUnused();
  for (let minute = 1; minute <= 30; minute += 1) {
    elapsedMs += 60_000;
    if (minute % 10 === 0) await modal.dictHeartbeat({ dictId: kept.dictId });
    await server.plane.removeUnused();
  }
  expect(text((await modal.dictGet({ dictId: kept.dictId, key: bytes("k") })).value)).toBe("v");
  await expect(modal.dictGet({ dictId: left.dictId, key: bytes("k") })).rejects.toMatchObject({
    code: "DICT_NOT_FOUND",
  });
});

test("a large dict is listed whole, with values larger than a page", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const dictId = await makeDict(modal);
  const big = "x".repeat(5 * 1024 * 1024);
  const entries = Object.fromEntries(
    Array.from({ length: 2500 }, (_, i) => [`k${i}`, i % 1000 === 0 ? big : `${i}`]),
  );
  await put(modal, dictId, entries);
  const listed = await contents(modal, dictId);
  expect(listed.length).toBe(2500);
  expect(listed.every(([key = "", value]) => entries[key] === value)).toBe(true);
  await expect(
    modal.dictUpdate({ dictId, updates: Array.from({ length: 10_001 }, () => ({ key: bytes("a") })) }),
  ).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
});

test("concurrent changes leave what a plain map would hold", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const key = fc.constantFrom("a", "b", "c", "");
  const change = fc.oneof(
    fc.record({
      kind: fc.constant("put" as const),
      key,
      value: fc.string({ maxLength: 4 }),
      ifNotExists: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("pop" as const), key }),
    fc.record({ kind: fc.constant("clear" as const) }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
      const dictId = await makeDict(modal, `run-${run++}`);
      const model = new Map<string, string>();
      // All at once: they must take effect one by one, in the order in which they were sent.
      const answers = await Promise.all(
        changes.map(async (step) => {
          if (step.kind === "put") {
            return (await put(modal, dictId, { [step.key]: step.value }, step.ifNotExists)).created;
          }
          if (step.kind === "pop") return text((await modal.dictPop({ dictId, key: bytes(step.key) })).value);
          await modal.dictClear({ dictId });
          return undefined;
        }),
      );
      const expected = changes.map((step) => {
        if (step.kind === "put") {
          const isNew = !model.has(step.key);
          if (isNew || !step.ifNotExists) model.set(step.key, step.value);
          return isNew || !step.ifNotExists;
        }
        if (step.kind === "clear") return void model.clear();
        const value = model.get(step.key);
        model.delete(step.key);
        return value;
      });
      expect(answers).toEqual(expected);
      expect(new Map(await contents(modal, dictId))).toEqual(model);
      expect((await modal.dictLen({ dictId })).len).toBe(model.size);
    }),
    { numRuns: 25 },
  );
});
