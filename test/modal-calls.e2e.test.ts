import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const { newest, between, late2024, early2024 } = modalVersions;

/** One app for clients of every age; its name tells with which it was deployed. */
const app = `
import asyncio, os, time
import modal

app = modal.App("NAME")
image = modal.Image.debian_slim("3.11")
options = {"image": image, "timeout": 60}
LIMIT

@app.function(**options)
def double(x=1):
    return x * 2

@app.function(**options)
def boom(x):
    raise ValueError(f"no {x}")

@app.function(**options)
def slow(seconds):
    time.sleep(seconds)
    return seconds

@app.function(**options)
def tens(n):
    for i in range(n):
        yield i * 10

@app.function(**options)
def sized(n):
    return b"x" * n

@app.function(**options)
@modal.batched(max_batch_size=4, wait_ms=2000)
def batch(xs):
    return [(x, len(xs)) for x in xs]

@app.function(retries=modal.Retries(max_retries=3, backoff_coefficient=1.0, initial_delay=0.0), **options)
def third_time():
    with open("/tmp/tries", "a") as file:
        file.write("x")
    tries = os.path.getsize("/tmp/tries")
    if tries < 3:
        raise ValueError(f"try {tries}")
    return tries

@app.function(image=image, timeout=2, **limit)
def limited(seconds):
    time.sleep(seconds)
    return seconds

@app.function(**options)
def crash():
    with open("/tmp/crashes", "a") as file:
        file.write("x")
    os._exit(3)

@app.function(**options)
def parent(x):
    return double.remote(x) + 1

CONCURRENT
async def gather(seconds):
    global together
    together += 1
    seen = together
    await asyncio.sleep(seconds)
    together -= 1
    return os.getpid(), seen

together = 0

ticks = 0

@app.function(schedule=modal.Period(seconds=1), **options)
def tick(count=True):
    global ticks
    ticks += count
    return ticks
`;

const eras: Record<string, { limit: string; concurrent: string }> = {
  [newest]: {
    limit: 'limit = {"max_containers": 1, "scaledown_window": 60}\noptions.update(limit)',
    concurrent: "@app.function(**options)\n@modal.concurrent(max_inputs=4)",
  },
  [late2024]: {
    limit: 'limit = {"concurrency_limit": 1, "container_idle_timeout": 60}\noptions.update(limit)',
    concurrent: "@app.function(allow_concurrent_inputs=4, **options)",
  },
};

/** What every check begins with. */
const opening = `
import sys, time, modal
old = not hasattr(modal.Function, "from_name") or modal.__version__.startswith("0.")
def fn(name):
    return modal.Function.lookup(sys.argv[1], name) if old else modal.Function.from_name(sys.argv[1], name)
def raised(work, kind=None):
    try:
        work()
    except Exception as error:
        assert kind in (None, type(error).__name__), repr(error)
        return str(error)
    raise AssertionError("nothing was raised")
FunctionCall = modal.functions.FunctionCall
`;

let sources: TemporaryDirectory;
let server: RunningServer<SplitDorian>;
const clients = new Map<ModalVersion, ModalClient>();

