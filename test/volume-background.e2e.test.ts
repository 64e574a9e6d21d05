import { eventually } from "@dorian/testkit/eventually";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { scriptedContainers } from "@dorian/testkit/scripted-containers";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { filesIn, textIn } from "@dorian/testkit/volume-content";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

const listed = (volume: string) => filesIn(server.dataDirectory, volume);

test("what a function writes is kept without a commit: seen from outside while it runs, and elsewhere after it [M1, M2, M7]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "background",
    volume: "background",
    mounts: { writer: "/vol", reader: "/vol" },
  });
  let finished = false;
  const writing = app.container
    .writer(async ({ fs, syncFs, delay }) => {
      for (let part = 0; part < 8; part += 1)
        await fs.appendFile("/vol/weights", Buffer.alloc(8 << 20, part));
      while (!syncFs.existsSync("/tmp/go")) await delay(50);
      await fs.writeFile("/vol/late", "late");
    })
    .finally(() => (finished = true));
  await eventually(
    () => listed("background"),
    (paths) => paths.includes("weights"),
  );
  expect(finished).toBe(false);
  await app.container.writer(({ fs }) => fs.writeFile("/tmp/go", ""));
  await writing;
  const read = await app.container.reader(async ({ fs, syncFs, volume, delay }) => {
    while (!syncFs.existsSync("/vol/late")) await delay(100).then(() => volume.reload());
    const bytes = await fs.readFile("/vol/weights");
    return [bytes.length, bytes[0], bytes.at(-1)];
  });
  expect(read).toEqual([64 << 20, 0, 7]);
});

test("background commits leave out a file that is being written, for as long as it is, and do not disturb its writer [M3, M8]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "undisturbed",
    volume: "undisturbed",
    mounts: { writer: "/vol", other: "/vol" },
  });
  await app.container.other(async ({ fs, volume }) => {
    await fs.mkdir("/vol/run");
    await fs.writeFile("/vol/run/log", "begun\n");
    await volume.commit();
  });
  const writing = app.container.writer(async ({ fs, syncFs, delay }) => {
    await fs.mkdir("/vol/new");
    await fs.writeFile("/vol/new/config", "{}");
    const grown = await fs.open("/vol/run/log", "a");
    const fresh = await fs.open("/vol/new/weights", "w");
    let longest = 0;
    let lines = 0;
    for (let last = performance.now(); !syncFs.existsSync("/tmp/go"); last = performance.now()) {
      await grown.write("line\n");
      await fresh.write("line\n");
      lines += 1;
      if (lines % 100 === 0) await fs.writeFile(`/vol/new/closed-${lines / 100}`, "closed");
      longest = Math.max(longest, performance.now() - last);
      await delay(5);
    }
    const view = (await fs.readdir("/vol/new")).toSorted();
    await grown.close();
    await fresh.close();
    return {
      longest,
      lines,
      view,
      own: await fs.readdir("/vol"),
      size: (await fs.stat("/vol/new/weights")).size,
    };
  });
  await eventually(
    () => listed("undisturbed"),
    (paths) => paths.includes("new/closed-1"),
  );
  const early = await listed("undisturbed");
  await app.container.other(async ({ fs, volume }) => {
    await fs.writeFile("/vol/of-another", "x");
    await volume.commit();
  });
  const later = await eventually(
    () => listed("undisturbed"),
    (paths) => paths.length > early.length + 1,
  );
  await eventually(
    () => listed("undisturbed"),
    (paths) => paths.length > later.length,
  );
  expect(await listed("undisturbed")).not.toContain("new/weights");
  expect(await textIn("undisturbed", "run/log")).toBe("begun\n");
  await app.container.writer(({ fs }) => fs.writeFile("/tmp/go", ""));
  const { longest, lines, view, own, size } = await writing;
  const closed = Array.from({ length: Math.floor(lines / 100) }, (_, index) => `closed-${index + 1}`);
  expect(view).toEqual([...closed, "config", "weights"].toSorted());
  expect(own.toSorted()).toEqual(["new", "run"]);
  expect(size).toBe(lines * 5);
  expect(longest).toBeLessThan(2000);
  await eventually(
    () => listed("undisturbed"),
    (paths) => paths.includes("new/weights"),
  );
  expect(await textIn("undisturbed", "new/weights")).toBe("line\n".repeat(lines));
  expect(await textIn("undisturbed", "run/log")).toBe("begun\n" + "line\n".repeat(lines));
});

