import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { Function as RemoteFunction, Volume } from "dorian";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { copySeed } from "@dorian/testkit/seeded-data";
import { smallDisk, type SmallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const mebibyte = 1024 * 1024;
/** A fortieth of the disk. */
const reserve = 45 * mebibyte;
const source = `
import { existsSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume } from "dorian";

const volume = Volume.fromName("full-disk", { createIfMissing: true });
export const app = new App("full-disk", { image: Image.debianSlim() });

async function reached(path: string) {
  while (!existsSync(path)) await delay(20);
}

export const add = app.function({ name: "add" }, async (a: number, b: number) => a + b);

export const square = app.function({ name: "square", maxContainers: 2 }, async (n: number, _ballast?: string) => n * n);

/** Says something, and answers when it is told to. */
export const later = app.function({ name: "later" }, async (n: number) => {
  console.log("later began");
  await writeFile("/tmp/later", "");
  await reached("/tmp/go");
  return "y".repeat(100_000) + n;
});

/** Commits a file that is open for writing, which has to be copied: with a full disk, and again with room. */
export const commitTwice = app.function({ name: "commitTwice", volumes: { "/vol": volume } }, async () => {
  await using file = await open("/vol/open", "w");
  for (let piece = 0; piece < 20; piece += 1) await file.write(Buffer.alloc(1024 * 1024, piece));
  await writeFile("/tmp/written", "");
  await reached("/tmp/full");
  const failure = await volume.commit().then(() => "", (error) => error.code + ": " + error.message + " " + error.remedy);
  await writeFile("/tmp/failed", failure);
  await reached("/tmp/room");
  await volume.commit();
  return failure;
});
`;

/** Its files are committed without being asked. */
const typescriptApp = `
import { writeFile } from "node:fs/promises";
import { App, Image, Volume } from "dorian";
const volume = Volume.fromName("full-typescript", { createIfMissing: true });
export const app = new App("full-typescript", { image: Image.debianSlim() });
export const put = app.function({ name: "put", volumes: { "/vol": volume }, maxContainers: 1, scaledownWindow: 300 }, async (n: number) => {
  await writeFile("/vol/f" + n, "x".repeat(20_000));
  return n;
});
`;

const pythonApp = `
import modal
app = modal.App("full-python")
volume = modal.Volume.from_name("full-python", create_if_missing=True)

@app.function(image=modal.Image.debian_slim("3.11"), volumes={"/vol": volume}, max_containers=1, scaledown_window=300)
def put(n):
    with open(f"/vol/f{n}", "w") as file: file.write("x" * 20_000)
    return n
`;

/** Milliseconds for which the disk is kept full. */
const fullMs = 6_000;

let disk: SmallDisk;
let server: DorianProcess;
let connection: Disposable;

beforeAll(async () => {
  disk = await smallDisk({ mebibytes: 1_800 });
  await copySeed(disk.path, [modalVersions.newest]);
  server = await DorianProcess.start({ dataDirectory: disk.path });
  await deployApp(disk.path, source);
  connection = await sdkConnection(disk.path);
});

afterEach(() => disk.free());

afterAll(async () => {
  connection[Symbol.dispose]();
  await server.stop();
  expect(await leftoversOf(disk.path)).toEqual([]);
  await disk[Symbol.asyncDispose]();
});

test("a commit that finds no room says so, changes nothing, and succeeds once there is room", async () => {
  const call = await RemoteFunction.fromName<() => Promise<string>>("full-disk", "commitTwice").spawn();
  const [container] = await containersWith(disk.path, "/tmp/written");
  await disk.fill({ leaveBytes: 8 * mebibyte });
  container?.touch("/tmp/full");
  await containersWith(disk.path, "/tmp/failed");
  const files = await Volume.fromName("full-disk").files();
  expect(await entriesOf("full-disk")).toEqual([]);
  await disk.free();
  container?.touch("/tmp/room");
  expect(await call.get()).toMatch(
    /^STORAGE_FULL: The disk is full: .*MiB are free\. Free space on the file system of/,
  );
  const content = await files.readFile("open");
  expect(content.length).toBe(20 * mebibyte);
  expect(content[19 * mebibyte]).toBe(19);
});

test.each(["typescript", "python"] as const)(
  "a disk that is full for seconds loses no file of a call that succeeded, of a function in %s: not while it is full, not afterwards [L1, L2]",
  { timeout: 300_000 },
  async (language) => {
    if (language === "typescript") await deployApp(disk.path, typescriptApp);
    else {
      const client = await ModalClient.open(modalVersions.newest, disk.path);
      await using project = await temporaryDirectory({ "app.py": pythonApp });
      const { code, stdout, stderr } = await client.modal(["deploy", "app.py"], { cwd: project.path });
      expect(code, stdout + stderr).toBe(0);
    }
    const put = RemoteFunction.fromName<(n: number) => Promise<number>>(`full-${language}`, "put");
    const succeeded: number[] = [];
    let last = 0;
    const call = async () => {
      last += 1;
      await put.remote(last).then(
        (n) => succeeded.push(n),
        () => undefined,
      );
    };
    for (let count = 0; count < 3; count += 1) await call();
    expect(succeeded).toHaveLength(3);
    const until = performance.now() + fullMs;
    const calls: Promise<void>[] = [];
    while (performance.now() < until) {
      await disk.fill({ leaveBytes: 0 });
      calls.push(call());
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await disk.free();
    await Promise.all(calls);
    const before = succeeded.length;
    for (let count = 0; count < 6; count += 1) await call();
    expect(succeeded.length - before).toBe(6);

    const files: string[] = [];
    for await (const entry of (await Volume.fromName(`full-${language}`).files()).list("/"))
      files.push(entry.path);
    expect(succeeded.filter((n) => !files.includes(`f${n}`))).toEqual([]);
  },
);

test.for(["sent", "handed over"])(
  "an upload that finds no room says so in three lines, leaves no file, and succeeds once there is room: a file that is %s",
  async (way) => {
    await using local = await temporaryDirectory({ "weights.bin": randomBytes(24 * mebibyte) });
    const volume = `uploads-${way.replace(" ", "-")}`;
    // Who names a server by its address sends.
    const env = way === "sent" ? { MODAL_SERVER_URL: String(server.ready["url"]) } : {};
    const put = () =>
      dorian(disk.path, ["volume", "put", volume, "weights.bin", "/weights.bin"], { cwd: local.path, env });
    await dorian(disk.path, ["volume", "create", volume]);
    // Room beyond the reserve for a part of it, then for nothing.
    for (const leaveBytes of [reserve + 12 * mebibyte, 10 * mebibyte]) {
      await disk.fill({ leaveBytes });
      const refused = await put();
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(
        /Error: .*The disk is nearly full: .*\n  Why: .*\(STORAGE_FULL\)\n  Fix: (Make room|Free space)/,
      );
    }
    expect((await dorian(disk.path, ["volume", "ls", volume, "--json"])).stdout.trim()).toBe("[]");
    await disk.free();
    expect(await put()).toMatchObject({ code: 0 });
    expect(await entriesOf(volume)).toMatchObject([{ path: "weights.bin", size: 24 * mebibyte }]);
  },
);

test("a build that finds no room fails, keeps nothing, and succeeds once there is room", async () => {
  await using project = await temporaryDirectory({
    "data.bin": randomBytes(16 * mebibyte),
    "app.ts": `
      import { App, Image } from "dorian";
      const image = Image.debianSlim()
        .runCommands("dd if=/dev/urandom of=/run-step bs=1M count=24 iflag=fullblock 2>&1")
        .addLocalFile("data.bin", "/copied", { copy: true });
      export const app = new App("full-build", { image });
      export const sizes = app.function({ name: "sizes" }, async () => {
        const { statSync } = await import("node:fs");
        return [statSync("/run-step").size, statSync("/copied").size];
      });
    `,
  });
  const deploy = () => dorian(disk.path, ["deploy", "app.ts"], { cwd: project.path });
  await disk.fill({ leaveBytes: 20 * mebibyte });
  const refused = await deploy();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/The disk is nearly full: .*\n  Why: .*\(STORAGE_FULL\)\n  Fix: Free space/);
  await disk.free();
  expect(await deploy()).toMatchObject({ code: 0 });
  const sizes = RemoteFunction.fromName<() => Promise<number[]>>("full-build", "sizes");
  expect(await sizes.remote()).toEqual([24 * mebibyte, 16 * mebibyte]);
});

test("without room new calls are refused with what to do, and reading, deleting and what runs go on [L4]", async () => {
  const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("full-disk", "add");
  const later = RemoteFunction.fromName<(n: number) => Promise<string>>("full-disk", "later");
  await dorian(disk.path, ["volume", "create", "not-needed"]);
  await using local = await temporaryDirectory({ "some.bin": randomBytes(8 * mebibyte) });
  await dorian(disk.path, ["volume", "put", "not-needed", "some.bin", "/some.bin"], { cwd: local.path });
  const finished = await add.spawn(1, 2);
  expect(await finished.get()).toBe(3);
  const running = await later.spawn(7);
  const [container] = await containersWith(disk.path, "/tmp/later");
  await disk.fill({ leaveBytes: 0 });

  await expect(add.remote(2, 3)).rejects.toMatchObject({
    code: "STORAGE_FULL",
    status: "RESOURCE_EXHAUSTED",
    message: expect.stringMatching(/^The disk is nearly full: \d+ MiB are free, and \d+ MiB are kept/),
    remedy: expect.stringContaining("dorian volume delete"),
  });
  container?.touch("/tmp/go");
  expect(await running.get()).toMatch(/^y+7$/);
  expect(await finished.get()).toBe(3);
  expect((await dorian(disk.path, ["app", "logs", "full-disk"])).stdout).toContain("later began");
  expect((await dorian(disk.path, ["volume", "get", "not-needed", "/some.bin", "-"])).code).toBe(0);
  for (const list of [
    ["app", "list"],
    ["container", "list"],
    ["volume", "list"],
  ])
    expect(await dorian(disk.path, list)).toMatchObject({ code: 0 });
  const deleted = await dorian(disk.path, ["volume", "delete", "not-needed", "--yes"]);
  expect(deleted).toMatchObject({ code: 0 });
  expect(server.output).toMatch(/The disk of \S+ is nearly full: /);

  await disk.free();
  expect(await add.remote(4, 5)).toBe(9);
  await eventually(
    async () => server.output,
    (output) => output.includes("The disk has room again"),
  );
});

test("a map of the official client goes on when there is room again, with all answers right [L4]", async () => {
  const client = await ModalClient.open(modalVersions.newest, disk.path);
  const script = `
import modal
f = modal.Function.from_name("full-disk", "square")
print("warm", f.remote(3), flush=True)
input()
wrong = [(i, r) for i, r in enumerate(f.starmap([(i, "x" * 20000) for i in range(1500)])) if r != i * i]
print("wrong", wrong, flush=True)
`;
  let filling: Promise<void> | undefined;
  const mapped = await client.python(["-c", script], {
    input: "go\n",
    onOutput: (text) => {
      if (text.includes("warm")) filling ??= disk.keepFull({ ms: 12_000 });
    },
  });
  await filling;
  expect(mapped.stderr).toBe("");
  expect(mapped.stdout).toBe("warm 9\nwrong []\n");
});

test("a server that finds no room at its start serves what it has, and takes more when there is room [L4]", async () => {
  const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("full-disk", "add");
  const call = await add.spawn(20, 3);
  expect(await call.get()).toBe(23);
  await dorian(disk.path, ["volume", "create", "left"]);
  const port = new URL(String(server.ready["url"])).port;
  await eventually(
    () => readdir(disk.path),
    (names) => names.includes("start-reserve"),
  );
  await server.stop();
  await disk.fill({ leaveBytes: 0 });
  server = await DorianProcess.start({ dataDirectory: disk.path, args: ["--listen", `127.0.0.1:${port}`] });
  expect(await call.get()).toBe(23);
  expect(await dorian(disk.path, ["volume", "delete", "left", "--yes"])).toMatchObject({ code: 0 });
  await expect(add.remote(1, 1)).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await disk.free();
  expect(await add.remote(4, 5)).toBe(9);
});

async function entriesOf(volume: string): Promise<{ path: string; size: number }[]> {
  const entries = [];
  for await (const entry of (await Volume.fromName(volume).files()).list("/")) entries.push(entry);
  return entries;
}