beforeAll(async () => {
  server = await runningServer({
    clients: Object.values(modalVersions),
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
  const files = Object.entries(eras).map(([version, { limit, concurrent }]) => [
    `${nameOf(version)}.py`,
    app.replace("NAME", nameOf(version)).replace("LIMIT", limit).replace("CONCURRENT", concurrent),
  ]);
  sources = await temporaryDirectory(Object.fromEntries(files));
  for (const version of Object.values(modalVersions))
    clients.set(version, await ModalClient.open(version, server.dataDirectory));
  for (const version of [newest, late2024]) {
    const deployed = await client(version).modal(["deploy", `${nameOf(version)}.py`], { cwd: sources.path });
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
  }
});

afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function nameOf(version: string): string {
  return `calls-${version.replaceAll(".", "-")}`;
}

function client(version: ModalVersion): ModalClient {
  const found = clients.get(version);
  if (!found) throw new Error(`There is no client ${version}.`);
  return found;
}

/** Runs Python statements with a client against what another, or the same, has deployed. Returns what they print. */
async function run(caller: ModalVersion, target: ModalVersion, statements: string): Promise<string> {
  const script = `${opening}${statements}\nprint("done")`;
  const { code, stdout, stderr } = await client(caller).python(["-c", script, nameOf(target)]);
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

const pairs: [ModalVersion, ModalVersion][] = [
  [newest, newest],
  [between, newest],
  [late2024, late2024],
  [early2024, late2024],
  [newest, late2024],
  [late2024, newest],
];

test.for(pairs)(
  "client %s calls functions of %s: values, errors, calls that are picked up later, payloads of any size [R1] [R3]",
  async ([caller, target]) => {
    const printed = await run(
      caller,
      target,
      `
assert fn("double").remote(21) == 42
assert fn("double").remote() == 2
assert raised(lambda: fn("boom").remote(3), "ValueError") == "no 3"
call = fn("slow").spawn(0.5)
raised(lambda: call.get(timeout=0), "TimeoutError")
assert FunctionCall.from_id(call.object_id).get(timeout=30) == 0.5
assert FunctionCall.from_id(call.object_id).get() == 0.5
assert len(fn("sized").spawn(100_000).get()) == 100_000
assert fn("parent").remote(4) == 9
graph = fn("parent").spawn(5)
assert graph.get() == 11
[root] = graph.get_call_graph()
assert (root.function_name, [child.function_name for child in root.children]) == ("parent", ["double"]), root
`,
    );
    expect(printed).toContain("done");
  },
);

test.for(pairs)("client %s maps over functions of %s", async ([caller, target]) => {
  const printed = await run(
    caller,
    target,
    `
assert list(fn("double").map(range(120))) == [2 * n for n in range(120)]
assert sorted(fn("double").map(range(60), order_outputs=False)) == [2 * n for n in range(60)]
assert list(fn("double").starmap([(1,), (2,)])) == [2, 4]
fn("double").for_each(range(3))
assert len(list(fn("boom").map(range(3), return_exceptions=True))) == 3
assert raised(lambda: list(fn("boom").map([7])), "ValueError") == "no 7"
assert list(fn("batch").map(range(8))) == [(n, 4) for n in range(8)]
assert list(fn("batch").map([1, 2])) == [(1, 2), (2, 2)]
`,
  );
  expect(printed).toContain("done");
});

test.for(pairs)("client %s reads generators of %s", async ([caller, target]) => {
  const printed = await run(
    caller,
    target,
    `
assert list(fn("tens").remote_gen(5)) == [0, 10, 20, 30, 40]
assert list(fn("tens").remote_gen(0)) == []
assert sum(fn("tens").remote_gen(1000)) == 4995000
`,
  );
  expect(printed).toContain("done");
});

test.for([
  [newest, newest],
  [late2024, late2024],
] as const)(
  "client %s: retries, limits, cancelled calls and crashes of containers of %s end as they should [R4]",
  async ([caller, target]) => {
    const printed = await run(
      caller,
      target,
      `
assert fn("third_time").remote() == 3
assert "timeout" in raised(lambda: fn("limited").remote(30), "FunctionTimeoutError")
call = fn("slow").spawn(50)
assert fn("double").remote(1) == 2
time.sleep(1)
started = time.time()
call.cancel()
raised(lambda: call.get(timeout=5))
assert fn("slow").remote(0) == 0
assert time.time() - started < 40, time.time() - started
assert "exited with code 3." in raised(lambda: fn("crash").remote())
gathered = list(fn("gather").map([1] * 8))
assert len({pid for pid, _ in gathered}) == 1, gathered
assert 2 <= max(seen for _, seen in gathered) <= 4, gathered
`,
    );
    expect(printed).toContain("done");
  },
);

test("calls made in bulk are read by place and in order, by several readers", async () => {
  const printed = await run(
    newest,
    newest,
    `
call = fn("double").experimental_spawn_map(range(120))
assert call.num_inputs() == 120
assert call.get(index=7) == 14
assert list(call.iter()) == [2 * n for n in range(120)]
assert list(FunctionCall.from_id(call.object_id).iter(start=3, end=5)) == [6, 8]
fn("double").spawn_map(range(3))
assert fn("double").get_current_stats().backlog >= 0
`,
  );
  expect(printed).toContain("done");
});

test.for([newest, late2024])(
  "a function of %s with a schedule runs by itself, once each time",
  async (version) => {
    const seen = await run(
      version,
      version,
      `
tick = fn("tick")
first = tick.remote(False)
started = time.time()
while tick.remote(False) < first + 3 and time.time() - started < 40:
    time.sleep(0.2)
print(tick.remote(False) - first, time.time() - started)
`,
    );
    const [ticks = 0, seconds = 0] = (seen.split("\n")[0] ?? "").split(" ").map(Number);
    expect(ticks).toBeGreaterThanOrEqual(3);
    expect(ticks).toBeLessThanOrEqual(seconds + 2);
  },
);

test("a map goes on when the server is killed and started again in the middle of it", async () => {
  const mapped = run(
    newest,
    newest,
    `
print("values", list(fn("slow").map([0.05] * 100)) == [0.05] * 100)
`,
  );
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await server.processes.server.kill();
  await server.processes.startServer();
  expect(await mapped).toContain("values True");
});
