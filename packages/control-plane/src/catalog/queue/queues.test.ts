import { ObjectCreationType } from "@dorian/protocol/modal";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory, type ModalCaller } from "../../../test/catalog-server.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const texts = (values: Uint8Array[]) => values.map((value) => Buffer.from(value).toString());

async function makeQueue(modal: ModalCaller, deploymentName = "jobs"): Promise<string> {
  const objectCreationType = ObjectCreationType.CREATE_IF_MISSING;
  return (await modal.queueGetOrCreate({ deploymentName, objectCreationType })).queueId;
}

const put = (modal: ModalCaller, queueId: string, values: string[], partition = "", ttl = 0) =>
  modal.queuePut({
    queueId,
    values: values.map(bytes),
    partitionKey: bytes(partition),
    partitionTtlSeconds: ttl,
  });

const get = async (modal: ModalCaller, queueId: string, nValues = 1, timeout = 0, partition = "") =>
  texts((await modal.queueGet({ queueId, nValues, timeout, partitionKey: bytes(partition) })).values);

test("items leave a queue in order, from each partition by itself, also after a restart", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const queueId = await makeQueue(first.modal);
  await put(first.modal, queueId, ["1", "2", "3"]);
  await put(first.modal, queueId, ["a"], "letters");
  expect(await get(first.modal, queueId)).toEqual(["1"]);
  await first[Symbol.asyncDispose]();

  await using server = await CatalogServer.open(directory);
  const { modal } = server;
  await put(modal, queueId, ["4"]);
  expect((await modal.queueLen({ queueId })).len).toBe(3);
  expect((await modal.queueLen({ queueId, total: true })).len).toBe(4);
  expect((await modal.queueList({})).queues).toMatchObject([
    { name: "jobs", numPartitions: 2, totalSize: 4 },
  ]);
  expect(await get(modal, queueId, 10)).toEqual(["2", "3", "4"]);
  expect(await get(modal, queueId)).toEqual([]);
  expect(await get(modal, queueId, 1, 0, "letters")).toEqual(["a"]);
});

test("a get waits for an item, and those who wait are served in the order in which they came", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const queueId = await makeQueue(modal);
  const served: string[] = [];
  const waiting = ["first", "second", "third"].map(async (name) => {
    for (const value of await get(modal, queueId, 1, 20)) served.push(`${name} ${value}`);
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await put(modal, queueId, ["1", "2", "3"]);
  await Promise.all(waiting);
  expect(served.toSorted()).toEqual(["first 1", "second 2", "third 3"]);
  const started = performance.now();
  expect(await get(modal, queueId, 1, 0.2)).toEqual([]);
  expect(performance.now() - started).toBeGreaterThan(190);
});

test("a get whose caller has gone takes nothing", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const queueId = await makeQueue(modal);
  const gone = new AbortController();
  const waiting = modal.queueGet({ queueId, nValues: 1, timeout: 20 }, { signal: gone.signal });
  await new Promise((resolve) => setTimeout(resolve, 10));
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  await put(modal, queueId, ["kept"]);
  expect(await get(modal, queueId)).toEqual(["kept"]);
});

test("a retried get gets the same items, and a retried put adds nothing, also after a restart [trap 4]", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const queueId = await makeQueue(first.modal);
  const items = { queueId, values: [bytes("1"), bytes("2")] };
  await first.modal.queuePut(items, { idempotencyKey: "put" });
  await first.modal.queuePut(items, { idempotencyKey: "put" });
  const one = { queueId, nValues: 1, timeout: 0 };
  const both = [1, 2].map(() => first.modal.queueGet(one, { idempotencyKey: "get" }));
  expect((await Promise.all(both)).map(({ values }) => texts(values))).toEqual([["1"], ["1"]]);
  await first[Symbol.asyncDispose]();

  await using server = await CatalogServer.open(directory);
  const { modal } = server;
  expect(texts((await modal.queueGet(one, { idempotencyKey: "get" })).values)).toEqual(["1"]);
  await modal.queuePut(items, { idempotencyKey: "put" });
  expect(await get(modal, queueId, 5)).toEqual(["2"]);
});

test("a full partition refuses, and what could never fit is refused for good", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const queueId = await makeQueue(modal);
  const many = Array.from({ length: 4_999 }, (_, i) => `${i}`);
  await put(modal, queueId, many);
  const results = await Promise.allSettled([put(modal, queueId, ["x"]), put(modal, queueId, ["y"])]);
  expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await expect(put(modal, queueId, ["z"])).rejects.toMatchObject({
    code: "QUEUE_FULL",
    status: "RESOURCE_EXHAUSTED",
  });
  await put(modal, queueId, ["z"], "other");
  expect((await get(modal, queueId, 5_000)).slice(0, 4_999)).toEqual(many);
  await put(modal, queueId, ["z"]);
  await expect(put(modal, queueId, ["x".repeat(1024 * 1024 + 1)])).rejects.toMatchObject({
    status: "INVALID_ARGUMENT",
  });
  await expect(
    put(
      modal,
      queueId,
      Array.from({ length: 5_001 }, () => "x"),
    ),
  ).rejects.toMatchObject({
    code: "QUEUE_PUT_TOO_LARGE",
  });
  await expect(put(modal, queueId, ["x"], "k".repeat(65))).rejects.toMatchObject({
    status: "INVALID_ARGUMENT",
  });
  await expect(get(modal, queueId, 0)).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
});

