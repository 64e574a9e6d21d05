import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const versions = [modalVersions.newest, modalVersions.late2024, modalVersions.early2024];
const early = [modalVersions.late2024, modalVersions.early2024];

let server: RunningServer;
const clients = new Map<ModalVersion, ModalClient>();

beforeAll(async () => {
  server = await runningServer({
    clients: [modalVersions.newest, modalVersions.late2024, modalVersions.early2024],
  });
  for (const version of versions) clients.set(version, await ModalClient.open(version, server.dataDirectory));
});

afterAll(() => server[Symbol.asyncDispose]());

async function run(version: ModalVersion, source: string) {
  await using project = await temporaryDirectory({ "app.py": source });
  const { code, stdout, stderr } = await must(clients.get(version)).modal(["run", "app.py"], {
    cwd: project.path,
  });
  return { code, output: stdout + stderr };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("no client of that version was opened");
  return value;
}

const before = (name: string) => `
import modal, os
app = modal.App("${name}") if hasattr(modal, "App") else modal.Stub("${name}")
debian = modal.Image.debian_slim("3.11")
`;

interface RunFunction {
  model?: string;
  unrelated?: string;
  options?: string;
  volume?: boolean;
}

const runFunction = (
  name: string,
  { model = "model-a", unrelated = "", options = "", volume = false }: RunFunction = {},
) => `${before(name)}
MODEL_NAME = "${model}"
UNRELATED = "${unrelated}"
${volume ? `volume = modal.Volume.from_name("${name}-cache", create_if_missing=True)` : ""}
def download(count=1):
    print("downloading", MODEL_NAME, count, "with", os.environ.get("TOKEN"), flush=True)
    os.makedirs("/weights", exist_ok=True)
    open("/weights/a", "w").write(f"{MODEL_NAME} x{count}")
    if os.path.isdir("/cache"):
        open("/cache/seen", "w").write("seen")
image = debian.run_function(download, secrets=[modal.Secret.from_dict({"TOKEN": "token-4711"})]${volume ? ', volumes={"/cache": volume}' : ""}${options})
@app.function(image=image)
def look():
    return open("/weights/a").read(), os.path.exists("/cache/seen"), os.environ.get("TOKEN")
@app.local_entrypoint()
def main():
    print("SAW", look.remote())
`;

test.each(versions)(
  "%s: run_function runs once on the image, with secrets and volumes; what it wrote is in the image [D1][D2][D4][B7]",
  async (version) => {
    const name = `run-${version.replaceAll(".", "-")}`;
    // The oldest client mounts no volumes here.
    const volume = version !== modalVersions.early2024;
    const first = await run(version, runFunction(name, { model: name, volume }));
    expect(first.output).toContain(`downloading ${name} 1 with token-4711`);
    expect(first.output).toContain(`SAW ('${name} x1', False, None)`);
    const again = await run(version, runFunction(name, { model: name, volume, unrelated: "changed" }));
    expect(again.output).not.toContain("downloading");
    expect(again.output).toContain(`SAW ('${name} x1', False, None)`);
    if (!volume) return;
    const listed = await must(clients.get(version)).modal(["volume", "ls", `${name}-cache`]);
    expect(listed.stdout, listed.stderr).toContain("seen");
  },
);

test("run_function runs again when its arguments or a global that it uses change [D2][C7]", async () => {
  const otherGlobal = await run(modalVersions.late2024, runFunction("changing", { model: "model-b" }));
  expect(otherGlobal.output).toContain("downloading model-b 1");
  expect(otherGlobal.output).toContain("SAW ('model-b x1'");
  const otherArguments = await run(
    modalVersions.late2024,
    runFunction("changing", { model: "model-b", options: ", args=(3,)" }),
  );
  expect(otherArguments.output).toContain("downloading model-b 3");
  expect(otherArguments.output).toContain("SAW ('model-b x3'");
});

