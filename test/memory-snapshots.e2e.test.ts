import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { Cls } from "dorian";
import { afterAll, beforeAll, expect, test } from "vitest";

const timeout = 240_000;
const pythons: ModalVersion[] = [modalVersions.early2024, modalVersions.newest];

const typescript = `
import { randomUUID } from "node:crypto";
import { App, enter, method } from "dorian";
const app = new App("snapped");
const imported = randomUUID();
@app.cls({ enableMemorySnapshot: true, scaledownWindow: 2 })
export class Model {
  steps: string[] = [];
  weights = Buffer.alloc(0);
  @enter({ snap: true }) async load() {
    this.weights = Buffer.alloc(32 << 20, 7);
    this.steps.push("load");
  }
  @enter() async after() { this.steps.push("after " + process.env.MODAL_TASK_ID); }
  @method() async look() {
    const web = await fetch("http://169.254.77.77/").then(({ status }) => status, String);
    const { MODAL_TASK_ID: taskId = "" } = process.env;
    return { imported, steps: this.steps, weight: this.weights[9], taskId, web, drawn: [Math.random(), randomUUID()] };
  }
}
app.localEntrypoint(async () => {
  for (let n = 0; n < 2; n++) {
    console.log(JSON.stringify(await app.instance(Model).look.remote()));
    // Idle for longer than it is kept.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  }
});
`;

const python = (name: string, snap: string, options: string) => `
import os, random, ssl, uuid
import modal
app = modal.App("${name}")
imported = uuid.uuid4().hex
@app.cls(image=modal.Image.debian_slim("3.11"), ${options})
class Model:
    @modal.enter(${snap})
    def load(self):
        self.steps = ["load"]
    @modal.enter()
    def after(self):
        self.steps.append("after " + os.environ["MODAL_TASK_ID"])
    @modal.method()
    def look(self):
        return {"imported": imported, "steps": self.steps, "taskId": os.environ["MODAL_TASK_ID"],
                "drawn": [random.random(), ssl.RAND_bytes(8).hex()]}
`;

const look = `
import json, sys, modal
find = modal.Cls.from_name if hasattr(modal.Cls, "from_name") and modal.__version__ >= "1" else modal.Cls.lookup
print(json.dumps(find(sys.argv[1], "Model")().look.remote()))
`;

interface Look {
  imported: string;
  steps: string[];
  taskId: string;
  drawn: unknown[];
  weight?: number;
  web?: number;
}
declare class Model {
  look(): Promise<Look>;
}

let server: RunningServer;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer({ clients: pythons });
  project = await temporaryDirectory({
    "app.ts": typescript,
    "look.py": look,
    "new.py": python("snapped-new", "snap=True", "enable_memory_snapshot=True, scaledown_window=2"),
    "old.py": python("snapped-old", "snap=True", "enable_memory_snapshot=True, container_idle_timeout=2"),
  });
}, timeout);

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const cli = (args: string[]) => dorian(server.dataDirectory, args, { cwd: project.path });

async function log(app: string): Promise<string> {
  const { code, stdout, stderr } = await cli(["app", "logs", app]);
  expect(code, stderr).toBe(0);
  // What Dorian itself says goes to stderr.
  return stdout + stderr;
}

type Looking = () => Promise<Look>;

/** A look at an app of either language, by the TypeScript client. */
const at = (app: string): Looking => {
  const model = Cls.fromName<typeof Model>(app, "Model").instance();
  return async () => await model.look.remote();
};

/** A look from a container that has not looked yet. */
async function another(looking: Looking, former: Look[] = []): Promise<Look> {
  const last = former.at(-1);
  if (last) await cli(["container", "stop", last.taskId]);
  return await eventually(looking, (look) => former.every(({ taskId }) => taskId !== look.taskId));
}

/** Looks from three containers, one after the other. */
async function three(looking: Looking): Promise<[Look, Look, Look]> {
  const first = await another(looking);
  const second = await another(looking, [first]);
  return [first, second, await another(looking, [first, second])];
}

