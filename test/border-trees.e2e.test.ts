import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction, Volume } from "dorian";
import { printing, runApp } from "@dorian/testkit/app-run";
import { containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { scriptedContainers } from "@dorian/testkit/scripted-containers";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

async function isEmptied(directory: string): Promise<void> {
  await eventually(
    () => readdir(directory),
    (names) => names.length === 0,
    60_000,
  );
}

/** A directory of the host with all that the platform would remove, fill or mount over if it were led there. */
async function canary(): Promise<TemporaryDirectory & { look: () => Promise<string[]> }> {
  const directory = await temporaryDirectory({
    "__pycache__/module.cpython-311.pyc": "x",
    "inner/__pycache__/module.cpython-311.pyc": "x",
    "resolv.conf": "",
    hosts: "",
    "dorian/file": "x",
    "volumes/file": "x",
  });
  for (const name of ["victim", "proc", "sys", "run", "__modal"]) await mkdir(join(directory.path, name));
  const look = async () => {
    const names = (await readdir(directory.path, { recursive: true })).toSorted();
    return await Promise.all(
      names.map(async (name) => {
        const { mode, ino, size, mtimeMs } = await stat(join(directory.path, name));
        return [name, mode, ino, size, mtimeMs].join(" ");
      }),
    );
  };
  return { path: directory.path, look, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

test("links that a build function leaves in the place of directories lead to nothing of the host [B3]", async () => {
  await using host = await canary();
  const before = await host.look();
  for (const link of [host.path, `../../../../..${host.path}`]) {
    const built = await runApp(
      server.dataDirectory,
      `
import { execSync } from "node:child_process";
import { App, Image, Volume, build, method } from "dorian";
const volume = Volume.fromName("build-links", { createIfMissing: true });
export const app = new App("build-links", { image: Image.debianSlim() });
@app.cls({ volumes: { "/x/victim": volume } })
export class Evil {
  @build() async leave() {
    for (const command of ["mv /x /y && ln -s ${link} /x", "mv /etc /etc2; ln -s ${link} /etc", "cp -a /root /root2; rm -rf /root; ln -s ${link} /root", "rm -rf /pkg /__modal; ln -s ${link} /pkg; ln -s ${link} /__modal"]) {
      try { execSync(command, { stdio: "inherit" }); } catch {}
    }
  }
  @method() async ping() { return 1; }
}
app.localEntrypoint(async () => {});
`,
    );
    expect(built.stdout + built.stderr).not.toMatch(/ELOOP|ENOTDIR|at .*\.ts:\d+/);
    expect(await host.look()).toEqual(before);
  }
});

test("whatever an image has where containers have their mounts, nothing of the host is touched [B3]", async () => {
  await using host = await canary();
  const before = await host.look();
  const rel = `../../../../../..${host.path}`;
  const images = [
    // As links out, absolute and relative, at the end and on the way.
    [
      `ln -sfn ${host.path}/resolv.conf /etc/resolv.conf`,
      `ln -sfn ${rel}/hosts /etc/hosts`,
      `ln -sfn ${host.path} /vol`,
    ],
    [`rm -rf /run && ln -s ${host.path} /run`, `mkdir -p /vol && rmdir /vol && ln -s ${rel}/volumes /vol`],
    [`mv /etc /etc2 && ln -s ${host.path} /etc`, `ln -s one /two && ln -s two /one && ln -s /two /vol`],
    // As something else than a directory or a file.
    [
      "rm -f /etc/resolv.conf && mkfifo /etc/resolv.conf",
      "mkfifo /etc/hosts2 && ln -sfn /etc/hosts2 /etc/hosts",
      "touch /vol",
    ],
    ["rm -rf /run && mkdir /run && touch /run/dorian", "mkfifo /vol"],
  ];
  for (const [index, commands] of images.entries()) {
    const steps = commands.map((command) => JSON.stringify(`(${command}) || true`)).join(", ");
    const result = await runApp(
      server.dataDirectory,
      `
import { App, Image, Volume } from "dorian";
${printing}
const volume = Volume.fromName("mount-points", { createIfMissing: true });
export const app = new App("mount-points-${index}", { image: Image.debianSlim().runCommands(${steps}).runCommands("true") });
export const f = app.function({ name: "f", volumes: { "/vol": volume }, timeoutSeconds: 30 }, async () => 1);
app.localEntrypoint(async () => { print(await f.remote().catch((error) => "refused: " + error.message)); });
`,
    );
    // It runs, or is refused: it does not hang, and reaches nothing.
    expect(result.stdout + result.stderr).toMatch(/> (1|"refused)|error/i);
    expect(await host.look()).toEqual(before);
  }
});

test("a FIFO, a device, a way out or gigabytes in the place of a file that is read stop no build [B10]", async () => {
  const made = [
    "rm -f /etc/os-release && mkfifo /etc/os-release",
    "rm -f /etc/os-release /etc/passwd && ln -s /etc/shadow /etc/os-release && truncate -s 10G /etc/passwd",
    "rm -f /etc/os-release /etc/passwd && ln -s /dev/zero /etc/os-release && ln -s /dev/zero /etc/passwd",
    "rm -f /etc/apt/sources.list; mkfifo /etc/apt/sources.list; rm -f /etc/apt/sources.list.d/debian.sources; mkfifo /etc/apt/sources.list.d/debian.sources || true",
    "rm -f /etc/passwd && mkfifo /etc/passwd",
  ];
  for (const [index, command] of made.entries()) {
    const result = await runApp(
      server.dataDirectory,
      `
import { App, Image } from "dorian";
${printing}
export const app = new App("odd-files-${index}", { image: Image.debianSlim().runCommands(${JSON.stringify(command)}).runCommands("echo next") });
export const f = app.function({ name: "f" }, async () => 1);
app.localEntrypoint(async () => { print(await f.remote()); });
`,
    );
    const said = result.stdout + result.stderr;
    // runc reads this one itself, and starts nothing without it: such an image is refused instead of waited for.
    if (command.includes("mkfifo /etc/passwd")) expect(said).toContain("/etc/passwd of the image is a FIFO");
    else if (command.includes("/etc/passwd")) expect(said).toMatch(/> 1|did not start/);
    else expect(result.printed, said).toEqual([1]);
  }
});

test("commits go on while files are swapped for FIFOs, and what they made can be listed and read [B10]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "swapping",
    volume: "swapping",
    mounts: { writer: "/vol" },
  });
  const commits = await app.container.writer(async ({ fs, spawn, volume }) => {
    await fs.mkdir("/vol/race");
    const swap = `
      use strict; my @names = map { "/vol/race/$_" } 0..19;
      for (@names) { open(my $f, ">", $_); print $f "x"; close $f; system("mkfifo", "$_.fifo"); }
      my $end = time + 30;
      while (time < $end) { for (@names) { rename($_, "$_.away"); rename("$_.fifo", $_); rename($_, "$_.fifo"); rename("$_.away", $_); } }`;
    const swapper = spawn("perl", ["-e", swap], { stdio: "ignore" });
    let done = 0;
    for (const end = Date.now() + 8_000; Date.now() < end; done++) await volume.commit();
    const ended = new Promise((resolve) => swapper.once("exit", resolve));
    swapper.kill("SIGKILL");
    await ended;
    // What is listed and read below must not change in between.
    await volume.commit();
    return done;
  });
  expect(commits).toBeGreaterThan(0);
  const listed = await dorian(server.dataDirectory, ["volume", "ls", "swapping", "--recursive", "--json"]);
  expect(listed.code, listed.stderr).toBe(0);
  const entries = JSON.parse(listed.stdout) as { path: string; type: string }[];
  const files = await Volume.fromName("swapping").files();
  for (const { path } of entries.filter(({ type }) => type === "file")) {
    expect(Buffer.from(await files.readFile(path)).toString()).toBe("x");
  }
});

test("a file of terabytes is committed, copied while it is open, and asked for without holding others up [B11]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "sparse",
    volume: "sparse",
    mounts: { writer: "/vol" },
  });
  await app.container.writer(async ({ fs, syncFs, volume }) => {
    await fs.writeFile("/vol/sparse", "begin");
    await fs.truncate("/vol/sparse", 15 * 2 ** 40);
    const held = syncFs.openSync("/vol/held", "w");
    syncFs.ftruncateSync(held, 8 * 2 ** 40);
    await volume.commit();
    await fs.writeFile("/vol/more", "x");
    await volume.commit();
    syncFs.closeSync(held);
  });
  const listed = await dorian(server.dataDirectory, ["volume", "ls", "sparse", "--json"]);
  expect(JSON.parse(listed.stdout)).toEqual(
    expect.arrayContaining([expect.objectContaining({ path: "sparse", size: 15 * 2 ** 40 })]),
  );
  const files = await Volume.fromName("sparse").files();
  const pieces = files.readPieces("sparse");
  const first = await pieces.next();
  expect(
    Buffer.from(first.value ?? [])
      .subarray(0, 6)
      .toString(),
  ).toBe("begin\0");
  await pieces.return(undefined);
});