test("items are looked at in order without being taken, by a cursor that outlives a restart", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const queueId = await makeQueue(first.modal);
  await put(first.modal, queueId, ["1", "2"]);
  const look = async (modal: ModalCaller, lastEntryId: string, itemPollTimeout = 0) =>
    (await modal.queueNextItems({ queueId, lastEntryId, itemPollTimeout })).items;
  const seen = await look(first.modal, "");
  expect(texts(seen.map((item) => item.value))).toEqual(["1", "2"]);
  const last = seen.at(-1)?.entryId ?? "";
  expect(await get(first.modal, queueId, 2)).toEqual(["1", "2"]);
  await first[Symbol.asyncDispose]();

  await using server = await CatalogServer.open(directory);
  const { modal } = server;
  expect(await look(modal, last)).toEqual([]);
  const next = look(modal, last, 10);
  await put(modal, queueId, ["3"]);
  expect(texts((await next).map((item) => item.value))).toEqual(["3"]);
  expect((await modal.queueLen({ queueId })).len).toBe(1);
});

test("partitions expire after their last put, and are cleared one or all", async () => {
  let now = Date.now();
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory, { nowMs: () => now });
  const queueId = await makeQueue(first.modal);
  await put(first.modal, queueId, ["short"], "short", 10);
  await put(first.modal, queueId, ["usual"]);
  now += 9_000;
  await put(first.modal, queueId, ["again"], "short", 10);
  now += 9_000;
  expect((await first.modal.queueLen({ queueId, partitionKey: bytes("short") })).len).toBe(2);
  await first[Symbol.asyncDispose]();
  now += 2_000;
  await using server = await CatalogServer.open(directory, { nowMs: () => now });
  const { modal } = server;
  expect(await get(modal, queueId, 5, 0, "short")).toEqual([]);
  expect((await modal.queueLen({ queueId, total: true })).len).toBe(1);
  now += 24 * 3_600_000;
  expect(await get(modal, queueId, 5)).toEqual([]);
  await put(modal, queueId, ["a"], "p");
  await put(modal, queueId, ["b"], "q");
  await put(modal, queueId, ["c"]);
  await modal.queueClear({ queueId, partitionKey: bytes("p") });
  expect((await modal.queueLen({ queueId, total: true })).len).toBe(2);
  await modal.queueClear({ queueId, allPartitions: true });
  expect((await modal.queueLen({ queueId, total: true })).len).toBe(0);
});

test("who waits for a queue that is deleted is told so", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const queueId = await makeQueue(modal);
  const waits = Promise.allSettled([
    modal.queueGet({ queueId, nValues: 1, timeout: 20 }),
    modal.queueNextItems({ queueId, itemPollTimeout: 20 }),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  await modal.queueDelete({ queueId });
  for (const wait of await waits) {
    expect(wait).toMatchObject({
      status: "rejected",
      reason: { code: "QUEUE_NOT_FOUND", status: "NOT_FOUND" },
    });
  }
  expect(await makeQueue(modal)).not.toBe(queueId);
});

test("a queue of an app's own goes with the app", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const { appId } = await modal.appCreate({ description: "app" });
  const { queueId } = await modal.queueCreate({ appId });
  expect((await modal.queueCreate({ appId, existingQueueId: queueId })).queueId).toBe(queueId);
  await put(modal, queueId, ["x"]);
  await server.plane.removeUnused();
  expect(await get(modal, queueId)).toEqual(["x"]);
  await modal.appStop({ appId });
  await server.plane.removeUnused();
  await expect(put(modal, queueId, ["x"])).rejects.toMatchObject({ status: "NOT_FOUND" });
});

test("a time that is no number is not waited for", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const queueId = await makeQueue(modal);
  expect(await get(modal, queueId, 1, Number.NaN)).toEqual([]);
  expect((await modal.queueNextItems({ queueId, itemPollTimeout: Number.NaN })).items).toEqual([]);
});

test("many producers and consumers at once lose, double and reorder nothing", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 }),
      async (batches, consumers) => {
        const queueId = await makeQueue(modal, `run-${run++}`);
        const total = batches.reduce((sum, size) => sum + size, 0);
        const taken: string[][] = [];
        let left = total;
        const consuming = consumers.map(async (max) => {
          while (left > 0) {
            const values = await get(modal, queueId, max, 0.05);
            left -= values.length;
            if (values.length > 0) taken.push(values);
          }
        });
        const producing = batches.map((size, batch) =>
          put(
            modal,
            queueId,
            Array.from({ length: size }, (_, i) => `${batch}.${i}`),
          ),
        );
        await Promise.all([...producing, ...consuming]);
        const expected = batches.flatMap((size, batch) =>
          Array.from({ length: size }, (_, i) => `${batch}.${i}`),
        );
        expect(taken.flat().toSorted()).toEqual(expected.toSorted());
        for (const values of taken) {
          // Sent at once, and journalled in that order.
          const places = values.map((value) => expected.indexOf(value));
          expect(places).toEqual(places.toSorted((a, b) => a - b));
        }
        expect((await modal.queueLen({ queueId })).len).toBe(0);
      },
    ),
    { numRuns: 15 },
  );
});
