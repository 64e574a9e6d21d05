import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { Cls, Dict, Function as RemoteFunction, Queue } from "dorian";
import { afterAll, beforeAll, expect, test } from "vitest";

const timeout = 300_000;

/** Uses dicts and queues in containers as programs outside do. */
const typescriptApp = `
import { App, Dict, Environment, method, Queue, Secret, Volume } from "dorian";

export const app = new App("things");
const outcome = async (work: Promise<unknown>) => work.then(() => "done", (error) => error.code);

export const square = app.function({ name: "square" }, async (jobsId: string, resultsId: string) => {
  const results = Dict.fromId<number, number>(resultsId);
  let done = 0;
  for await (const job of Queue.fromId<number | null>(jobsId)) {
    if (job === null) break;
    await results.set(job, job * job);
    done += 1;
  }
  return done;
});

class Counter {
  async count(key: string) {
    const counts = Dict.fromName<string, number>("things-counts", { createIfMissing: true });
    await counts.set(key, ((await counts.get(key)) ?? 0) + 1);
    return await counts.get(key);
  }
}
app.cls({}, Counter, { methods: ["count"] });

@app.cls()
export class Mine {
  @method() async ephemeral() {
    await using dict = await Dict.ephemeral<string, Date>();
    await using queue = await Queue.ephemeral<Map<string, number>>();
    await dict.set("at", new Date(5));
    await queue.put(new Map([["a", 1]]), { partition: "p", partitionTtl: 60 });
    const [at, item] = [await dict.get("at"), await queue.get({ partition: "p" })];
    const waits = new AbortController();
    const waiting = outcome(queue.get({ signal: waits.signal }));
    waits.abort(Object.assign(new Error("enough"), { code: "ENOUGH" }));
    return [at, item, await queue.get({ timeout: 0 }), await waiting, (await dict.id()).slice(0, 3)];
  }
  @method() async refused() {
    return [
      await outcome(Dict.fromName("things-missing").size()),
      await outcome(Secret.create("things-secret", { A: "1" })),
      await outcome(Environment.create("things-environment")),
      (await Environment.list()).map(({ name }) => name),
      (await Dict.list()).some(({ name }) => name === "things-counts"),
    ];
  }
}
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ clients: Object.values(modalVersions), apps: [typescriptApp] });
});

afterAll(() => server[Symbol.asyncDispose]());

async function succeed(client: ModalClient, args: string[], cwd = server.dataDirectory): Promise<string> {
  const { code, stdout, stderr } = await client.modal(args, { cwd });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** Runs a program in Python, which fails by its own assertions. */
async function python(client: ModalClient, program: string): Promise<string> {
  await using project = await temporaryDirectory({ "program.py": program });
  const { code, stdout, stderr } = await client.python(["program.py"], { cwd: project.path });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** The examples of the guide and of the reference, and the edges around them. */
const objectsProgram = `
import queue, time, modal
is_new = hasattr(modal.Dict, "objects")
def fails(error, call):
    try: call()
    except error as failure: return failure
    raise AssertionError(f"{error} expected")

d = modal.Dict.from_name(f"dict-{modal.__version__}", create_if_missing=True)
d["some key"] = "some value"
d[123] = 456
assert d["some key"] == "some value" and d[123] == 456 and d.contains(123) and "nothing" not in d
d.update(a=1, b=[1, 2])
assert d.len() == 4
assert sorted(map(str, d.keys())) == ["123", "a", "b", "some key"]
assert sorted(map(str, d.values())) == ["1", "456", "[1, 2]", "some value"]
assert (123, 456) in list(d.items())
assert d.pop("a") == 1 and d.get("a", "default") == "default"
fails(KeyError, lambda: d["a"]); fails(KeyError, lambda: d.pop("a"))
large = b"x" * (20 << 20)
d["large"] = large
assert d["large"] == large
if is_new:
    assert d.put("once", 1, skip_if_exists=True) and not d.put("once", 2, skip_if_exists=True)
    assert d.pop("nothing", 7) == 7
    assert modal.Dict.from_id(d.object_id)["once"] == 1 and d.info().name == d.name
    assert d.name in [each.name for each in modal.Dict.objects.list()]
    modal.Dict.objects.create("made"); modal.Dict.objects.create("made", allow_existing=True)
    fails(modal.exception.AlreadyExistsError, lambda: modal.Dict.objects.create("made"))
    modal.Dict.objects.delete("made"); modal.Dict.objects.delete("made", allow_missing=True)
del d["b"]
d.clear()
assert d.len() == 0
with modal.Dict.ephemeral() as e:
    e["foo"] = "bar"
    assert e["foo"] == "bar"

