import { describe, expect, onTestFinished, test } from "vitest";
import { connectedServer } from "../../test/connected-server.ts";
import { setTransport } from "../client/current-transport.ts";
import { TakenError } from "../named/taken-error.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import { Dict } from "./dict.ts";

const server = connectedServer();

describe("a dict", () => {
  test("keeps values by keys of every kind", async () => {
    await using dict = await Dict.ephemeral();
    const entries = [
      ["text", { a: [1, 2] }],
      [7, "number"],
      [7.5, "fraction"],
      [2n ** 70n, "large"],
      [true, "yes"],
      [null, "nothing"],
      [new Uint8Array([1, 2]), "bytes"],
    ] as const;
    for (const [key, value] of entries) await dict.set(key, value);
    expect(await dict.size()).toBe(entries.length);
    for (const [key, value] of entries) {
      expect(await dict.has(key)).toBe(true);
      expect(await dict.get(key)).toEqual(value);
    }
    expect(await Array.fromAsync(dict.keys())).toEqual(expect.arrayContaining(entries.map(([key]) => key)));
    expect(await Array.fromAsync(dict.values())).toEqual(
      expect.arrayContaining(entries.map(([, value]) => value)),
    );
    expect(await Array.fromAsync(dict)).toEqual(expect.arrayContaining(entries.map((entry) => [...entry])));
    // As in Python, 1 and 1n are one number.
    expect(await dict.get(7n)).toBe("number");
  });

  test("tells what is there from what is not, undefined too", async () => {
    await using dict = await Dict.ephemeral<string, undefined | number>();
    await dict.set("a", undefined);
    expect([await dict.has("a"), await dict.get("a")]).toEqual([true, undefined]);
    expect([await dict.has("b"), await dict.get("b"), await dict.pop("b"), await dict.delete("b")]).toEqual([
      false,
      undefined,
      undefined,
      false,
    ]);
    expect([await dict.delete("a"), await dict.size()]).toEqual([true, 0]);
  });

  test("of many who set or take one key at once, one does", async () => {
    await using dict = await Dict.ephemeral<string, number>();
    const set = await Promise.all(Array.from({ length: 20 }, (_, index) => dict.setIfAbsent("a", index)));
    expect(set.filter(Boolean)).toHaveLength(1);
    expect(await dict.get("a")).toBe(set.indexOf(true));
    const popped = await Promise.all(Array.from({ length: 20 }, () => dict.pop("a")));
    expect(popped.filter((value) => value !== undefined)).toEqual([set.indexOf(true)]);
  });

  test("takes the entries of an object, a Map and a list, more than go into one call", async () => {
    await using dict = await Dict.ephemeral<string, number>();
    await dict.update({ a: 1, b: 2 });
    await dict.update(new Map([["c", 3]]));
    await dict.update(Array.from({ length: 2_500 }, (_, index) => [`key ${index}`, index] as const));
    expect([await dict.get("a"), await dict.get("c"), await dict.size()]).toEqual([1, 3, 2_503]);
    await dict.clear();
    expect(await dict.size()).toBe(0);
  });

  test("takes large values by the few, so that no call is too large", async () => {
    await using dict = await Dict.ephemeral<string, Uint8Array>();
    const large = new Uint8Array(3 * 2 ** 20).fill(7);
    await dict.update(Array.from({ length: 30 }, (_, index) => [`large ${index}`, large] as const));
    expect(await dict.size()).toBe(30);
    expect(Buffer.compare((await dict.get("large 29")) ?? new Uint8Array(), large)).toBe(0);
  });

  test("takes large keys by the few, too", async () => {
    await using dict = await Dict.ephemeral<string, Uint8Array>();
    const { modal } = server;
    const sizes: number[] = [];
    const dictUpdate: typeof modal.dictUpdate = async (request, options) => {
      const updates = request.updates ?? [];
      sizes.push(updates.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0));
      return await modal.dictUpdate(request, options);
    };
    setTransport({ url: "", modal: { ...modal, dictUpdate }, inContainer: false });
    onTestFinished(() => setTransport({ url: "", modal, inContainer: false }));
    const prefix = "k".repeat(30_000);
    const one = new Uint8Array(1);
    await Dict.fromId<string, Uint8Array>(await dict.id()).update(
      Array.from({ length: 500 }, (_, index) => [`${prefix}${index}`, one] as const),
    );
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(9 * 2 ** 20);
  });

  test("has a name by which it is found, listed and deleted", async () => {
    const dict = Dict.fromName<string, number>("numbers", { createIfMissing: true });
    await dict.set("one", 1);
    expect(await Dict.fromName<string, number>("numbers").get("one")).toBe(1);
    expect(await Dict.fromId<string, number>(await dict.id()).get("one")).toBe(1);
    expect(await Dict.list()).toContainEqual({ name: "numbers", createdAt: expect.any(Date) });
    await Dict.delete("numbers");
    await expect(Dict.fromName("numbers").size()).rejects.toMatchObject({ code: "DICT_NOT_FOUND" });
    await expect(Dict.delete("numbers")).rejects.toMatchObject({ code: "DICT_NOT_FOUND" });
    await Dict.delete("numbers", { allowMissing: true });
    await expect(
      Dict.delete("numbers", { allowMissing: true, environment: "nowhere" }),
    ).rejects.toMatchObject({
      code: "ENVIRONMENT_NOT_FOUND",
    });
    expect(() => Dict.fromName("a name")).toThrow(expect.objectContaining({ code: "NAME_INVALID" }));
  });

  test("is looked up again after it was not there", async () => {
    const dict = Dict.fromName("later");
    await expect(dict.size()).rejects.toMatchObject({ code: "DICT_NOT_FOUND" });
    await Dict.fromName("later", { createIfMissing: true }).size();
    expect(await dict.size()).toBe(0);
  });

  test("is of the environment that it names", async () => {
    await server.modal.environmentCreate({ name: "staging" });
    const options = { createIfMissing: true, environment: "staging" };
    await Dict.fromName<string, number>("colors", options).set("a", 1);
    await expect(Dict.fromName("colors").size()).rejects.toMatchObject({ code: "DICT_NOT_FOUND" });
    expect((await Dict.list({ environment: "staging" })).map(({ name }) => name)).toEqual(["colors"]);
    await Dict.delete("colors", { environment: "staging" });
    expect(await Dict.list({ environment: "staging" })).toEqual([]);
  });

  test("without a name is gone when it is disposed of", async () => {
    let dictId: string;
    {
      await using dict = await Dict.ephemeral<string, number>();
      dictId = await dict.id();
      await Dict.fromId<string, number>(dictId).set("a", 1);
      expect(await dict.get("a")).toBe(1);
    }
    await expect(Dict.fromId(dictId).get("a")).rejects.toMatchObject({ code: "DICT_NOT_FOUND" });
  });

  test("whose waiting is given up while it is looked up says why", async () => {
    const { modal } = server;
    const asked = Promise.withResolvers<void>();
    const dictGetOrCreate: typeof modal.dictGetOrCreate = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    setTransport({ url: "", modal: { ...modal, dictGetOrCreate }, inContainer: false });
    onTestFinished(() => setTransport({ url: "", modal, inContainer: false }));
    const stop = new AbortController();
    const waiting = Dict.fromName("slow").get("a", { signal: stop.signal });
    await asked.promise;
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("is no value itself: what to send in its place is said", async () => {
    await using dict = await Dict.ephemeral<string, unknown>();
    await expect(dict.set("self", { dict })).rejects.toMatchObject({
      code: "VALUE_NOT_SERIALISABLE",
      message: expect.stringMatching(/: \.dict is a dict\.$/),
      remedy: "Send its id, await dict.id(), and find it there by Dict.fromId(id).",
    });
  });

  test("whose waiting is given up says why", async () => {
    await using dict = await Dict.ephemeral<string, number>();
    await expect(dict.get("a", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("a dict with a schema", () => {
  /** Text of a whole number outside, a number inside. */
  const wholeNumber: StandardSchema<string, number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        typeof value === "string" && /^\d+$/.test(value)
          ? { value: Number(value) }
          : { issues: [{ message: "must be the text of a whole number" }] },
    },
  };

  test("stores what is given and gives what the schema makes of it", async () => {
    await using dict = await Dict.ephemeral({ schema: wholeNumber });
    await dict.set("a", "7");
    expect(await dict.get("a")).toBe(7);
    expect(await Array.fromAsync(dict)).toEqual([["a", 7]]);
    expect(await Dict.fromId(await dict.id()).get("a")).toBe("7");
  });

  test("refuses what does not fit, when it is put and when it is got", async () => {
    await using dict = await Dict.ephemeral({ schema: wholeNumber });
    await expect(dict.set("a", "seven")).rejects.toMatchObject({
      code: "VALUE_INVALID",
      message:
        'The value of "a" in a dict without a name does not fit its schema: must be the text of a whole number.',
    });
    expect(await dict.size()).toBe(0);
    await Dict.fromId(await dict.id()).set("a", [1]);
    await expect(dict.get("a")).rejects.toMatchObject({ code: "VALUE_INVALID" });
    const popped: unknown = await dict.pop("a").catch((error: unknown) => error);
    expect(popped).toBeInstanceOf(TakenError);
    expect(popped).toMatchObject({ code: "VALUE_INVALID", items: [], refused: [{ value: [1] }] });
    expect(await dict.has("a")).toBe(false);
  });
});
