import { isDeepStrictEqual } from "node:util";
import { Cls, Function as RemoteFunction, RemoteError, keywords } from "dorian";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const typescriptApp = `
import { App, method, parameter } from "dorian";
export const app = new App("values");
class Box { width = 3; }
const made: Record<string, () => unknown> = {
  url: () => ({ rows: [{ site: new URL("http://localhost") }] }),
  box: () => [new Box()],
  big: () => 2n ** 62n,
  small: () => 5n,
  buffer: () => Buffer.from("hi"),
  failed: () => ({ reason: new AggregateError([new TypeError("one")], "all") }),
};
export const echo = app.function({ name: "echo" }, async (value: unknown) => value);
export const give = app.function({ name: "give" }, async (what: string) => made[what]?.());
export const yields = app.function({ name: "yields" }, async function* (...values: unknown[]) {
  for (const value of values) yield typeof value === "string" && made[value] ? made[value]() : value;
});
class Failed extends Error {
  constructor(readonly at: Date, readonly tags: Map<string, number>, readonly inner: Error) { super("failed"); }
}
const thrown: Record<string, () => unknown> = {
  rich: () => new Failed(new Date(0), new Map([["a", 1]]), new TypeError("inner")),
  loop: () => { const error = new Error("own cause"); error.cause = error; return error; },
  nothing: () => undefined,
  object: () => ({ status: 404 }),
};
export const fail = app.function({ name: "fail" }, async (what: string): Promise<unknown> => {
  if (what === "any") return await Promise.any([Promise.reject(new Error("mirror one: 404")), Promise.reject(new RangeError("mirror two"))]);
  throw thrown[what]?.();
});
export const relay = app.function({ name: "relay" }, async (what: string) => await fail.remote(what));
@app.cls()
export class Keeper {
  @parameter() tag = "none";
  @method() keep(value: unknown) { return [this.tag, value]; }
}
@app.cls()
export class Sized {
  @parameter() seed = -(2n ** 63n);
  @parameter() size = 3;
  @method() told() { return [this.seed, typeof this.seed, this.size, typeof this.size]; }
}
`;

const sizedClass = `
@app.cls()
class Sized:
    seed: int = modal.parameter(default=-2**63)
    size: int = modal.parameter(default=3)

    @modal.method()
    def told(self):
        return [self.seed, self.size]
`;

const pythonApp = (name: string) => `
import modal
app = modal.App("${name}")

@app.function()
def echo(value):
    return value

@app.function()
def sizes(n):
    return [{"k%d" % i: i for i in range(n)}, list(range(n)), "\\xe9" * n, b"\\x07" * n, set(range(n))]

${name === "values-python" ? sizedClass : ""}
@app.function()
def decimal():
    import decimal, datetime
    return {"prices": [decimal.Decimal("1.5")]}
`;

const { newest, late2024 } = modalVersions;
const pythonApps = new Map<string, ModalVersion>([
  ["values-python", newest],
  ["values-python-old", late2024],
]);

let server: RunningServer;
const clients = new Map<ModalVersion, ModalClient>();

beforeAll(async () => {
  server = await runningServer({ clients: [newest, late2024], apps: [typescriptApp] });
  for (const [name, version] of pythonApps) {
    const client = await ModalClient.open(version, server.dataDirectory);
    clients.set(version, client);
    await using project = await temporaryDirectory({ "app.py": pythonApp(name) });
    const { code, stdout, stderr } = await client.modal(["deploy", "app.py"], { cwd: project.path });
    if (code !== 0) throw new Error(`modal deploy failed with ${version}:\n${stdout}\n${stderr}`);
  }
});

afterAll(() => server[Symbol.asyncDispose]());

const fn = (name: string, app = "values") => RemoteFunction.fromName(app, name);

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Where the formats change the bytes that tell a length. */
const borders = [23, 24, 255, 256, 65_535, 65_536];

function valueOf(size: number): unknown {
  const numbers = Array.from({ length: size }, (_, index) => index);
  const object = Object.fromEntries(numbers.map((index) => [`k${index}`, index]));
  return [object, numbers, "é".repeat(size), new Uint8Array(size).fill(7), new Set(numbers)];
}