test("the last commit comes after @exit, with files that were never closed [M2, M3]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Volume, exit, method } from "dorian";
import { openSync, writeFileSync, writeSync } from "node:fs";
const volume = Volume.fromName("last-commit", { createIfMissing: true });
export const app = new App("last-commit");
@app.cls({ volumes: { "/vol": volume } })
export class Model {
  #log = 0;
  @method() async work() { this.#log = openSync("/vol/log", "w"); writeSync(this.#log, "work "); return 1; }
  @exit() async bye() { writeSync(this.#log, "bye"); writeFileSync("/vol/goodbye", "x"); }
}
app.localEntrypoint(async () => { await app.instance(Model).work.remote(); });
`,
  });
  const result = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  expect(result.code, result.stdout + result.stderr).toBe(0);
  expect(await listed("last-commit")).toEqual(["goodbye", "log"]);
  expect(await textIn("last-commit", "log")).toBe("work bye");
});

test("a commit that fails is an error in the function, and the failure of the last one is told to the user [M4]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Volume } from "dorian";
import { mkdirSync, writeFileSync } from "node:fs";
const volume = Volume.fromName("failing-commit", { createIfMissing: true });
export const app = new App("failing-commit");
export const work = app.function({ name: "work", volumes: { "/vol": volume } }, async () => {
  process.chdir("/vol");
  for (let level = 0; level < 15; level += 1) {
    mkdirSync("d".repeat(250));
    process.chdir("d".repeat(250));
  }
  process.chdir("/");
  try { await volume.commit(); } catch (error: any) { console.log("> " + error.code); }
});
app.localEntrypoint(async () => { await work.remote().catch((error: Error) => console.log("> " + error.message)); });
`,
  });
  const result = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  expect(result.stdout).toContain("> VOLUME_PATH_TOO_LONG");
  expect(result.stdout).toMatch(/> What this call wrote to the volume at \/vol could not be committed: /);
  expect(result.stderr).toMatch(
    /commit of the volume at \/vol failed: .*a path in a volume has 3500 at most/,
  );
});

test("reload keeps what was written here, and an open file keeps the version it was opened in [N3, N6]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "open-files",
    volume: "open-files",
    mounts: { writer: "/vol", reader: "/vol" },
  });
  await app.container.writer(async ({ fs, volume }) => {
    await fs.writeFile("/vol/weights", "version one");
    await volume.commit();
  });
  const open = app.container.reader(async ({ fs, syncFs, volume, delay }) => {
    const held = await fs.open("/vol/weights");
    const start = Buffer.alloc(8);
    await held.read(start, 0, 8, 0);
    await fs.writeFile("/vol/mine", "written here");
    await fs.writeFile("/tmp/opened", "");
    while (!syncFs.existsSync("/tmp/go")) await delay(50);
    await volume.reload();
    const rest = await held.readFile("utf8");
    await held.close();
    return [
      start.toString() + rest,
      await fs.readFile("/vol/weights", "utf8"),
      await fs.readFile("/vol/mine", "utf8"),
    ];
  });
  await app.container.reader(async ({ syncFs, delay }) => {
    while (!syncFs.existsSync("/tmp/opened")) await delay(20);
  });
  await app.container.writer(async ({ fs, volume }) => {
    await fs.writeFile("/vol/weights", "version two");
    await volume.commit();
  });
  await app.container.reader(({ fs }) => fs.writeFile("/tmp/go", ""));
  expect(await open).toEqual(["version version one", "version two", "written here"]);
  expect(await textIn("open-files", "mine")).toBe("written here");
});

