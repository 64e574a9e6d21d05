import { Function as RemoteFunction } from "dorian";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Its function answers its version, and which container it runs in. */
const rolling = (version: number) => `
import modal, uuid
app = modal.App("rolling", tags={"team": "vision"})
here = uuid.uuid4().hex

@app.function(image=modal.Image.debian_slim("3.11"), max_containers=1)
def which():
    print("called in version ${version}")
    return ${version}, here
`;

let server: RunningServer;
let client: ModalClient;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest, modalVersions.early2024] });
  client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  project = await temporaryDirectory({ "one.py": rolling(1), "two.py": rolling(2) });
  await run("deploy", "one.py");
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await client.modal(args, { cwd: project.path });
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

/** What a Python program prints, which must succeed. */
async function printed(program: string, by = client): Promise<string> {
  const { code, stdout, stderr } = await by.python(["-c", program], { cwd: project.path });
  expect(code, stdout + stderr).toBe(0);
  return stdout.trim();
}

/** Calls the app's function. */
async function which(): Promise<unknown> {
  return await RemoteFunction.fromName("rolling", "which").remote();
}

test("an app's tags are replaced as a whole, and its lifecycle says what became of it", async () => {
  const out = await printed(`
import modal
app = modal.App.lookup("rolling")
print(app.get_tags())
app.set_tags({"stage": "test"})
print(modal.App.lookup("rolling").get_tags())
life = modal.experimental.get_app_lifecycle(app.app_id)
print(life.version, life.deployed_at >= life.created_at, life.stopped_at)
with modal.App("passing").run() as run:
    run.set_tags({"a": "b"})
    print(run.get_tags(), modal.experimental.get_app_lifecycle(run.app_id).version)
print(modal.experimental.get_app_lifecycle(run.app_id).stopped_at is not None)
try:
    modal.experimental.get_app_lifecycle("ap-nothing")
except modal.exception.NotFoundError as error:
    print("NotFoundError")
`);
  const [first, second, life, ...rest] = out.split("\n");
  expect([first, second, life]).toEqual(["{'team': 'vision'}", "{'stage': 'test'}", "1 True None"]);
  expect(rest.join("\n")).toMatch(/^\{'a': 'b'\} \S+\nTrue\nNotFoundError$/);
});

test("a rollover brings new containers without new code, and a promotion the code that was staged", async () => {
  const before = await which();
  expect(await which()).toEqual(before);
  await run("app", "rollover", "rolling");
  const after = await which();
  expect(after).toEqual([1, expect.any(String)]);
  expect(after).not.toEqual(before);

  await run("deploy", "--staged", "two.py");
  expect(await which()).toEqual(after);
  const staged = 'import modal; print(modal.Function.from_name("rolling", "which", version=3).remote()[0])';
  expect(await printed(staged)).toBe("2");
  await run("app", "promote", "rolling", "v3");
  expect(await which()).toEqual([2, expect.any(String)]);

  await run("app", "rollover", "rolling", "--strategy", "recreate");
  expect(await which()).toEqual([2, expect.any(String)]);
  const history = JSON.parse(await run("app", "history", "rolling", "--json")) as Record<string, string>[];
  expect(history.map((row) => row["Version"] ?? row["version"])).toEqual(["v5", "v4", "v3", "v2", "v1"]);
});

test("lines of an app are counted, and those of a call end with it", async () => {
  const out = await printed(`
import modal, datetime
function = modal.Function.from_name("rolling", "which")
call = function.spawn()
call.get()
print([entry.message.strip() for entry in call.logs.stream(timeout=60) if entry.message.strip()])
since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=30)
until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
for n in range(4):
    function.remote()
lines = [entry.message for entry in function.logs.fetch(since=since, until=until)]
print(sum("called in version 2" in line for line in lines) >= 5)
`);
  expect(out).toBe("['called in version 2']\nTrue");
});

test("a container is stopped once, by what is known of it", async () => {
  await which();
  const [container] = JSON.parse(await run("container", "list", "--json")) as Record<string, string>[];
  const id = container?.["Container ID"] ?? container?.["container_id"] ?? "";
  expect(id, JSON.stringify(container)).toMatch(/^ta-/);
  await run("container", "stop", "--yes", id);
  await expect
    .poll(async () => (await client.modal(["container", "stop", "--yes", id])).stderr, { timeout: 30_000 })
    .toContain("is already stopped");
  expect(await run("container", "logs", id, "--since", "1h")).toContain("called in version");
});

test("a container that may take more inputs at once asks how many, and never takes more", async () => {
  const out = await printed(`
import modal, time
app = modal.App("several")

@app.function(image=modal.Image.debian_slim("3.11"), max_containers=1, serialized=True)
@modal.concurrent(max_inputs=4, target_inputs=2)
def at_once(n):
    import builtins, time
    builtins.running = getattr(builtins, "running", 0) + 1
    seen = builtins.running
    time.sleep(2)
    builtins.running -= 1
    return seen

with app.run():
    print(sorted(at_once.map(range(12)))[-1])
`);
  expect(Number(out)).toBeGreaterThanOrEqual(2);
  expect(Number(out)).toBeLessThanOrEqual(4);
});

test("volumes, dicts and queues of a client of 2024 that have no name live as long as their app", async () => {
  const old = await ModalClient.open(modalVersions.early2024, server.dataDirectory);
  const program = `
import modal
app = modal.Stub("nameless")
app.data = modal.Dict.new({"a": 1})
app.jobs = modal.Queue.new()
app.files = modal.Volume.new()

@app.function(image=modal.Image.debian_slim("3.11"), volumes={"/files": app.files})
def work():
    app.data["b"] = app.data["a"] + 1
    app.jobs.put("done")
    with open("/files/out.txt", "w") as file:
        file.write("written")
    app.files.commit()

@app.local_entrypoint()
def main():
    work.remote()
    print("saw", app.data["a"], app.data["b"], app.jobs.get(), b"".join(app.files.read_file("out.txt")))
`;
  await using directory = await temporaryDirectory({ "nameless.py": program });
  const { code, stdout, stderr } = await old.modal(["run", "nameless.py"], { cwd: directory.path });
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain("saw 1 2 done b'written'");
});

test("hooks of a class of 2024 may be __enter__ and __exit__, with an exception's three arguments [F9] [G3]", async () => {
  const old = await ModalClient.open(modalVersions.early2024, server.dataDirectory);
  const program = `
import time
import modal
app = modal.Stub("spelled")
files = modal.Volume.from_name("spelled", create_if_missing=True)

@app.cls(image=modal.Image.debian_slim("3.11"), volumes={"/files": files}, container_idle_timeout=2)
class Spelled:
    def __enter__(self):
        self.loaded = 41

    def __exit__(self, kind, error, traceback):
        with open("/files/left", "w") as file:
            file.write(repr((kind, error, traceback)))

    @modal.method()
    def answer(self):
        return self.loaded + 1

@app.local_entrypoint()
def main():
    if any(entry.path == "left" for entry in files.listdir("/")):
        files.remove_file("left")
    answer = Spelled().answer.remote()
    left = b""
    for _ in range(200):
        try:
            left = b"".join(files.read_file("left"))
            break
        except Exception:
            time.sleep(0.2)
    print("saw", answer, left.decode())
`;
  await using directory = await temporaryDirectory({ "spelled.py": program });
  const { code, stdout, stderr } = await old.modal(["run", "spelled.py"], { cwd: directory.path });
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain("saw 42 (None, None, None)");
});