q = modal.Queue.from_name(f"queue-{modal.__version__}", create_if_missing=True)
q.put("some value"); q.put(123)
assert q.get() == "some value" and q.get() == 123
q.put(0); q.put(1, partition="foo"); q.put(2, partition="bar")
assert q.get(partition="bar") == 2
q.put(3, partition="foo", partition_ttl=10); q.put(1)
assert list(q.iterate()) == [0, 1] and q.len() == 2 and q.len(total=True) == 4
q.put_many(list(range(100)))
assert q.get_many(200) == [0, 1, *range(100)]
assert q.get(block=False) is None and q.get_many(5, block=False) == []
started = time.monotonic()
fails(queue.Empty, lambda: q.get(timeout=0.5))
assert 0.45 < time.monotonic() - started < 3
q.put_many(list(range(5000)))
fails(queue.Full, lambda: q.put(1, block=False))
fails(Exception, lambda: q.put(b"x" * (2 << 20), partition="large"))
assert q.get_many(5000) == list(range(5000))
q.put("x", partition="p"); q.clear(partition="p"); q.put("y"); q.clear(all=True)
assert q.len(total=True) == 0
with modal.Queue.ephemeral() as e:
    e.put(1)
    assert e.get() == 1
if is_new:
    modal.Queue.from_id(q.object_id).put("by id")
    assert q.get() == "by id" and q.info().name == q.name
    assert q.name in [each.name for each in modal.Queue.objects.list()]
    modal.Queue.objects.create("made"); modal.Queue.objects.delete("made")
fails(modal.exception.NotFoundError, lambda: modal.Dict.from_name("nothing").len() if is_new else modal.Dict.lookup("nothing"))
print("done")
`;

test.each(Object.values(modalVersions))(
  "dicts and queues through the Python API of %s",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    expect(await python(client, objectsProgram)).toContain("done");
  },
);

test.each([modalVersions.newest, modalVersions.late2024])(
  "modal dict and modal queue of %s",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    const [dict, queue] = [`cli-dict-${version}`, `cli-queue-${version}`];
    await succeed(client, ["dict", "create", dict]);
    await succeed(client, ["queue", "create", queue]);
    const find = version === modalVersions.late2024 ? "lookup" : "from_name";
    await python(
      client,
      `
import modal
modal.Dict.${find}("${dict}").update(color="blue", size="large")
q = modal.Queue.${find}("${queue}")
q.put_many(["first", "second", "third"]); q.put("other", partition="p")
`,
    );
    expect(await succeed(client, ["dict", "list", "--json"])).toContain(dict);
    expect(await succeed(client, ["dict", "get", dict, "color"])).toContain("blue");
    expect(await succeed(client, ["dict", "items", dict, "--json"])).toMatch(/color[^]*blue|blue[^]*color/);
    await succeed(client, ["dict", "clear", "--yes", dict]);
    expect(await succeed(client, ["dict", "items", dict])).not.toContain("blue");
    await succeed(client, ["dict", "delete", "--yes", dict]);
    expect(await succeed(client, ["dict", "list", "--json"])).not.toContain(dict);

    expect(await succeed(client, ["queue", "peek", queue, "2"])).toMatch(/first\s+second/);
    expect(await succeed(client, ["queue", "len", queue])).toContain("3");
    expect(await succeed(client, ["queue", "len", "--total", queue])).toContain("4");
    const listed = await succeed(client, ["queue", "list", "--json"]);
    expect(listed).toContain(queue);
    await succeed(client, ["queue", "clear", "--yes", "--all", queue]);
    expect(await succeed(client, ["queue", "len", "--total", queue])).toContain("0");
    await succeed(client, ["queue", "delete", "--yes", queue]);
    expect(await succeed(client, ["queue", "list", "--json"])).not.toContain(queue);
  },
);

test.each([modalVersions.late2024, modalVersions.newest])(
  "functions and their caller hand values to each other through a dict and a queue with %s",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    await using project = await temporaryDirectory({
      "exchange.py": `
import modal

app = modal.App("exchange")
image = modal.Image.debian_slim("3.11")
jobs = modal.Queue.from_name("exchange-jobs", create_if_missing=True)
results = modal.Dict.from_name("exchange-results", create_if_missing=True)

@app.function(image=image)
def work():
    done = 0
    while (job := jobs.get()) is not None:
        results[job] = job * job
        done += 1
    return done

@app.local_entrypoint()
def main():
    workers = [work.spawn() for _ in range(3)]
    jobs.put_many(list(range(40)))
    for _ in workers: jobs.put(None)
    print("done by all", sum(worker.get() for worker in workers))
    assert {key: value for key, value in results.items()} == {i: i * i for i in range(40)}
    large = bytes(range(256)) * 30_000
    results["large"] = large
    assert results["large"] == large
    results.clear()
    print("squares are right")