test("a program that stands in the volume goes on working, and all it does there is committed [N3, L6]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "standing",
    volume: "standing",
    mounts: { worker: "/vol", other: "/vol" },
  });
  await app.container.other(async ({ fs, volume }) => {
    await fs.mkdir("/vol/checkpoint");
    await fs.writeFile("/vol/checkpoint/weights", "w");
    await volume.commit();
  });
  const views = await app.container.worker(async ({ fs, volume }) => {
    process.chdir("/vol");
    await fs.writeFile("first", "1");
    await fs.symlink("nowhere", "link");
    await fs.writeFile("temporary", "t");
    await volume.commit();
    await fs.writeFile("second", "2");
    await fs.rm("temporary");
    await fs.rename("checkpoint", "final");
    await volume.commit();
    const standing = (await fs.readdir(".")).toSorted();
    return [standing, (await fs.readdir("/vol")).toSorted()];
  });
  expect(views[0]).toEqual(["final", "first", "link", "second"]);
  expect(views[1]).toEqual(views[0]);
  expect(await listed("standing")).toEqual(["final/weights", "first", "link", "second"]);
  const left = await app.container.worker(async ({ fs, volume }) => {
    process.chdir("/");
    await fs.writeFile("/vol/third", "3");
    await fs.rm("/vol/second");
    await volume.commit();
    return (await fs.readdir("/vol")).toSorted();
  });
  expect(left).toEqual(["final", "first", "link", "third"]);
  expect(await listed("standing")).toEqual(["final/weights", "first", "link", "third"]);
});

test("reload works in @enter before the weights are read [N7]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "trainer",
    volume: "enter-reload",
    mounts: { train: "/vol" },
  });
  await app.container.train(async ({ fs, volume }) => {
    await fs.writeFile("/vol/weights", "trained");
    await volume.commit();
  });
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Volume, enter, method } from "dorian";
import { readFileSync } from "node:fs";
const volume = Volume.fromName("enter-reload");
export const app = new App("enter-reload");
@app.cls({ volumes: { "/models": volume } })
export class Model {
  weights = "";
  @enter() async load() { await volume.reload(); this.weights = readFileSync("/models/weights", "utf8"); }
  @method() async infer() { return this.weights; }
}
app.localEntrypoint(async () => { console.log("> " + await app.instance(Model).infer.remote()); });
`,
  });
  const result = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stdout).toContain("> trained");
});

test("a last commit that fails is told once, and the run ends with code 1 [M4]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Volume, exit, method } from "dorian";
import { mkdirSync } from "node:fs";
const volume = Volume.fromName("overlong", { createIfMissing: true });
export const app = new App("overlong");
@app.cls({ volumes: { "/vol": volume } })
export class Model {
  @method() async work() { return "done"; }
  @exit() bye() {
    process.chdir("/vol");
    for (let level = 0; level < 15; level += 1) {
      mkdirSync("d".repeat(250));
      process.chdir("d".repeat(250));
    }
    process.chdir("/");
  }
}
app.localEntrypoint(async () => { console.log("> " + await app.instance(Model).work.remote()); });
`,
  });
  const { code, stdout, stderr } = await dorian(server.dataDirectory, ["run", "app.ts"], {
    cwd: project.path,
  });
  expect(code, stderr).toBe(1);
  expect(stdout).toContain("> done");
  expect(stderr.match(/a path in a volume has 3500 at most/g), stderr).toHaveLength(1);
  expect(stderr).toContain("The last commit of the volume at /vol failed: ");
  expect(stderr).toMatch(/Error: .*lost.*\n  Why: .+ \(APP_LAST_COMMIT_FAILED\)\n  Fix: /);
  expect(stderr).not.toContain("App completed");
});
