import { RemoteError } from "@dorian/sdk";
import { encodeValue } from "@dorian/protocol/value/payload";
import { expect, test } from "vitest";
import { failureOf, toRemoteError, tracebackOf } from "./remote-error.ts";

/** What the caller gets of what is thrown. */
function arrived(thrown: unknown): RemoteError & Record<string, unknown> {
  return new RemoteError(toRemoteError(thrown)) as RemoteError & Record<string, unknown>;
}

test("an AggregateError arrives with each of its errors, and its trace tells of them", () => {
  const thrown = new AggregateError(
    [new Error("mirror one: 404"), new RangeError("mirror two", { cause: new TypeError("why") }), "text"],
    "All promises were rejected",
  );
  const error = arrived(thrown);
  expect(error.name).toBe("AggregateError");
  expect((error["errors"] as Error[]).map(String)).toEqual([
    "Error: mirror one: 404",
    "RangeError: mirror two",
    "Error: A value that is not an error was thrown: text",
  ]);
  expect(String((error["errors"] as Error[])[1]?.cause)).toBe("TypeError: why");
  expect(error.remoteStack).toMatch(
    /^AggregateError: All promises were rejected\n[^]*    error 1 of 3: Error: mirror one: 404\n[^]*    error 2 of 3: RangeError: mirror two\n[^]*Caused by: TypeError: why[^]*    error 3 of 3: Error: A value/,
  );
  expect(failureOf(thrown).traceback).toContain("mirror two");
});

test("an error of Promise.any without frames of its own has its errors in the first lines", async () => {
  const thrown: unknown = await Promise.any([
    Promise.reject(new Error("one")),
    Promise.reject(new Error("two")),
  ]).catch((error: unknown) => error);
  expect(arrived(thrown).remoteStack).toMatch(/^AggregateError: [^\n]*\n\s*error 1 of 2: Error: one/);
});

test("own fields arrive as what they are, errors of any class among them", () => {
  class Inner extends TypeError {
    override name = "Inner";
  }
  class Failed extends Error {
    override name = "Failed";
    at = new Date(0);
    tags = new Map([["a", 1]]);
    code = "E1";
    inner = new TypeError("inner");
    own = [new Inner("own")];
    socket = new WeakMap();
    self: unknown = this;
  }
  const error = arrived(new Failed("failed"));
  expect(error).toMatchObject({ name: "Failed", message: "failed", code: "E1" });
  expect(error["at"]).toEqual(new Date(0));
  expect(error["tags"]).toEqual(new Map([["a", 1]]));
  expect(error["inner"]).toBeInstanceOf(TypeError);
  expect((error["own"] as Error[])[0]).toBeInstanceOf(TypeError);
  expect(String((error["own"] as Error[])[0])).toBe("Inner: own");
  // What has no form stays behind.
  expect(error).not.toHaveProperty("socket");
  expect(error).not.toHaveProperty("self");
});

test("a cause that is the error itself, or leads back to it, is told once", () => {
  const own = new Error("own cause");
  own.cause = own;
  expect(tracebackOf(toRemoteError(own)).match(/own cause/g)).toHaveLength(1);
  expect(arrived(own).cause).toBeUndefined();
  const [first, second] = [new Error("first"), new Error("second")];
  [first.cause, second.cause] = [second, first];
  expect(tracebackOf(toRemoteError(first)).match(/first|second/g)).toEqual(["first", "second"]);
  const aggregate = new AggregateError([], "all");
  aggregate.errors.push(aggregate, new Error("x", { cause: aggregate }));
  expect((arrived(aggregate)["errors"] as Error[]).map(String)).toEqual(["Error: x"]);
});