test("objects, lists, text, bytes and sets of every size arrive as arguments, results, yields and items of maps [A4]", async () => {
  const values = borders.map(valueOf);
  const vocabulary = Object.fromEntries(
    Array.from({ length: 151_000 }, (_, index) => [`tok${index}`, index]),
  );
  for (const value of [...values, vocabulary, new Map(Object.entries(vocabulary))])
    expect(isDeepStrictEqual(await fn("echo").remote(value), value)).toBe(true);
  const yielded = fn("yields").remote(...values) as unknown as AsyncIterable<unknown>;
  expect(isDeepStrictEqual(await collected(yielded), values)).toBe(true);
  expect(isDeepStrictEqual(await collected(fn("echo").map(values)), values)).toBe(true);
  const keeper = Cls.fromName<{ new (): { keep(value: unknown): Promise<unknown> } }>("values", "Keeper");
  expect(isDeepStrictEqual(await keeper.instance().keep.remote(vocabulary), ["none", vocabulary])).toBe(true);
});

test.for([...pythonApps.keys()])("they arrive from TypeScript in %s, and back [A4]", async (app) => {
  for (const size of borders) {
    const value = valueOf(size);
    expect(isDeepStrictEqual(await fn("echo", app).remote(value), value)).toBe(true);
    expect(isDeepStrictEqual(await fn("sizes", app).remote(size), value)).toBe(true);
  }
});

test.for([...pythonApps])(
  "they arrive from the Python client of %s in TypeScript, and back [A4]",
  async ([, version]) => {
    const program = `
import modal
echo = modal.Function.${version === late2024 ? "lookup" : "from_name"}("values", "echo")
for n in ${JSON.stringify(borders)}:
    value = [{"k%d" % i: i for i in range(n)}, list(range(n)), "\\xe9" * n, b"\\x07" * n, set(range(n))]
    assert echo.remote(value) == value, n
print("all")
`;
    const { code, stdout, stderr } = (await clients.get(version)?.python(["-c", program])) ?? {};
    expect(code, stderr).toBe(0);
    expect(stdout?.trimEnd()).toBe("all");
  },
);

const same: Record<string, unknown> = {
  smallBigint: 5n,
  bigint: [2n ** 62n, -(2n ** 63n), 2n ** 64n, 10n ** 30n],
  minusZero: -0,
  dates: [new Date(1_700_000_000_123), new Date("1815-12-10T00:00:00Z"), new Date(NaN), new Date(8.64e15)],
  maps: [new Map([["a", 1]]), new Map(), new Map<unknown, unknown>([[1, new Set([2])]])],
  typed: [new Float16Array([0.5]), new BigInt64Array([-5n]), new Float32Array([9, 1, 2]).subarray(1)],
  buffers: [Buffer.from("hi"), new Uint8Array([1, 2]).buffer],
  // oxlint-disable-next-line no-sparse-arrays
  holes: [1, , 3],
  undefineds: { a: undefined, b: [undefined, null] },
  proto: JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'),
  regexp: /a+/gi,
  boxed: Object("text"),
  grouped: Object.groupBy([1, 2], (n) => (n === 1 ? "one" : "two")),
  error: new AggregateError([new TypeError("one", { cause: new RangeError("why") })], "all"),
};

test("values arrive as they were, as arguments and as results [A10]", async () => {
  const failed = [];
  for (const [name, value] of Object.entries(same))
    if (!isDeepStrictEqual(await fn("echo").remote(value), value)) failed.push(name);
  expect(failed).toEqual([]);
  expect(await fn("give").remote("big")).toBe(2n ** 62n);
  expect(await fn("give").remote("small")).toBe(5n);
  expect(Buffer.isBuffer(await fn("give").remote("buffer"))).toBe(true);
});

test("what would arrive as something else is refused with its place, wherever it is sent from [A10]", async () => {
  const url = { rows: [{ site: new URL("http://localhost") }] };
  await expect(fn("echo").remote(1, url)).rejects.toThrow("Cannot send argument 2: .rows[0].site is a URL.");
  await expect(fn("echo").remote(keywords({ at: url }))).rejects.toThrow(
    'argument "at": .rows[0].site is a URL',
  );
  await expect(fn("echo").spawn(url)).rejects.toThrow("argument 1: .rows[0].site is a URL");
  await expect(collected(fn("echo").map([1, 2, url]))).rejects.toThrow(
    "Cannot send argument 1 of the map's items[2]: .rows[0].site is a URL.",
  );
  await expect(fn("give").remote("url")).rejects.toThrow("Cannot send the result: .rows[0].site is a URL.");
  await expect(fn("give").remote("box")).rejects.toThrow("Cannot send the result: [0] is a Box, an instance");
  const yielded = fn("yields").remote(1, "box") as unknown as AsyncIterable<unknown>;
  await expect(collected(yielded)).rejects.toThrow("Cannot send value 2 of the generator: [0] is a Box");
});

