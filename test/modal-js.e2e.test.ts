import { noteMethods } from "@dorian/testkit/evidence/evidence";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import * as official from "modal";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const source = `
import { App, Image, method, parameter, Secret, Volume } from "dorian";
export const app = new App("from-js", { image: Image.debianSlim() });
export const add = app.function({ name: "add" }, async (a: number, b: number) => a + b);
export const echo = app.function({ name: "echo" }, async (value: unknown, options?: unknown) => [value, options ?? null]);
export const say = app.function({ name: "say" }, async (text: string) => { console.log(text); });
export const boom = app.function({ name: "boom" }, async () => { throw new TypeError("no such thing"); });
export const slow = app.function({ name: "slow" }, async () => { await new Promise((done) => setTimeout(done, 60_000)); });
export const size = app.function({ name: "size" }, async (bytes: Uint8Array) => new Uint8Array(bytes.length).fill(7));
@app.cls()
export class Greeter {
  @parameter() name = "you";
  @parameter() times = 1;
  @method() hello(greeting: string) { return \`\${greeting}, \${this.name}! \`.repeat(this.times).trim(); }
}
`;

let server: RunningServer;
let modal: official.ModalClient;

beforeAll(async () => {
  noteMethods("js", official);
  server = await runningServer({ apps: [source] });
  const { stdout } = await dorian(server.dataDirectory, ["token", "new"]);
  const variables = new Map([...stdout.matchAll(/(MODAL_\w+)=(.*)/g)].map(([, key, value]) => [key, value]));
  // Where the server is, the client learns from its environment alone.
  process.env["MODAL_SERVER_URL"] = variables.get("MODAL_SERVER_URL") ?? "";
  modal = new official.ModalClient({
    tokenId: variables.get("MODAL_TOKEN_ID") ?? "",
    tokenSecret: variables.get("MODAL_TOKEN_SECRET") ?? "",
  });
});

afterAll(async () => {
  modal.close();
  await server[Symbol.asyncDispose]();
});

test("[U4] a function is looked up by name and called", async () => {
  const add = await modal.functions.fromName("from-js", "add");
  expect(await add.remote([2, 3])).toBe(5);
  expect(await add.getWebUrl()).toBeUndefined();
  expect(await add.getCurrentStats()).toMatchObject({ backlog: 0 });
});

test("[U4] plain data and keywords arrive as they were sent", async () => {
  const echo = await modal.functions.fromName("from-js", "echo");
  const value = { text: "ä", list: [1, 2.5, null, true], bytes: new Uint8Array([1, 2]) };
  expect(await echo.remote([value])).toEqual([{ ...value, bytes: Buffer.from([1, 2]) }, null]);
  expect(await echo.remote([1], { key: "word" })).toEqual([1, { key: "word" }]);
});

test("[U4] an error of the function is an error of the client, with its words", async () => {
  const boom = await modal.functions.fromName("from-js", "boom");
  await expect(boom.remote()).rejects.toThrow("TypeError: no such thing");
});

test("a call is started, found again by its id, waited for and cancelled", async () => {
  const add = await modal.functions.fromName("from-js", "add");
  const { functionCallId } = await add.spawn([20, 22]);
  const call = await modal.functionCalls.fromId(functionCallId);
  expect(await call.get()).toBe(42);
  const slow = await (await modal.functions.fromName("from-js", "slow")).spawn();
  await expect(slow.get({ timeoutMs: 500 })).rejects.toThrow(official.FunctionTimeoutError);
  await slow.cancel();
  await expect(slow.get({ timeoutMs: 60_000 })).rejects.toThrow(/cancel/i);
});

test("large arguments and results go as they do in Python, through blobs", async () => {
  const size = await modal.functions.fromName("from-js", "size");
  const result = (await size.remote([new Uint8Array(3_000_000)])) as Uint8Array;
  expect(result).toHaveLength(3_000_000);
});

test("[U4] a class is looked up by name, with and without parameters", async () => {
  const greeter = await modal.cls.fromName("from-js", "Greeter");
  const plain = await greeter.instance();
  expect(await plain.method("hello").remote(["Hello"])).toBe("Hello, you!");
  const bound = await greeter.instance({ name: "Ada", times: 2 });
  expect(await bound.method("hello").remote(["Hello"])).toBe("Hello, Ada! Hello, Ada!");
  await expect(greeter.instance({ times: "twice" })).rejects.toThrow(/times/);
});