test("an error of a class without a name of its own is called by its class", () => {
  class Unfit extends Error {}
  class Unread extends RangeError {}
  for (const [Class, name] of [
    [Unfit, "Unfit"],
    [Unread, "Unread"],
    [TypeError, "TypeError"],
  ] as const) {
    const error = arrived(new Class("x"));
    expect(error.name).toBe(name);
    expect(error.remoteStack).toMatch(new RegExp(`^${name}: x\n    at `));
  }
  expect(arrived(Object.assign(new Unfit("x"), { name: "Mine" })).name).toBe("Mine");
  expect(arrived(new DOMException("x", "AbortError")).name).toBe("AbortError");
  // Through one container more it keeps the name that it came with.
  expect(arrived(arrived(new Error("x"))).name).toBe("Error");
  expect(arrived(arrived(new Unfit("x"))).name).toBe("Unfit");
});

test("an error of another call is no result, and what to send in its place is said", () => {
  expect(() => encodeValue([arrived(new Error("x"))], "the result")).toThrow(
    expect.objectContaining({
      message: "Cannot send the result: [0] is an error of another call.",
      remedy: "Send its name and message, or throw it.",
    }),
  );
});

test("an error with an empty name is called an error, with its message behind that", () => {
  class Nameless extends Error {
    static {
      this.prototype.name = "";
    }
  }
  expect(arrived(new Nameless("no room")).remoteStack).toMatch(/^Nameless: no room\n {4}at /);
  const emptied = Object.assign(new Error("no room"), { name: "" });
  expect(arrived(emptied).remoteStack).toMatch(/^Error: no room\n {4}at /);
  expect(tracebackOf(toRemoteError({ name: "", message: "no room", stack: "no room" }))).toBe(
    "Error: no room",
  );
});

test.for<[what: string, thrown: unknown, message: string]>([
  ["text", "just text", "just text"],
  ["undefined", undefined, "undefined"],
  ["null", null, "null"],
  ["a number", 3, "3"],
  ["a symbol", Symbol("s"), "Symbol(s)"],
  ["an object", { status: 404 }, '{"status":404}'],
  ["an object with a circle", circle(), "object"],
])("%s that is thrown is told as what it is", ([, thrown, message]) => {
  expect(arrived(thrown).message).toBe(`A value that is not an error was thrown: ${message}`);
});

function circle(): unknown {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}

test("an object that is thrown has its fields at the caller, too", () => {
  expect(arrived({ status: 404, reason: "gone" })).toMatchObject({ status: 404, reason: "gone" });
});

test("a frozen error with fields named as ours, getters that throw and proxies are told as far as they go", () => {
  const fields = { message: "frozen", remoteStack: "mine", stack: undefined, code: "E1", ["__proto__x"]: 1 };
  expect(arrived(Object.freeze(Object.assign(new Error("x"), fields)))).toMatchObject({
    message: "frozen",
    remoteStack: "",
    code: "E1",
  });
  const fails = {
    get() {
      throw new Error("no");
    },
    enumerable: true,
  };
  const hostile = Object.defineProperties(new Error("x"), {
    message: fails,
    cause: fails,
    errors: fails,
    code: fails,
  });
  expect(arrived(hostile).name).toBe("Error");
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(arrived(proxy).message).toContain("What was thrown cannot be read");
});

test("a failure is bounded, however much it tells", () => {
  const text = "x".repeat(5 * 1024 * 1024);
  const many = new AggregateError(
    Array.from({ length: 1_000 }, () =>
      Object.assign(new Error(text), { bytes: new Uint8Array(2 ** 20), code: 1 }),
    ),
    "many",
  );
  const failure = failureOf(many);
  const size = (error: typeof failure.remoteError): number =>
    error
      ? error.message.length +
        error.stack.length +
        error.properties.length +
        error.errors.reduce((sum, each) => sum + size(each), size(error.cause))
      : 0;
  expect(size(failure.remoteError)).toBeLessThan(16 * 2 ** 20);
  expect(failure.traceback.length).toBeLessThanOrEqual(2 ** 20);
  expect(failure.remoteError?.errors.length).toBeGreaterThan(3);
  let chain = new Error("0");
  for (let index = 1; index < 10_000; index += 1) chain = new Error(String(index), { cause: chain });
  expect(tracebackOf(toRemoteError(chain)).match(/Caused by/g)?.length).toBe(31);
});