test("trees that are deeper than a path can say hold up neither the end of a container nor a start [B2]", async () => {
  const source = `
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume } from "dorian";
const volume = Volume.fromName("deep", { createIfMissing: true });
export const app = new App("deep", { image: Image.debianSlim() });
const dig = (root: string, levels: number, name: string) => {
  process.chdir(root);
  for (let level = 0; level < levels; level++) { mkdirSync(name); process.chdir(name); }
  writeFileSync("leaf", "x");
  process.chdir("/");
};
export const digs = app.function({ name: "digs", volumes: { "/vol": volume } }, async (wait: boolean) => {
  for (const root of ["/tmp", "/vol", "/run/dorian"]) {
    try { dig(root, 40, "d".repeat(200)); dig(root, 1_500, "x"); } catch (error) { if (root !== "/run/dorian") throw error; }
  }
  writeFileSync("/tmp/dug", "x");
  if (wait) await delay(600_000);
  return 1;
});
`;
  await deployApp(server.dataDirectory, source);
  const digs = RemoteFunction.fromName<(wait: boolean) => Promise<number>>("deep", "digs");
  // No volume holds such a path, which the call's caller is told.
  await expect(digs.remote(false)).rejects.toThrow(/a path in a volume has 3500 at most/);
  const stopped = await dorian(server.dataDirectory, ["app", "stop", "deep"]);
  expect(stopped.code, stopped.stderr).toBe(0);
  await isEmptied(join(server.dataDirectory, "scratch"));

  await deployApp(server.dataDirectory, source);
  await RemoteFunction.fromName<(wait: boolean) => Promise<number>>("deep", "digs").spawn(true);
  await containersWith(server.dataDirectory, "/tmp/dug");
  await server.processes.kill();
  server.processes = await DorianProcess.start({ dataDirectory: server.dataDirectory });
  await dorian(server.dataDirectory, ["app", "stop", "deep"]);
  await isEmptied(join(server.dataDirectory, "scratch"));
  await isEmptied(join(server.dataDirectory, "set-aside"));
});

test("what cannot be removed at a start is set aside and named, and the start goes on [B2]", async () => {
  await server.processes.stop();
  await mkdir(join(server.dataDirectory, "scratch/ta-stuck/upper"), { recursive: true });
  await writeFile(join(server.dataDirectory, "scratch/ta-stuck/upper/file"), "x");
  await mkdir(join(server.dataDirectory, "drafts/dead/x"), { recursive: true });
  server.processes = await DorianProcess.start({ dataDirectory: server.dataDirectory });
  expect(await readdir(join(server.dataDirectory, "scratch"))).toEqual([]);
  await isEmptied(join(server.dataDirectory, "set-aside"));
});