const buildMethods = (name: string, model: string) => `${before(name)}
MODEL_NAME = "${model}"
@app.cls(image=debian, secrets=[modal.Secret.from_dict({"TOKEN": "token-4711"})])
class Model:
    def __init__(self):
        self.entered = False
    @modal.build()
    def download(self):
        which = open("/proc/sys/kernel/random/uuid").read().strip()
        print("downloading", MODEL_NAME, os.environ["TOKEN"], "entered:", self.entered, which, flush=True)
        os.makedirs("/weights", exist_ok=True)
        open("/weights/a", "w").write(MODEL_NAME)
    @modal.build()
    async def convert(self):
        print("converting", open("/weights/a").read(), flush=True)
        open("/weights/b", "w").write("converted")
    @modal.enter()
    def load(self):
        open("/weights/entered", "w").write("entered")
        self.weights = open("/weights/a").read() + " " + open("/weights/b").read()
    @modal.method()
    def generate(self, word):
        return self.weights + " " + word
    @modal.method()
    def other(self):
        return sorted(os.listdir("/weights"))
@app.local_entrypoint()
def main():
    print("SAW", Model().generate.remote("now"))
`;

test.each(early)(
  "%s: @build methods run in order while the image is built, each on what the former left, without the hooks [C1][C2][C3][C8][C9][C18]",
  async (version) => {
    const name = `build-${version.replaceAll(".", "-")}`;
    const first = await run(version, buildMethods(name, name));
    expect(first.output).toContain(`converting ${name}`);
    // The oldest client asks once for each method of the class, and shows the log of the one build each time.
    const downloads = first.output.match(/^downloading .*$/gm) ?? [];
    expect(new Set(downloads)).toEqual(new Set([downloads[0]]));
    expect(downloads[0]).toContain(`downloading ${name} token-4711 entered: False`);
    expect(first.output).toContain(`SAW ${name} converted now`);
    const again = await run(version, buildMethods(name, name));
    expect(again.output).not.toContain("downloading");
    expect(again.output).toContain(`SAW ${name} converted now`);
    if (version !== modalVersions.late2024) return;
    const changed = await run(version, buildMethods(name, `${name}-b`));
    expect(changed.output).toContain(`downloading ${name}-b`);
  },
);

test("a method with @build and @enter runs in the build and in every container [H2]", async () => {
  const stacked = `${before("stacked")}
@app.cls(image=debian)
class Model:
    @modal.build()
    @modal.enter()
    def prepare(self):
        self.count = int(open("/count").read()) + 1 if os.path.exists("/count") else 1
        open("/count", "w").write(str(self.count))
    @modal.method()
    def count_of_runs(self):
        return self.count
@app.local_entrypoint()
def main():
    print("SAW", Model().count_of_runs.remote())
`;
  const { output } = await run(modalVersions.late2024, stacked);
  expect(output).toContain("SAW 2");
});

test.each([modalVersions.newest, modalVersions.late2024])(
  "%s: an exception in a build function fails the build with the user's traceback, and is not remembered [C16][B10]",
  async (version) => {
    const failing = `${before("failing")}
def broken():
    print("about to fail", flush=True)
    raise ValueError("the hub is down")
@app.function(image=debian.run_function(broken))
def look():
    return 1
@app.local_entrypoint()
def main():
    print("SAW", look.remote())
`;
    for (let round = 0; round < 2; round++) {
      const { code, output } = await run(version, failing);
      expect(code).not.toBe(0);
      expect(output).toContain("about to fail");
      expect(output).toMatch(/File "\/root\/app\.py", line \d+, in broken/);
      expect(output).toMatch(/Image build for im-\w{22} failed[\s\S]*the hub is down/);
    }
  },
);

test("what a build function leaves is what it wrote: nothing of the client that ran it", async () => {
  const listed = await dorian(server.dataDirectory, ["image", "list", "--json"]);
  const images = JSON.parse(listed.stdout) as { description: string; bytes: number; state: string }[];
  const built = images.filter(
    ({ description, state }) => /build .*(download|convert)/.test(description) && state === "ready",
  );
  expect(built.length).toBeGreaterThan(4);
  expect(built.filter(({ bytes }) => bytes > 100)).toEqual([]);
});
