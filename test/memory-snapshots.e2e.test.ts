import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
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
/** How clients of each age ask for it. */
const pythons: [ModalVersion, string][] = [
  [modalVersions.newest, "enable_memory_snapshot=True, scaledown_window=2"],
  [modalVersions.between, "enable_memory_snapshot=True, scaledown_window=2"],
  [modalVersions.late2024, "enable_memory_snapshot=True, container_idle_timeout=2"],
  [modalVersions.early2024, "enable_memory_snapshot=True, container_idle_timeout=2"],
];

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

const python = (name: string, options: string) => `
import os, random, ssl, uuid
import modal
app = modal.App("${name}")
imported = uuid.uuid4().hex
@app.cls(image=modal.Image.debian_slim("3.11"), ${options})
class Model:
    @modal.enter(snap=True)
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

const nameOf = (version: string) => `snapped_${version.replaceAll(".", "_")}`;

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
  server = await runningServer({ clients: pythons.map(([version]) => version) });
  project = await temporaryDirectory({
    "app.ts": typescript,
    "look.py": look,
    ...Object.fromEntries(
      pythons.map(([version, options]) => [`${nameOf(version)}.py`, python(nameOf(version), options)]),
    ),
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

interface Listed {
  snapshotId: string;
  function: string;
  bytes: number;
  failures: number;
}

async function listed(): Promise<Listed[]> {
  return JSON.parse((await cli(["snapshot", "list", "--json"])).stdout) as Listed[];
}

/** The layers that hold a snapshot. */
async function snapshots(): Promise<string[]> {
  return (await listed()).map(({ snapshotId }) => join(server.dataDirectory, "layers", snapshotId));
}

/** Ends the server and its worker and starts them again, at the same address. */
async function again(end: () => Promise<void>): Promise<void> {
  await end();
  const { host } = new URL(server.client.url);
  const { dataDirectory } = server;
  server.processes = await DorianProcess.start({ dataDirectory, args: ["--listen", host] });
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
    await again(() => server.processes.stop());
    const look = await another(at("snapped"), looks);
    expect(look.imported).toBe(looks[0].imported);
    const { stdout } = await cli(["container", "timeline", look.taskId, "--json"]);
    const { phases } = JSON.parse(stdout) as { phases: { name: string }[] };
    expect(phases.map(({ name }) => name)).toContain("restore");
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
    const looks = [former];
    const [path = ""] = await snapshots();
    const damages = [
      async () => {
        const core = join(path, "core-1.img");
        await writeFile(core, Buffer.alloc((await readFile(core)).length, 7));
      },
      () => truncate(join(path, "pages-1.img"), 4096),
      () => rm(join(path, "inventory.img")),
    ];
    for (const damage of damages) {
      await damage();
      const look = await another(at("snapped"), looks);
      expect(look.imported).not.toBe(former.imported);
      expect(look.steps).toEqual(["load", `after ${look.taskId}`]);
      looks.push(look);
    }
    await eventually(
      () => log("snapped"),
      (lines) => (lines.match(/snapshot cannot be used, and it starts without/g)?.length ?? 0) >= 3,
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

test.each(pythons)(
  "classes of client %s with %s are brought back, too [I1] [I2] [I3] [I4] [I8]",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    const deployed = await client.modal(["deploy", `${nameOf(version)}.py`], { cwd: project.path });
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
    const looking = async () => {
      const { code, stdout, stderr } = await client.python(["look.py", nameOf(version)], {
        cwd: project.path,
      });
      expect(code, stdout + stderr).toBe(0);
      return JSON.parse(stdout) as Look;
    };
    expectRestored(await three(looking));
    await eventually(
      () => log(nameOf(version)),
      (lines) => /A memory snapshot of \d+ MiB was taken/.test(lines),
    );
  },
);

/** Whether there is a file below a directory of the data directory. */
async function has(directory: string, isIt: (name: string) => boolean): Promise<boolean> {
  const path = join(server.dataDirectory, directory);
  return (await readdir(path, { recursive: true }).catch(() => [])).some(isIt);
}

/** Looks, and ends everything when there is such a file meanwhile: that is there for a moment only, so it is tried a few times. */
async function killedWhile(place: Parameters<typeof has>, looking: () => Promise<Look>): Promise<Look> {
  for (let tries = 0; tries < 5; tries++) {
    const call = { isOver: false };
    const look = looking().finally(() => (call.isOver = true));
    let isThere = false;
    while (!isThere && !call.isOver) isThere = await has(...place);
    if (isThere) await again(() => server.processes.kill());
    const seen = await look;
    if (isThere) return seen;
  }
  throw new Error(`nothing was seen in ${place[0]}, in five tries`);
}

test(
  "a machine that fails while memory is written, or read, loses no call and leaves nothing behind",
  { timeout },
  async () => {
    const looking = at("snapped-midway");
    const isImage = (name: string) => name.endsWith(".img");
    let weight = 0;
    const first = await killedWhile(["drafts", isImage], async () => {
      const source = typescript.replace("snapped", "snapped-midway").replace("20, 7", `20, ${++weight}`);
      await writeFile(join(project.path, "midway.ts"), source);
      expect((await cli(["deploy", "midway.ts"])).code).toBe(0);
      return await looking();
    });
    expect(first.weight).toBe(weight);
    const looks = [first];
    await eventually(
      () => has("drafts", isImage),
      (isThere) => !isThere,
    );
    const second = await another(looking, looks);
    looks.push(second);
    expect(second.imported).toBe(first.imported);
    const isRead = (name: string) => name.endsWith(".snapshot");
    const last = await killedWhile(["scratch", isRead], async () => {
      const look = await another(looking, looks);
      looks.push(look);
      return look;
    });
    expect(last.imported).toBe(first.imported);
    expect(last.steps).toEqual(["load", `after ${last.taskId}`]);
  },
);

test("snapshots are listed, and go when they are deleted, or with their app", { timeout }, async () => {
  const looks = [await another(at("snapped"))];
  const before = await eventually(listed, (rows) => rows.some((row) => row.function === "Model"));
  for (const { snapshotId, bytes } of before) {
    expect(bytes).toBeGreaterThan(2 ** 20);
    expect((await cli(["snapshot", "delete", snapshotId, "--json"])).stdout).toContain(snapshotId);
  }
  expect(await listed()).toEqual([]);
  const [{ imported } = { imported: "" }] = looks;
  looks.push(await another(at("snapped"), looks));
  expect(looks.at(-1)?.imported).not.toBe(imported);
  await eventually(listed, (rows) => rows.length > 0);
  expect((await cli(["app", "stop", "snapped"])).code).toBe(0);
  expect(await listed()).toEqual([]);
});
