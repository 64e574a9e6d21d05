import { describe, expect, onTestFinished, test } from "vitest";
import { connectedServer } from "../../test/connected-server.ts";
import type { ServerOfThisProcess } from "../../test/server-of-this-process.ts";
import { setTransport } from "../client/current-transport.ts";
import { TakenError } from "../named/taken-error.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import { Queue } from "./queue.ts";

const server = connectedServer();

/** For the rest of a test. */
function useHere(modal: ServerOfThisProcess["modal"]): void {
  setTransport({ url: "", modal, inContainer: false });
  onTestFinished(() => setTransport({ url: "", modal: server.modal, inContainer: false }));
}

describe("a queue", () => {
  test("gives items in the order in which they were put, each partition its own", async () => {
    await using queue = await Queue.ephemeral<number>();
    await queue.putMany([1, 2, 3]);
    await queue.put(10, { partition: "other" });
    expect([
      await queue.size(),
      await queue.size({ partition: "other" }),
      await queue.size({ total: true }),
    ]).toEqual([3, 1, 4]);
    expect(await queue.get()).toBe(1);
    expect(await queue.getMany(5)).toEqual([2, 3]);
    expect(await queue.get({ partition: "other" })).toBe(10);
    expect(await queue.get({ timeout: 0 })).toBeUndefined();
    expect(await queue.getMany(5, { timeout: 0.01 })).toEqual([]);
  });

  test("what was taken with an item that does not fit its schema is in the error, and so is that item", async () => {
    const even: StandardSchema<number, number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate(value) {
          if (value === 7) throw new Error("no seven");
          return Number(value) % 2 === 0
            ? { value: Number(value) }
            : { issues: [{ message: "must be even" }] };
        },
      },
    };
    await using plain = await Queue.ephemeral<number>();
    const queue = Queue.fromId(await plain.id(), { schema: even });
    await plain.putMany([2, 3, 4, 7, 6]);
    const error: unknown = await queue.getMany(4).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TakenError);
    expect(error).toMatchObject({
      code: "VALUE_INVALID",
      message:
        "An item in a queue without a name does not fit its schema: must be even. Of 4 that were taken 2 are refused; the error has them all.",
      items: [2, 4],
      refused: [
        { value: 3, error: { code: "VALUE_INVALID" } },
        { value: 7, error: { code: "VALUE_INVALID", message: expect.stringContaining("no seven") } },
      ],
    });
    expect(await queue.get()).toBe(6);
    await plain.put(9);
    await expect(queue.get()).rejects.toMatchObject({ items: [], refused: [{ value: 9 }] });
  });

  test("whoever waits gets what is put later", async () => {
    await using queue = await Queue.ephemeral<string>();
    const waiting = [queue.get(), queue.get({ timeout: 60 })];
    await queue.putMany(["a", "b"]);
    expect((await Promise.all(waiting)).toSorted()).toEqual(["a", "b"]);
  });

  test("a wait that is given up takes nothing", async () => {
    await using queue = await Queue.ephemeral<string>();
    const stop = new AbortController();
    const waiting = queue.get({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(queue.get({ signal: stop.signal })).rejects.toThrow("enough");
    await queue.put("a");
    expect(await queue.get()).toBe("a");
  });

  test("of items that are put while waits are given up, none is lost", async () => {
    await using queue = await Queue.ephemeral<number>();
    const got: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const stop = new AbortController();
      const waiting = queue.get({ signal: stop.signal }).then(
        (item) => void got.push(item),
        () => undefined,
      );
      const put = queue.put(round);
      await new Promise((resolve) => setImmediate(resolve));
      if (round % 2 === 0) await put;
      stop.abort();
      await Promise.all([waiting, put]);
    }
    got.push(...(await queue.getMany(100, { timeout: 0 })));
    expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  test("an item that was taken when its taker gave up is given all the same", async () => {
    await using queue = await Queue.ephemeral<string>();
    await queue.put("a");
    const stop = new AbortController();
    const { modal } = server;
    const cutting = {
      ...modal,
      // The answer of the first call is lost: the server has taken, and the caller has gone.
      async queueGet(...[request, options]: Parameters<typeof modal.queueGet>) {
        const { signal, ...rest } = options ?? {};
        const answer = await modal.queueGet(request, rest);
        if (signal !== stop.signal) return answer;
        stop.abort(new Error("enough"));
        throw new Error("enough");
      },
    };
    useHere(cutting);
    const item = await Queue.fromId<string>(await queue.id()).get({ signal: stop.signal });
    expect([item, await queue.size()]).toEqual(["a", 0]);
  });

  test("is gone through by taking, and by looking", async () => {
    await using queue = await Queue.ephemeral<number>();
    await queue.putMany([1, 2, 3]);
    expect(await Array.fromAsync(queue.peek())).toEqual([1, 2, 3]);
    for await (const item of queue) if (item === 2) break;
    expect(await Array.fromAsync(queue.peek())).toEqual([3]);
    expect(await Array.fromAsync(queue.consume({ timeout: 0 }))).toEqual([3]);
    expect(await queue.size()).toBe(0);
  });

  test("looking with a time waits for more", async () => {
    await using queue = await Queue.ephemeral<number>();
    await queue.put(1);
    const seen: number[] = [];
    for await (const item of queue.peek({ timeout: 60 })) {
      seen.push(item);
      if (item === 2) break;
      await queue.put(2);
    }
    expect(seen).toEqual([1, 2]);
  });

  test("that is full refuses at once, or waits for room", async () => {
    await using queue = await Queue.ephemeral<number>();
    await queue.putMany(Array.from({ length: 5_000 }, (_, index) => index));
    await expect(queue.put(5_000, { timeout: 0 })).rejects.toMatchObject({ code: "QUEUE_FULL" });
    await expect(queue.put(5_000, { signal: AbortSignal.timeout(50) })).rejects.toThrow("timeout");
    const waiting = queue.put(5_000);
    await queue.get();
    await waiting;
    expect((await queue.getMany(5_000)).at(-1)).toBe(5_000);
  });

  test("puts many items all at once or not at all", async () => {
    await using queue = await Queue.ephemeral<unknown>();
    const large = new Uint8Array(2 ** 20 + 1);
    await expect(queue.putMany([1, large])).rejects.toMatchObject({ code: "QUEUE_PUT_TOO_LARGE" });
    await expect(queue.putMany([1, () => 1])).rejects.toThrow("Cannot send item 2 in a queue without a name");
    await queue.putMany([]);
    expect(await queue.size()).toBe(0);
  });

  test("is emptied, one partition or all of it", async () => {
    await using queue = await Queue.ephemeral<number>();
    for (const partition of ["a", "b", "c"]) await queue.put(1, { partition });
    await queue.clear({ partition: "a" });
    expect(await queue.size({ total: true })).toBe(2);
    await queue.clear({ all: true });
    expect(await queue.size({ total: true })).toBe(0);
  });

  test("tells how long a partition keeps its items, and refuses what it cannot be", async () => {
    await using queue = await Queue.ephemeral<number>();
    for (const partitionTtl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(queue.put(1, { partitionTtl })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    const { modal } = server;
    const asked: unknown[] = [];
    const queuePut: typeof modal.queuePut = async (request, options) => {
      asked.push(request.partitionTtlSeconds);
      return await modal.queuePut(request, options);
    };
    useHere({ ...modal, queuePut });
    const noted = Queue.fromId<number>(await queue.id());
    await noted.put(1, { partitionTtl: 60.5 });
    await noted.put(2);
    expect(asked).toEqual([61, 0]);
  });

  test("refuses waits and numbers of items that cannot be", async () => {
    await using queue = await Queue.ephemeral<number>();
    const refused = { code: "OPTION_INVALID" };
    for (const timeout of [Number.NaN, -1]) {
      await expect(queue.get({ timeout })).rejects.toMatchObject(refused);
      await expect(queue.put(1, { timeout })).rejects.toMatchObject(refused);
      await expect(Array.fromAsync(queue.peek({ timeout }))).rejects.toMatchObject(refused);
    }
    for (const max of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(queue.getMany(max, { timeout: 0 })).rejects.toMatchObject(refused);
    expect(await queue.size()).toBe(0);
  });

  test("keeps large Buffers, as Buffers", async () => {
    await using queue = await Queue.ephemeral<Buffer>();
    const large = Buffer.alloc(600 * 1024, 7);
    await queue.put(large);
    const found = await queue.get();
    expect([Buffer.isBuffer(found), large.equals(found)]).toEqual([true, true]);
  });

  test("has a name by which it is found, listed and deleted; who waits for it then is told", async () => {
    const queue = Queue.fromName<number>("jobs", { createIfMissing: true });
    await queue.putMany([1, 2]);
    await queue.put(3, { partition: "a" });
    expect(await Queue.list()).toContainEqual({
      name: "jobs",
      createdAt: expect.any(Date),
      items: 3,
      partitions: 2,
    });
    const waiting = queue.get({ partition: "empty" }).catch((error: unknown) => error);
    await Queue.delete("jobs");
    expect(await waiting).toMatchObject({ code: "QUEUE_NOT_FOUND" });
    await expect(Queue.fromName("jobs").size()).rejects.toMatchObject({ code: "QUEUE_NOT_FOUND" });
    await Queue.delete("jobs", { allowMissing: true });
  });
});
