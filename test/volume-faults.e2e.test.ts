import { Cls, Function as RemoteFunction, Volume } from "dorian";
import { deployApp } from "@dorian/testkit/deployed-app";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest] });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Paths in a volume's newest version: what a container would find that starts now. */
async function paths(volume: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of (await Volume.fromName(volume).files()).list("/", { recursive: true }))
    found.push(entry.path);
  return found;
}

const typescriptApp = `
import { App, Volume, enter, method } from "dorian";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const volume = Volume.fromName("results", { createIfMissing: true });
export const app = new App("results");
const volumes = { "/vol": volume };

export const train = app.function({ name: "train", volumes }, async (name: string) => {
  mkdirSync("/vol/models", { recursive: true });
  writeFileSync("/vol/models/" + name, "weights of " + name);
  return name;
});
export const fail = app.function({ name: "fail", volumes }, async (name: string) => {
  writeFileSync("/vol/" + name, name);
  throw new Error("after writing " + name);
});
export const progress = app.function({ name: "progress", volumes }, async function* (count: number) {
  for (let step = 0; step < count; step += 1) {
    writeFileSync("/vol/step-" + step, "");
    yield step;
    await delay(50);
  }
  writeFileSync("/vol/last-step", "");
});
export const overlong = app.function({ name: "overlong", volumes: { "/vol": Volume.fromName("overlong", { createIfMissing: true }) } },
  async (bad: boolean) => {
    const name = "d".repeat(250);
    if (!bad) rmSync("/vol/" + name, { recursive: true });
    process.chdir("/vol");
    for (let level = 0; bad && level < 15; level += 1) {
      mkdirSync(name);
      process.chdir(name);
    }
    process.chdir("/");
    writeFileSync("/vol/beside", "beside");
    return "written";
  });
@app.cls({ volumes })
export class Model {
  weights = "";
  @enter() load() {
    this.weights = readFileSync("/vol/models/a", "utf8");
    writeFileSync("/vol/entered", "");
  }
  @method() async infer() { return this.weights; }
}
`;

test("whoever has a call's result finds what the call wrote: a function's, a class's @enter, an error, each value of a generator [L2]", async () => {
  await deployApp(server.dataDirectory, typescriptApp);
  const train = RemoteFunction.fromName<(name: string) => Promise<string>>("results", "train");
  expect(await train.remote("a")).toBe("a");
  expect(await paths("results")).toContain("models/a");
  const model = Cls.fromName<new () => { infer(): Promise<string> }>("results", "Model").instance();
  expect(await model.infer.remote()).toBe("weights of a");
  expect(await paths("results")).toContain("entered");
  const fail = RemoteFunction.fromName<(name: string) => Promise<void>>("results", "fail");
  await expect(fail.remote("failed")).rejects.toThrow("after writing failed");
  expect(await paths("results")).toContain("failed");
  const spawned = await train.spawn("b");
  expect(await spawned.get()).toBe("b");
  expect(await paths("results")).toContain("models/b");
  const progress = RemoteFunction.fromName<(count: number) => AsyncGenerator<number>>("results", "progress");
  for await (const step of progress.remote(3)) expect(await paths("results")).toContain(`step-${step}`);
  expect(await paths("results")).toContain("last-step");
});

test("a call whose files cannot be committed fails and says why, and all are there once that is mended [L1, L2]", async () => {
  const overlong = RemoteFunction.fromName<(bad: boolean) => Promise<string>>("results", "overlong");
  const failure = await overlong.remote(true).catch((error: Error) => error);
  expect(failure).toMatchObject({
    message: expect.stringMatching(
      /^What this call wrote to the volume at \/vol could not be committed: .* a path in a volume has 3500 at most/,
    ),
  });
  expect(await paths("overlong")).toEqual([]);
  expect(await overlong.remote(false)).toBe("written");
  expect(await paths("overlong")).toEqual(["beside"]);
});

/** Each function has its own containers, so every reader is a new one, and every first input is one of a new container. */
const pythonApp = `
import os, urllib.request
import modal

app = modal.App("results-py")
volume = modal.Volume.from_name("results-py", create_if_missing=True)
options = dict(image=modal.Image.debian_slim("3.11"), volumes={"/vol": volume})

def write(name):
    os.makedirs("/vol/models", exist_ok=True)
    with open("/vol/models/" + name, "w") as file: file.write("weights of " + name)

@app.function(**options)
def train(name):
    write(name)
    return name

@app.function(**options)
def fail(name):
    write(name)
    raise ValueError("after writing " + name)

@app.function(**options)
def progress(count):
    for step in range(count):
        write(f"step-{step}")
        yield step
    write("last-step")

@app.function(**options)
@modal.batched(max_batch_size=4, wait_ms=50)
def batch(names: list[str]):
    for name in names: write(name)
    return names

@app.function(**options)
@modal.asgi_app()
def web():
    async def answer(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown": return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        write("of-web")
        await send({"type": "http.response.body", "body": b"done", "more_body": True})
        write("of-web-later")
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    return answer

@app.function(**options)
def overlong():
    os.chdir("/vol")
    for _ in range(15):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    os.chdir("/")
    return "written"

@app.cls(**options)
class Each:
    @modal.enter()
    def load(self):
        self.weights = open("/vol/models/a").read()
        write("entered")

    @modal.method()
    def inference(self): return self.weights

@app.local_entrypoint()
def main():
    def there(name): assert "models/" + name in [entry.path for entry in volume.listdir("models")], name
    assert train.remote("a") == "a"
    there("a")
    assert Each().inference.remote() == "weights of a"
    there("entered")
    try: fail.remote("failed")
    except ValueError as error: assert "after writing failed" in str(error)
    there("failed")
    for step in progress.remote_gen(3): there(f"step-{step}")
    there("last-step")
    assert sorted(batch.map(["b1", "b2", "b3"])) == ["b1", "b2", "b3"]
    for name in ("b1", "b2", "b3"): there(name)
    assert train.spawn("spawned").get() == "spawned"
    there("spawned")
    # Its length says that the answer is whole before the function says so.
    assert urllib.request.urlopen(web.get_web_url()).read() == b"done"
    there("of-web")
    print("all there")

@app.local_entrypoint()
def too_deep():
    overlong.remote()
`;

test(
  "the same holds for the official client, from the first input of a container on [L2]",
  { timeout: 300_000 },
  async () => {
    const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    await using project = await temporaryDirectory({ "results.py": pythonApp });
    const { code, stdout, stderr } = await client.modal(["run", "results.py::main"], { cwd: project.path });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain("all there");
  },
);

test(
  "with the official client, too, a call whose files cannot be committed fails, and modal run with it [L1, L2]",
  { timeout: 300_000 },
  async () => {
    const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    await using project = await temporaryDirectory({ "results.py": pythonApp });
    const { code, stdout, stderr } = await client.modal(["run", "results.py::too_deep"], {
      cwd: project.path,
    });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/What this call wrote to the volume at \/vol could not be committed/);
  },
);
