import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { dorian as runDorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const { newest, late2024 } = modalVersions;

/** One app for both eras of the client. */
const app = `
import os, subprocess, sys, time
import modal

VERSION = tuple(int(part) for part in modal.__version__.split(".")[:2])
NEW = VERSION >= (1, 0)
app = modal.App("NAME", image=modal.Image.debian_slim("3.11"))
one = {"max_containers": 1} if NEW else {"concurrency_limit": 1}

class Refusal(Exception):
    def __init__(self, what, code):
        super().__init__(what, code)
        self.what, self.code = what, code

@app.function()
def echo(*args, **kwargs):
    return args, kwargs

@app.function()
def refuse(what):
    raise Refusal(what, 7)

@app.function()
def surroundings():
    subprocess.run(["sh", "-c", "(sleep 0.1 &)"])
    time.sleep(0.4)
    for _ in range(100):
        zombies = subprocess.run(["sh", "-c", "cat /proc/[0-9]*/stat | awk '$3 == \\"Z\\"'"], capture_output=True).stdout
        if not zombies: break
        time.sleep(0.1)
    names = ["MODAL_TASK_ID", "MODAL_IMAGE_ID", "MODAL_IS_REMOTE", "MODAL_ENVIRONMENT"]
    return os.getcwd(), sys.path[:3], [os.environ.get(name, "") for name in names], zombies

@app.function(timeout=60, **one)
def wait(seconds):
    print(f"waiting {seconds}")
    started = time.time()
    while time.time() - started < seconds:
        time.sleep(0.05)
    return os.environ["MODAL_TASK_ID"]

@app.cls(timeout=3, **one)
class Hurried:
    @modal.enter()
    def start(self):
        print("entered")

    @modal.method()
    def linger(self):
        time.sleep(60)

    @modal.exit()
    def stop(self):
        print("exited in order")

@app.cls()
class Unable:
    @modal.enter()
    def start(self):
        raise LookupError("no weights")

    @modal.method()
    def answer(self):
        return 42

def tries(name):
    names = modal.Dict.from_name(name, create_if_missing=True)
    count = names.get("tries", 0) + 1
    names["tries"] = count
    return count

@app.function(timeout=60)
def killed_once(name):
    if tries(name) == 1:
        # A shell's, which nobody sees: it counts as a kill from outside.
        subprocess.run(["sh", "-c", "kill -9 $PPID"])
        time.sleep(30)
        return "survived a SIGKILL"
    return "second try"

@app.function()
def once():
    if NEW:
        import modal.experimental
        modal.experimental.stop_fetching_inputs()
    else:
        from modal.experimental import stop_fetching_inputs
        stop_fetching_inputs()
    return os.environ["MODAL_TASK_ID"]

@app.function()
def reverse(data):
    return data[::-1]

@app.function()
def relay(size):
    data = os.urandom(size)
    return data, reverse.remote(data)

@app.function(block_network=True)
def alone(data, size):
    return len(data), b"x" * size

@app.function()
def prints():
    for number in range(50):
        print("line", number)
    print("to stderr", file=sys.stderr)

@app.local_entrypoint()
def main():
    prints.remote()
`;

const asExpected = "all as expected";

/** Definitions of this kind have no file in the container. */
const serialisedApp = `
import modal

app = modal.App("NAME-serialised", image=modal.Image.debian_slim("3.11"))

def make():
    table = bytes(range(256)) * 4096

    @app.function(serialized=True, name="checksum")
    def checksum(factor):
        return sum(table) * factor

make()
`;

let server: RunningServer<SplitDorian>;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer({
    clients: [newest, late2024, modalVersions.between],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
  const files = [newest, late2024].flatMap((version) => [
    [`${nameOf(version)}.py`, app.replace("NAME", nameOf(version))],
    [`${nameOf(version)}_serialised.py`, serialisedApp.replace("NAME", nameOf(version))],
  ]);
  project = await temporaryDirectory(Object.fromEntries(files) as Record<string, string>);
}, 600_000);

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function nameOf(version: ModalVersion): string {
  return version === newest ? "of_today" : "of_2024";
}

describe.each([newest, late2024])("client %s", (version) => {
  const name = nameOf(version);
  let client: ModalClient;

  beforeAll(async () => {
    client = await ModalClient.open(version, server.dataDirectory);
    for (const file of [`${name}.py`, `${name}_serialised.py`]) {
      const { code, stdout, stderr } = await client.modal(["deploy", file], { cwd: project.path });
      expect(code, stdout + stderr).toBe(0);
    }
  });

  /** Runs a program against the deployed app; it fails by its own assertions. */
  async function program(lines: string): Promise<string> {
    const head = [
      "import time",
      "import modal",
      `from ${name} import Refusal`,
      `function = lambda tag: modal.Function.${version === newest ? "from_name" : "lookup"}("${name}", tag)`,
      `cls = lambda tag: modal.Cls.${version === newest ? "from_name" : "lookup"}("${name}", tag)()`,
    ].join("\n");
    const { code, stdout, stderr } = await client.python(
      ["-c", `${head}\n${lines}\nprint("${asExpected}")`],
      { cwd: project.path },
    );
    expect(code, stdout + stderr).toBe(0);
    return stdout;
  }

  test("arguments and results, and exceptions with their own type [R1, R2]", async () => {
    expect(
      await program(`
assert function("echo").remote(1, "two", three=[3]) == ((1, "two"), {"three": [3]})
try:
    function("refuse").remote("work")
    raise AssertionError("it did not refuse")
except Refusal as refusal:
    assert (refusal.what, refusal.code) == ("work", 7)
`),
    ).toContain(asExpected);
  });

  test("a cancelled input is let go before it is done, and its container goes on", async () => {
    expect(
      await program(`
wait = function("wait")
container = wait.remote(0)
call = wait.spawn(50)
time.sleep(1)
started = time.time()
call.cancel()
assert wait.remote(0) == container
assert time.time() - started < 40, time.time() - started
`),
    ).toContain(asExpected);
  });

  test("an input that takes too long is a timeout, and its container has its exit hook [G4]", async () => {
    const late = `
try:
    cls("Hurried").linger.remote()
    raise AssertionError("it ended in time")
except modal.exception.FunctionTimeoutError as error:
    assert "3 s" in str(error), error
`;
    expect(await program(late)).toContain(asExpected);
    const log = async () => (await runDorian(server.dataDirectory, ["app", "logs", name])).stdout;
    await expect.poll(log, { timeout: 20_000, interval: 500 }).toMatch(/entered[^]*exited in order/);
  });

  test("a container that cannot start fails its calls with the exception [F7]", async () => {
    expect(
      await program(`
try:
    cls("Unable").answer.remote()
    raise AssertionError("it started")
except LookupError as error:
    assert error.args == ("no weights",), error
`),
    ).toContain(asExpected);
  });

  test("values of many megabytes go both ways, from outside and between containers", async () => {
    expect(
      await program(`
data = bytes(range(256)) * 20_000
assert function("reverse").remote(data) == data[::-1]
data, reversed_data = function("relay").remote(5_000_000)
assert reversed_data == data[::-1]
`),
    ).toContain(asExpected);
  });

  test("a serialised function of more than a megabyte runs", async () => {
    const lookup = version === newest ? "from_name" : "lookup";
    expect(
      await program(`
checksum = modal.Function.${lookup}("${name}-serialised", "checksum")
assert checksum.remote(2) == sum(range(256)) * 4096 * 2
`),
    ).toContain(asExpected);
  });

  // The rest has nothing to do with the age of the client.
  if (version !== newest) return;

  test("a container has its place, its names and nobody's dead processes", async () => {
    expect(
      await program(`
directory, path, (task_id, image_id, remote, environment), zombies = function("surroundings").remote()
assert directory == "/root" and "/root" in path and "/pkg" in path, (directory, path)
assert task_id.startswith("ta-") and image_id.startswith("im-") and remote == "1" and environment == "main"
assert zombies == b"", zombies
`),
    ).toContain(asExpected);
  });

  test("lines are printed in order, before the run ends", async () => {
    const { code, stdout, stderr } = await client.modal(["run", `${name}.py`], { cwd: project.path });
    expect(code, stdout + stderr).toBe(0);
    const printed = stdout.split("\n").filter((line) => line.startsWith("line "));
    expect(printed).toEqual(Array.from({ length: 50 }, (_, number) => `line ${number}`));
    expect(stdout + stderr).toContain("to stderr");
  });

  test("an input whose container is killed under it is given to another", async () => {
    expect(
      await program(`assert function("killed_once").remote("killed-${name}") == "second try"`),
    ).toContain(asExpected);
  });

  test("a container that asks for no more inputs gets none", async () => {
    expect(await program(`assert function("once").remote() != function("once").remote()`)).toContain(
      asExpected,
    );
  });

  test("a container goes on with its work while the server is killed and comes back", async () => {
    const begun = await program(`
wait = function("wait")
container = wait.remote(0)
print(container, wait.spawn(6).object_id)
time.sleep(1)
`);
    const [container, callId] = begun.split("\n")[0]?.split(" ") ?? [];
    await server.processes.server.kill();
    await server.processes.startServer();
    const after = `
assert modal.functions.FunctionCall.from_id("${callId}").get(timeout=30) == "${container}"
assert function("wait").remote(0) == "${container}"
`;
    expect(await program(after)).toContain(asExpected);
  });

  test("without a network large arguments arrive, and large results are refused with a reason", async () => {
    expect(
      await program(`
size, _ = function("alone").remote(b"a" * 5_000_000, 0)
assert size == 5_000_000
try:
    function("alone").remote(b"", 5_000_000)
    raise AssertionError("it came back")
except Exception as error:
    assert "has no network" in str(error), error
`),
    ).toContain(asExpected);
  });
});