`,
    });
    const printed = await succeed(client, ["run", "exchange.py"], project.path);
    expect(printed).toContain("done by all 40");
    expect(printed).toContain("squares are right");
  },
);

test("TypeScript's containers take jobs off a queue and put results into a dict, as programs outside do", async () => {
  await using jobs = await Queue.ephemeral<number | null>();
  await using results = await Dict.ephemeral<number, number>();
  const square = RemoteFunction.fromName<(jobs: string, results: string) => Promise<number>>(
    "things",
    "square",
  );
  const ids = [await jobs.id(), await results.id()] as const;
  const workers = [await square.spawn(...ids), await square.spawn(...ids)];
  await jobs.putMany(Array.from({ length: 40 }, (_, index) => index));
  await jobs.putMany([null, null]);
  const done = await Promise.all(workers.map((worker) => worker.get()));
  expect(done.reduce((sum, each) => sum + each, 0)).toBe(40);
  const found = new Map<number, number>();
  for await (const [key, value] of results) found.set(key, value);
  expect(found).toEqual(new Map(Array.from({ length: 40 }, (_, index) => [index, index * index])));
});

test("methods with and without decorators use dicts and queues; what is not for containers is refused there", async () => {
  const counts = Dict.fromName<string, number>("things-counts", { createIfMissing: true });
  await counts.set("a", 7);
  const counter = Cls.fromName<{ new (): { count(key: string): Promise<number> } }>("things", "Counter");
  expect(await counter.instance().count.remote("a")).toBe(8);
  interface Mine {
    ephemeral(): Promise<unknown[]>;
    refused(): Promise<unknown[]>;
  }
  const mine = Cls.fromName<{ new (): Mine }>("things", "Mine").instance();
  expect(await mine.ephemeral.remote()).toEqual([
    new Date(5),
    new Map([["a", 1]]),
    undefined,
    "ENOUGH",
    "di-",
  ]);
  expect(await mine.refused.remote()).toEqual([
    "DICT_NOT_FOUND",
    "PERMISSION_DENIED",
    "TASK_SCOPE",
    ["main"],
    true,
  ]);
});

test.each(Object.values(modalVersions))(
  "dicts and queues carry values between TypeScript and Python with %s [U4]",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    const [dict, queue] = [`shared-dict-${version}`, `shared-queue-${version}`];
    const shared = Dict.fromName(dict, { createIfMissing: true });
    const items = Queue.fromName(queue, { createIfMissing: true });
    await Promise.all([shared.clear(), items.clear({ all: true })]);
    const raw = new Uint8Array([0, 1, 255]);
    await shared.update(
      new Map<string | number | boolean | null | Uint8Array, unknown>([
        ["text", { name: "größe", list: [1, -2.5, 2 ** 40, null, true], raw }],
        [7, new Map([["a", 1]])],
        [70_000, { gone: undefined }],
        [true, Buffer.from("bytes")],
        [null, 5n],
        [raw, new Set([1, 2])],
        ["x".repeat(300), "long key"],
        ["date", new Date(5)],
      ]),
    );
    await items.putMany([{ url: "a" }, [1, 2]], { partition: "p" });
    await python(
      client,
      `
import datetime, modal
find = "from_name" if hasattr(modal.Dict, "objects") else "lookup"
d = getattr(modal.Dict, find)("${dict}")
assert d["text"] == {"name": "größe", "list": [1, -2.5, 2**40, None, True], "raw": b"\\0\\1\\xff"}, d["text"]
assert d[7] == {"a": 1} and d[70000] == {"gone": None} and d[True] == b"bytes" and d[None] == 5
assert d[b"\\0\\1\\xff"] == {1, 2} and d["x" * 300] == "long key"
try:
    d["date"]
    raise AssertionError("a Date was read")
except Exception as error:
    assert not isinstance(error, AssertionError), error
assert d.len() == 8 and set(map(str, d.keys())) >= {"7", "70000", "True", "None"}
d["from python"] = {"tuple": (1, 2), "bytes": b"ab", "big": 2**70, 3: "three", "nested": {"a": None}}
d[-3] = "negative"; d[1.5] = "fraction"; d["a", 1] = "tuple"
d["when"] = datetime.date(2024, 1, 31)
q = getattr(modal.Queue, find)("${queue}")
assert q.get_many(5, partition="p") == [{"url": "a"}, [1, 2]]
q.put_many(["first", {"second": b"2"}])
`,
    );
    expect(await shared.get("from python")).toEqual(
      new Map<unknown, unknown>([
        ["tuple", [1, 2]],
        ["bytes", new Uint8Array([97, 98])],
        ["big", 2n ** 70n],
        [3, "three"],
        ["nested", { a: null }],
      ]),
    );
    expect([await shared.get(-3), await shared.get(1.5)]).toEqual(["negative", "fraction"]);
    await expect(shared.get("when")).rejects.toMatchObject({
      code: "VALUE_NOT_READABLE",
      message: expect.stringContaining(`the value of "when" in dict "${dict}"`) as string,
    });
    const keys: unknown[] = [];
    for await (const key of shared.keys()) keys.push(key);
    expect(keys).toEqual(expect.arrayContaining(["text", 7, true, null, raw, -3, 1.5, ["a", 1]]));
    // What only JavaScript tells apart is kept for it.
    expect([await shared.get(7), await shared.get(70_000), await shared.get(null)]).toStrictEqual([
      new Map([["a", 1]]),
      { gone: undefined },
      5n,
    ]);
    expect(await items.getMany(5)).toEqual(["first", { second: new Uint8Array([50]) }]);
  },
);