test("what Python sends that JavaScript has no value for is refused with its place [A10]", async () => {
  await expect(fn("decimal", "values-python").remote()).rejects.toThrow(
    "Cannot read the result: .prices[0] is a decimal number (Decimal)",
  );
  const program = `
import decimal, modal
try:
    modal.Function.from_name("values", "echo").remote(1, {"price": decimal.Decimal("1.5")})
except Exception as error:
    print(error)
`;
  const { stdout } = (await clients.get(newest)?.python(["-c", program])) ?? {};
  expect(stdout).toContain("Cannot read argument 2: .price is a decimal number (Decimal)");
});

const failed = async (
  name: string,
  what: string,
  app = "values",
): Promise<RemoteError & Record<string, unknown>> => {
  const error: unknown = await fn(name, app)
    .remote(what)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError & Record<string, unknown>;
};

test("errors arrive whole: those that one aggregates, own fields, names of classes, causes once, what is no error [A10]", async () => {
  const any = await failed("fail", "any");
  expect((any["errors"] as Error[]).map(String)).toEqual([
    "Error: mirror one: 404",
    "RangeError: mirror two",
  ]);
  expect(any.remoteStack.split("\n").slice(0, 6).join("\n")).toMatch(/mirror one: 404[^]*mirror two/);
  const rich = await failed("fail", "rich");
  expect(rich).toMatchObject({
    name: "Failed",
    message: "failed",
    at: new Date(0),
    tags: new Map([["a", 1]]),
  });
  expect(rich["inner"]).toBeInstanceOf(TypeError);
  expect(rich.remoteStack).toMatch(/^Failed: failed\n    at .*app\.ts:\d+:\d+/);
  expect((await failed("fail", "loop")).stack?.match(/own cause/g)).toHaveLength(2);
  expect((await failed("fail", "nothing")).message).toBe(
    "A value that is not an error was thrown: undefined",
  );
  expect(await failed("fail", "object")).toMatchObject({ status: 404 });
});

test("an error that passes through two containers keeps what it tells", async () => {
  const rich = await failed("relay", "rich");
  expect(rich).toMatchObject({ name: "Failed", message: "failed", at: new Date(0) });
  expect((await failed("relay", "any"))["errors"]).toHaveLength(2);
});

test("class parameters are integers of 64 bits to their borders, in TypeScript and in Python [A16]", async () => {
  interface Sized {
    seed: bigint;
    size: bigint;
    told(): Promise<unknown[]>;
  }
  const sized = Cls.fromName<{ new (): Sized }>("values", "Sized");
  expect(await sized.instance().told.remote()).toEqual([-(2n ** 63n), "bigint", 3, "number"]);
  const given = sized.instance({ seed: 2n ** 62n, size: 2n ** 63n - 1n });
  expect(await given.told.remote()).toEqual([2n ** 62n, "bigint", 2n ** 63n - 1n, "bigint"]);
  expect(await sized.instance({ seed: 7n }).told.remote()).toEqual([7n, "bigint", 3, "number"]);
  const python = Cls.fromName<{ new (): Sized }>("values-python", "Sized");
  expect(await python.instance().told.remote()).toEqual([-(2n ** 63n), 3]);
  expect(await python.instance({ seed: 2n ** 62n, size: 5n }).told.remote()).toEqual([2n ** 62n, 5]);
  await expect(python.instance({ seed: 2n ** 63n }).told.remote()).rejects.toThrow(
    'Parameter "seed" of Sized is 9223372036854775808n, beyond the integers of 64 bits.',
  );
  const program = `
import modal
told = modal.Cls.from_name("values", "Sized")(seed=2**62, size=-(2**63)).told.remote()
assert told == [2**62, "bigint", -(2**63), "bigint"], told
print("all")
`;
  const { stdout, stderr } = (await clients.get(newest)?.python(["-c", program])) ?? {};
  expect(stdout?.trimEnd(), stderr).toBe("all");
});