test("options and scaling are changed by who calls", async () => {
  const add = await modal.functions.fromName("from-js", "add");
  const other = await add.withOptions({ timeoutMs: 5_000, memoryMiB: 256 }).instance();
  expect(other.functionId).not.toBe(add.functionId);
  expect(await other.remote([1, 1])).toBe(2);
  expect(await add.updateAutoscaler({ maxContainers: 3 })).toMatchObject({ maxContainers: 3 });
});

test("functions are found by id, and given secrets and concurrency", async () => {
  const add = await modal.functions.fromName("from-js", "add");
  expect(await (await modal.functions.fromId(add.functionId)).remote([3, 4])).toBe(7);
  const secret = await modal.secrets.fromObject({ WORD: "abc" });
  const changed = await add
    .withOptions({ secrets: [secret] })
    .withConcurrency({ maxInputs: 4 })
    .instance();
  expect(await changed.remote([1, 2])).toBe(3);
});

test("the lines that a function wrote are read, without what only tells of states", async () => {
  const say = await modal.functions.fromName("from-js", "say");
  await say.remote(["one line"]);
  const messages: string[] = [];
  await vi.waitFor(
    async () => {
      messages.length = 0;
      for await (const { message } of say.logs.tail()) messages.push(message);
      expect(messages).toContain("one line\n");
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(messages.filter((message) => message.trim() === "")).toEqual([]);
});

test("apps and environments are found", async () => {
  const app = await modal.apps.fromName("from-js");
  expect(await app.info({ refresh: true })).toMatchObject({
    description: "from-js",
    lifecycle: { state: "deployed" },
  });
  const made = await modal.apps.fromName("made-by-js", { createIfMissing: true });
  expect((await modal.apps.fromName("made-by-js")).appId).toBe(made.appId);
  await modal.environments.objects.create("side");
  const names: string[] = [];
  for await (const { name } of modal.environments.objects.list()) names.push(name);
  expect(names.toSorted()).toEqual(["main", "side"]);
  await modal.environments.objects.delete("side");
});

test("what is not there is not found", async () => {
  await expect(modal.functions.fromName("from-js", "missing")).rejects.toThrow(official.NotFoundError);
  await expect(modal.cls.fromName("no-such-app", "Greeter")).rejects.toThrow(official.NotFoundError);
  await expect(modal.secrets.fromName("no-such-secret")).rejects.toThrow(official.NotFoundError);
  await expect(modal.volumes.fromName("no-such-volume")).rejects.toThrow(official.NotFoundError);
});

test("volumes and secrets are made and found by name", async () => {
  const volume = await modal.volumes.fromName("weights", { createIfMissing: true });
  expect((await modal.volumes.fromName("weights")).volumeId).toBe(volume.volumeId);
  await modal.volumes.delete("weights");
  await expect(modal.volumes.fromName("weights")).rejects.toThrow(official.NotFoundError);
  await modal.secrets.delete("no-such-secret", { allowMissing: true });
  const ephemeral = await modal.volumes.ephemeral();
  ephemeral.closeEphemeral();
});

test("a queue carries values between clients, by partition and in order", async () => {
  const queue = await modal.queues.fromName("jobs", { createIfMissing: true });
  await queue.putMany([1, "two", { three: 3 }]);
  expect(await queue.len()).toBe(3);
  expect(await queue.get()).toBe(1);
  expect(await queue.getMany(5)).toEqual(["two", { three: 3 }]);
  await queue.put("other", { partition: "p" });
  expect(await queue.len({ partition: "p" })).toBe(1);
  const seen: unknown[] = [];
  for await (const value of queue.iterate({ partition: "p", itemPollTimeoutMs: 0 })) seen.push(value);
  expect(seen).toEqual(["other"]);
  await queue.clear({ all: true });
  expect(await queue.len({ total: true })).toBe(0);
  await expect(queue.get({ timeoutMs: 200 })).rejects.toThrow(official.QueueEmptyError);
  const own = await modal.queues.ephemeral();
  await own.put(1);
  expect(await own.get()).toBe(1);
  own.closeEphemeral();
  await modal.queues.delete("jobs");
  await expect(modal.queues.fromName("jobs")).rejects.toThrow(official.NotFoundError);
});