function expectRestored([first, ...later]: Look[]): void {
  expect(first?.steps).toEqual(["load", `after ${first?.taskId}`]);
  for (const look of later) {
    expect(look.imported).toBe(first?.imported);
    expect(look.steps).toEqual(["load", `after ${look.taskId}`]);
    expect(look.drawn).not.toEqual(first?.drawn);
  }
  const [second, third] = later;
  for (const n of [0, 1]) expect(second?.drawn[n]).not.toBe(third?.drawn[n]);
}

/** The layers that hold a snapshot. */
async function snapshots(): Promise<string[]> {
  const layers = join(server.dataDirectory, "layers");
  const found: string[] = [];
  for (const name of await readdir(layers))
    if ((await readdir(join(layers, name))).includes("inventory.img")) found.push(join(layers, name));
  return found;
}

test(
  "a class is imported and loaded once, and later containers go on from there [I1] [I2] [I3] [I4] [I8] [I10]",
  { timeout },
  async () => {
    expect((await cli(["deploy", "app.ts"])).code).toBe(0);
    const looks = await three(at("snapped"));
    expectRestored(looks);
    for (const look of looks) expect(look).toMatchObject({ weight: 7, web: 404 });
    const lines = await eventually(
      () => log("snapped"),
      (written) => /A memory snapshot of \d+ MiB was taken in \d+\.\d s\./.test(written),
    );
    expect(lines).not.toContain("cannot be used");
    await server.processes.stop();
    const { host } = new URL(server.client.url);
    server.processes = await DorianProcess.start({
      dataDirectory: server.dataDirectory,
      args: ["--listen", host],
    });
    expect((await another(at("snapped"), looks)).imported).toBe(looks[0].imported);
  },
);

test("a deployment with other code is loaded anew [I6]", { timeout }, async () => {
  const former = await another(at("snapped"));
  const weight = (former.weight ?? 0) + 1;
  await writeFile(join(project.path, "app.ts"), typescript.replace("32 << 20, 7", `32 << 20, ${weight}`));
  expect((await cli(["deploy", "app.ts"])).code).toBe(0);
  const looks = await three(at("snapped"));
  expect(looks[0].imported).not.toBe(former.imported);
  expectRestored(looks);
  for (const look of looks) expect(look.weight).toBe(weight);
});

test(
  "a snapshot that cannot be used costs a plain start, is told, and is made anew after three [I7]",
  { timeout },
  async () => {
    const former = await another(at("snapped"));
    for (const path of await snapshots()) await truncate(join(path, "pages-1.img"), 4096);
    const looks = [former];
    for (let n = 0; n < 3; n++) {
      const look = await another(at("snapped"), looks);
      expect(look.imported).not.toBe(former.imported);
      expect(look.steps).toEqual(["load", `after ${look.taskId}`]);
      looks.push(look);
    }
    await eventually(
      () => log("snapped"),
      (lines) => lines.match(/snapshot cannot be used, and it starts without/g)?.length === 3,
    );
    const anew = await another(at("snapped"), looks);
    expect((await another(at("snapped"), [...looks, anew])).imported).toBe(anew.imported);
  },
);

test("`dorian run` makes no snapshot [I2]", { timeout }, async () => {
  await writeFile(join(project.path, "run.ts"), typescript.replace("snapped", "snapped-run"));
  const { code, stdout, stderr } = await cli(["run", "run.ts"]);
  expect(code, stderr).toBe(0);
  const looks = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Look);
  expect(looks).toHaveLength(2);
  expect(looks[0]?.imported).not.toBe(looks[1]?.imported);
  expect(stdout + stderr).not.toContain("snapshot");
});

test.each([
  [modalVersions.newest, "new"],
  [modalVersions.early2024, "old"],
] as const)(
  "classes of client %s are brought back, too [I1] [I3] [I4] [I8]",
  { timeout },
  async (version, name) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    const deployed = await client.modal(["deploy", `${name}.py`], { cwd: project.path });
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
    const looking = async () => {
      const { code, stdout, stderr } = await client.python(["look.py", `snapped-${name}`], {
        cwd: project.path,
      });
      expect(code, stdout + stderr).toBe(0);
      return JSON.parse(stdout) as Look;
    };
    expectRestored(await three(looking));
    await eventually(
      () => log(`snapped-${name}`),
      (lines) => /A memory snapshot of \d+ MiB was taken/.test(lines),
    );
  },
);
