import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const timeout = 300_000;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ clients: Object.values(modalVersions) });
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
