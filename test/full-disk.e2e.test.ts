import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RemoteFunction } from "@dorian/sdk/function/remote-function";
import { Volume } from "@dorian/sdk/volume/volume";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { copySeed } from "@dorian/testkit/seeded-data";
import { smallDisk, type SmallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const mebibyte = 1024 * 1024;
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
  await copySeed(disk.path);
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

test("an upload that finds no room says so in three lines, leaves no file, and succeeds once there is room", async () => {
  await using local = await temporaryDirectory({ "weights.bin": randomBytes(24 * mebibyte) });
  const put = () =>
    dorian(disk.path, ["volume", "put", "uploads", "weights.bin", "/weights.bin"], { cwd: local.path });
  await dorian(disk.path, ["volume", "create", "uploads"]);
  await disk.fill({ leaveBytes: 10 * mebibyte });
  const refused = await put();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /Error: .*The disk is full: .*\n  Why: .*\(STORAGE_FULL\)\n  Fix: Make room/,
  );
  expect((await dorian(disk.path, ["volume", "ls", "uploads", "--json"])).stdout.trim()).toBe("[]");
  await disk.free();
  expect(await put()).toMatchObject({ code: 0 });
  expect(await entriesOf("uploads")).toMatchObject([{ path: "weights.bin", size: 24 * mebibyte }]);
});

test("a build that finds no room fails, keeps nothing, and succeeds once there is room", async () => {
  await using project = await temporaryDirectory({
    "data.bin": randomBytes(16 * mebibyte),
    "app.ts": `
      import { App, Image } from "dorian";
      const image = Image.debianSlim()
        .runCommands("dd if=/dev/urandom of=/run-step bs=1M count=24 2>&1")
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
  const ofRun = await deploy();
  expect(ofRun.code).toBe(1);
  expect(ofRun.stdout + ofRun.stderr).toMatch(/No space left on device/);
  await disk.free();
  await disk.fill({ leaveBytes: 36 * mebibyte });
  const ofCopy = await deploy();
  expect(ofCopy.code).toBe(1);
  expect(ofCopy.stderr).toMatch(/The disk is full/);
  await disk.free();
  expect(await deploy()).toMatchObject({ code: 0 });
  const sizes = RemoteFunction.fromName<() => Promise<number[]>>("full-build", "sizes");
  expect(await sizes.remote()).toEqual([24 * mebibyte, 16 * mebibyte]);
});

test("with no room at all a call is refused with that reason, and works once there is room", async () => {
  const add = RemoteFunction.fromName<(a: number, b: number, ballast?: Uint8Array) => Promise<number>>(
    "full-disk",
    "add",
  );
  expect(await add.remote(1, 2)).toBe(3);
  await disk.fill({ leaveBytes: 0 });
  // The database has some room of its own left.
  const ballast = new Uint8Array(mebibyte);
  const outcomes: string[] = [];
  for (let count = 0; count < 40 && !outcomes.some((outcome) => outcome !== "5"); count += 1) {
    outcomes.push(await add.remote(2, 3, ballast).then(String, (error: Error) => error.message));
  }
  expect(outcomes.at(-1)).toMatch(/The disk is full/);
  await disk.free();
  expect(await add.remote(4, 5)).toBe(9);
});

test("a server that finds no room at its start says so and ends", async () => {
  const file = join(disk.path, "client.json");
  expect(await readFile(file, "utf8")).toContain("tokenSecret");
  await server.stop();
  await disk.fill({ leaveBytes: 0 });
  await expect(DorianProcess.start({ dataDirectory: disk.path })).rejects.toThrow(
    /Error: .*disk is full.*\n  Why: .*\n  Fix: /,
  );
  await disk.free();
  server = await DorianProcess.start({ dataDirectory: disk.path });
  expect(await readFile(file, "utf8")).toContain("tokenSecret");
});

async function entriesOf(volume: string): Promise<{ path: string; size: number }[]> {
  const entries = [];
  for await (const entry of (await Volume.fromName(volume).files()).list("/")) entries.push(entry);
  return entries;
}
