import { createHash, randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import type { ClientRequest } from "node:http";
import { join } from "node:path";
import { Cls, Function as RemoteFunction, Volume } from "dorian";
import { printedBy, printing } from "@dorian/testkit/app-run";
import { deployApp } from "@dorian/testkit/deployed-app";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { scriptedContainers } from "@dorian/testkit/scripted-containers";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest] });
});

afterAll(() => server[Symbol.asyncDispose]());

function volumeCommand(...args: string[]): Promise<CommandResult> {
  return dorian(server.dataDirectory, ["volume", ...args]);
}

/** Runs `dorian volume …`, which must succeed. Returns what it printed. */
async function volume(...args: string[]): Promise<string> {
  const result = await volumeCommand(...args);
  expect(result.code, `dorian volume ${args.join(" ")}: ${result.stderr}`).toBe(0);
  return result.stdout;
}

async function names(): Promise<string[]> {
  return (JSON.parse(await volume("list", "--json")) as { name: string }[]).map(({ name }) => name);
}

async function paths(name: string, ...args: string[]): Promise<string[]> {
  return (JSON.parse(await volume("ls", name, ...args, "--json")) as { path: string }[]).map(
    ({ path }) => path,
  );
}

const run = (source: string) => printedBy(server.dataDirectory, source);

async function* pieces(...content: string[]): AsyncGenerator<string> {
  yield* content;
}

test("a volume is made at its first use when that is asked for, and is the same one ever after [J1, J2]", async () => {
  const absent = Volume.fromName("by-name");
  await expect(absent.files()).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND", status: "NOT_FOUND" });
  Volume.fromName("never-used", { createIfMissing: true });

  const first = await volume("create", "by-name", "--json");
  const { volumeId } = JSON.parse(first) as { volumeId: string };
  expect((await volumeCommand("create", "by-name")).code).not.toBe(0);
  const files = await Volume.fromName("by-name", { createIfMissing: true }).files();
  await files.putFile(pieces("x"), "x");
  expect(await paths("by-name")).toEqual(["x"]);
  const listed = JSON.parse(await volume("list", "--json")) as { name: string; volumeId: string }[];
  expect(listed.filter(({ name }) => name === "by-name")).toMatchObject([{ volumeId }]);
  expect(listed.map(({ name }) => name)).not.toContain("never-used");
});

test("an app that mounts a volume which does not exist is not deployed, and the error says what to do [J2]", async () => {
  const source = `
import { App, Volume } from "dorian";
export const app = new App("missing-volume");
export const work = app.function({ name: "work", volumes: { "/vol": Volume.fromName("no-such-volume") } }, async () => 1);
`;
  await expect(deployApp(server.dataDirectory, source)).rejects.toThrow(
    /Volume 'no-such-volume' not found[^]*createIfMissing/,
  );
  expect(await names()).not.toContain("no-such-volume");
});

test("names are letters, digits, dashes, dots and underscores, at most 64 of them [J4]", async () => {
  for (const bad of ["has space", "a/b", "ä", "x".repeat(65), ""]) {
    const result = await volumeCommand("create", bad);
    expect(result.code, bad).not.toBe(0);
    expect(() => Volume.fromName(bad)).toThrow(/cannot be the name of a volume/);
  }
  for (const good of ["aZ0-._", "x".repeat(64)]) {
    await volume("create", good);
    await volume("delete", good, "--yes");
  }
});

test("eight processes that make one volume at once make one [J5]", async () => {
  const created = await Promise.all(Array.from({ length: 4 }, () => volumeCommand("create", "raced")));
  expect(created.map(({ code }) => code).toSorted((a, b) => Number(a) - Number(b))).toEqual([0, 1, 1, 1]);
  await Promise.all(
    ["race-a", "race-b", "race-c", "race-d"].map((app) =>
      deployApp(
        server.dataDirectory,
        `
import { App, Volume } from "dorian";
const volume = Volume.fromName("raced-by-apps", { createIfMissing: true });
export const app = new App("${app}");
export const work = app.function({ name: "work", volumes: { "/vol": volume } }, async () => 1);
`,
      ),
    ),
  );
  expect((await names()).filter((name) => name.startsWith("raced")).toSorted()).toEqual([
    "raced",
    "raced-by-apps",
  ]);
});

test("volumes are renamed and deleted by command, and deleting asks first [J6]", async () => {
  await volume("create", "before");
  await volume("create", "taken");
  await (await Volume.fromName("before").files()).putFile(pieces("x"), "kept");
  expect((await volumeCommand("rename", "before", "taken")).stderr).toContain("already");
  await volume("rename", "before", "after");
  expect(await paths("after")).toEqual(["kept"]);
  expect((await volumeCommand("ls", "before")).stderr).toContain("Volume 'before' not found");

  const asked = await volumeCommand("delete", "after");
  expect(asked.code).not.toBe(0);
  expect(asked.stderr).toContain("--yes");
  expect(await names()).toContain("after");
  await volume("delete", "after", "--yes");
  expect(await names()).not.toContain("after");
  await volume("create", "after");
  expect(await paths("after")).toEqual([]);
});

test("what was committed outlives the app and all its containers, and a new container sees it [J3, K6]", async () => {
  const taskIds = [];
  for (const round of [1, 2]) {
    await using app = await scriptedContainers(server.dataDirectory, {
      app: `outlived-${round}`,
      volume: "outlived",
      mounts: { only: "/vol" },
    });
    const [taskId, before] = await app.container.only(async ({ fs, volume, taskId }, round) => {
      const before = await fs.readdir("/vol");
      await fs.writeFile(`/vol/round-${round}`, "x");
      await volume.commit();
      return [taskId, before] as const;
    }, round);
    taskIds.push(taskId);
    expect(before).toEqual(round === 1 ? [] : ["round-1"]);
  }
  expect(new Set(taskIds).size).toBe(2);
});

test("functions and classes of several apps share a volume, each at its own path, and exchange files [K1, K2, K4, O2, O3, O4]", async () => {
  await deployApp(
    server.dataDirectory,
    `
import { App, Volume, method } from "dorian";
import { readFileSync } from "node:fs";
const volume = Volume.fromName("shared", { createIfMissing: true });
export const app = new App("serving");
@app.cls({ volumes: { "/srv/deep/models": volume } })
export class Model {
  @method() async infer() { await volume.reload(); return readFileSync("/srv/deep/models/iris/weights", "utf8"); }
}
`,
  );
  const printed = await run(`
import { App, Cls, Volume } from "dorian";
import { mkdirSync, writeFileSync, readdirSync, statSync } from "node:fs";
${printing}
const volume = Volume.fromName("shared", { createIfMissing: true });
export const app = new App("training");
export const train = app.function({ name: "train", volumes: { "/vol": volume } }, async (weights: string) => {
  mkdirSync("/vol/iris", { recursive: true });
  writeFileSync("/vol/iris/weights", weights);
  await volume.commit();
});
export const look = app.function({ name: "look", volumes: { "/data/a/b": volume } }, async () => [readdirSync("/data"), statSync("/data/a").isDirectory(), readdirSync("/data/a/b")]);
app.localEntrypoint(async () => {
  const model = Cls.fromName<new () => { infer(): Promise<string> }>("serving", "Model").instance();
  await train.remote("first");
  print(await model.infer.remote());
  await train.remote("second");
  print(await model.infer.remote());
  print(await look.remote());
});
`);
  expect(printed).toEqual(["first", "second", [["a"], true, ["iris"]]]);
});

test("places where a volume cannot be mounted are refused before anything is made [K3]", async () => {
  const cases = {
    '"/": v': 'mounts volume "refused" at "/"',
    '"/root": v': 'at "/root"',
    '"/tmp": v': 'at "/tmp"',
    '"vol": v': "not absolute",
    '"/vol/../x": v': "shortest form",
    '"/vol/": v': "shortest form",
    '"/a": v, "/b": v': 'at "/a" and at "/b"',
  };
  for (const [volumes, message] of Object.entries(cases)) {
    const source = `
import { App, Volume } from "dorian";
const v = Volume.fromName("refused", { createIfMissing: true });
export const app = new App("refused");
export const work = app.function({ name: "work", volumes: { ${volumes} } }, async () => 1);
`;
    await expect(deployApp(server.dataDirectory, source), volumes).rejects.toThrow(message);
  }
  expect(await names()).not.toContain("refused");
});

test("a mount hides what the image has at its path, and the image keeps it [K5]", async () => {
  const printed = await run(`
import { App, Image, Volume } from "dorian";
import { readdirSync, writeFileSync } from "node:fs";
${printing}
const image = Image.debianSlim().runCommands("mkdir -p /srv/models && echo image > /srv/models/from-image");
const volume = Volume.fromName("shadow", { createIfMissing: true });
export const app = new App("shadow", { image });
export const mounted = app.function({ name: "mounted", volumes: { "/srv/models": volume } }, async () => {
  const before = readdirSync("/srv/models");
  writeFileSync("/srv/models/from-volume", "x");
  return [before, readdirSync("/srv/models")];
});
export const bare = app.function({ name: "bare" }, async () => readdirSync("/srv/models"));
app.localEntrypoint(async () => { print(await mounted.remote()); print(await bare.remote()); });
`);
  expect(printed).toEqual([[[], ["from-volume"]], ["from-image"]]);
  expect(await paths("shadow")).toEqual(["from-volume"]);
});

test("weights are read as from disk: anywhere in the file, and through a memory map [O1]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "as-from-disk",
    volume: "as-from-disk",
    mounts: { writer: "/vol", reader: "/vol" },
  });
  await app.container.writer(async ({ fs, volume }) => {
    const weights = Buffer.alloc(4 << 20);
    for (let offset = 0; offset < weights.length; offset += 4) weights.writeUInt32LE(offset, offset);
    await fs.writeFile("/vol/weights", weights);
    await fs.copyFile("/bin/cat", "/vol/cat");
    await volume.commit();
  });
  const read = await app.container.reader(async ({ fs, spawn }) => {
    const file = await fs.open("/vol/weights");
    const values = [];
    for (const offset of [4_000_000, 0, 123_456, 4_194_300]) {
      const { buffer } = await file.read(Buffer.alloc(4), 0, 4, offset);
      values.push(buffer.readUInt32LE());
    }
    await file.close();
    // A program is mapped into memory, not read.
    const child = spawn("/vol/cat", ["/proc/self/maps"]);
    let maps = "";
    for await (const chunk of child.stdout) maps += String(chunk);
    return [values, /r-xp .* \/vol\/cat$/m.test(maps)];
  });
  expect(read).toEqual([[4_000_000, 0, 123_456, 4_194_300], true]);
});

test("the command line puts, lists, copies, gets and removes files, large ones byte for byte [O5]", async () => {
  await using local = await temporaryDirectory({ "tree/a/b.txt": "b", "tree/c.txt": "c" });
  const large = randomBytes((30 << 20) + 12_345);
  await writeFile(join(local.path, "large"), large);
  await volume("create", "files");
  await volume("put", "files", join(local.path, "large"), "/models/");
  await volume("put", "files", join(local.path, "tree"), "/tree");
  expect(await paths("files", "--recursive")).toEqual([
    "models",
    "models/large",
    "tree",
    "tree/a",
    "tree/a/b.txt",
    "tree/c.txt",
  ]);
  expect((await volumeCommand("put", "files", join(local.path, "large"), "/models/")).stderr).toContain(
    "--force",
  );

  await volume("cp", "files", "/models/large", "/copy");
  await volume("cp", "files", "--recursive", "/tree", "/forest");
  await volume("rm", "files", "/models/large");
  expect((await volumeCommand("rm", "files", "/tree")).code).not.toBe(0);
  await volume("rm", "files", "--recursive", "/tree");
  expect(await paths("files", "--recursive")).toEqual([
    "copy",
    "forest",
    "forest/a",
    "forest/a/b.txt",
    "forest/c.txt",
    "models",
  ]);

  await volume("get", "files", "/copy", join(local.path, "back"));
  expect((await readFile(join(local.path, "back"))).equals(large)).toBe(true);
  await mkdir(join(local.path, "down"));
  await volume("get", "files", "/forest", join(local.path, "down"));
  expect(await readFile(join(local.path, "down/a/b.txt"), "utf8")).toBe("b");
  expect(await volume("get", "files", "/forest/c.txt", "-")).toBe("c");

  const seen = await run(`
import { App, Volume } from "dorian";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
${printing}
export const app = new App("files");
export const look = app.function({ name: "look", volumes: { "/vol": Volume.fromName("files") } }, async () => createHash("sha256").update(readFileSync("/vol/copy")).digest("hex"));
app.localEntrypoint(async () => { print(await look.remote()); });
`);
  expect(seen).toEqual([createHash("sha256").update(large).digest("hex")]);
});

test("of a file that was put before, only the changed block is sent again [L8]", async () => {
  await using local = await temporaryDirectory({ weights: randomBytes(30 << 20) });
  const files = await Volume.fromName("blocks", { createIfMissing: true }).files();
  const sent: number[] = [];
  const onRequest = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    if (request.method === "PUT") sent.push(Number(request.getHeader("content-length")));
  };
  subscribe("http.client.request.start", onRequest);
  onTestFinished(() => void unsubscribe("http.client.request.start", onRequest));
  const sentBy = async (work: () => Promise<unknown>) => {
    sent.length = 0;
    await work();
    return sent.reduce((sum, bytes) => sum + bytes, 0);
  };
  const path = join(local.path, "weights");
  const put = () => files.putFile(path, "weights", { overwrite: true });
  expect(await sentBy(put)).toBe(30 << 20);
  expect(await sentBy(put)).toBe(0);
  await appendFile(path, randomBytes(1024));
  expect(await sentBy(put)).toBe((6 << 20) + 1024);
  const readBack = Buffer.from(await files.readFile("weights"));
  expect(readBack.equals(await readFile(path))).toBe(true);
});

test("commit and reload work only in a container that mounts the volume [L2, N8]", async () => {
  const outside = Volume.fromName("outside", { createIfMissing: true });
  await expect(outside.commit()).rejects.toMatchObject({ code: "NOT_IN_CONTAINER" });
  await expect(outside.reload()).rejects.toMatchObject({ code: "NOT_IN_CONTAINER" });
  const printed = await run(`
import { App, Volume } from "dorian";
${printing}
const mounted = Volume.fromName("inside", { createIfMissing: true });
const other = Volume.fromName("not-mounted", { createIfMissing: true });
export const app = new App("elsewhere");
export const work = app.function({ name: "work", volumes: { "/vol": mounted } }, async () => {
  const codes: string[] = [];
  for (const call of [() => other.commit(), () => other.reload()]) await call().catch((error) => codes.push(error.code));
  return codes;
});
app.localEntrypoint(async () => { print(await work.remote()); });
`);
  expect(printed).toEqual([["VOLUME_NOT_MOUNTED", "VOLUME_NOT_MOUNTED"]]);
});

test("an empty volume belongs to the image's user whose directory it covers, in both languages [A13]", async () => {
  const written = ["f", "d/g"];
  const lines = [
    "RUN useradd -m -u 1234 worker && mkdir -m 750 /data && chown worker:worker /data",
    "USER worker",
  ];
  const source = `
import { App, Image, Volume } from "dorian";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
${printing}
const image = Image.debianSlim().dockerfileCommands(${JSON.stringify(lines)});
export const app = new App("covered", { image });
const volume = Volume.fromName("covered", { createIfMissing: true });
const look = async () => { const s = await stat("/data"); return [s.uid, s.gid, (s.mode & 0o7777).toString(8), await readdir("/data")]; };
export const write = app.function({ name: "write", volumes: { "/data": volume } }, async () => {
  await writeFile("/data/f", "x");
  await mkdir("/data/d");
  await writeFile("/data/d/g", "x");
  await volume.commit();
  await writeFile("/data/f", "again");
  return look();
});
export const read = app.function({ name: "read", image: Image.debianSlim(), volumes: { "/data": volume } }, look);
app.localEntrypoint(async () => { print(await write.remote()); print(await read.remote()); });
`;
  expect(await run(source)).toEqual([
    [1234, 1234, "750", ["d", "f"]],
    [1234, 1234, "750", ["d", "f"]],
  ]);
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  const program = `
import os, modal
app = modal.App("covered-python")
volume = modal.Volume.from_name("covered-python", create_if_missing=True)
image = modal.Image.debian_slim("3.11").dockerfile_commands(${JSON.stringify(lines)})
@app.function(image=image, volumes={"/data": volume})
def write():
    open("/data/f", "w").write("x")
    os.mkdir("/data/d")
    volume.commit()
    open("/data/d/g", "w").write("x")
    s = os.stat("/data/")
    return [s.st_uid, s.st_gid, oct(s.st_mode & 0o7777)]
@app.local_entrypoint()
def main():
    print(">", write.remote())
`;
  await using project = await temporaryDirectory({ "app.py": program });
  const { code, stdout, stderr } = await client.modal(["run", "app.py"], { cwd: project.path });
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain("> [1234, 1234, '0o750']");
  expect(await paths("covered-python", "-r")).toEqual(expect.arrayContaining(written));
});

test("files with names that are not UTF-8 are committed, listed, got and removed, and others with them [A14]", async () => {
  const script = String.raw`cd /v; echo ok > before; echo b > $'caf\xe9'; mkdir $'dir\xff'; echo c > $'dir\xff/in'; echo t > 'back\slash'`;
  const source = `
import { App, Volume } from "dorian";
import { execFileSync } from "node:child_process";
${printing}
const volume = Volume.fromName("odd-names", { createIfMissing: true });
export const app = new App("odd-names");
const sh = (script: string) => execFileSync("bash", ["-c", script], { encoding: "utf8", cwd: "/" });
export const write = app.function({ name: "write", volumes: { "/v": volume } }, async () => {
  sh(${JSON.stringify(script)});
  await volume.commit();
  return "committed";
});
export const list = app.function({ name: "list", volumes: { "/v": volume } }, async () => sh("cd /v; find . -type f | LC_ALL=C sort | cat -v"));
app.localEntrypoint(async () => { print(await write.remote()); print(await list.remote()); });
`;
  expect(await run(source)).toEqual(["committed", "./back\\slash\n./before\n./cafM-i\n./dirM-^?/in\n"]);
  const shown = ["back\\slash", "before", "caf\\xe9", "dir\\xff", "dir\\xff/in"];
  expect((await paths("odd-names", "-r")).toSorted()).toEqual(shown);
  expect(await volume("get", "odd-names", "caf\\xe9", "-")).toBe("b\n");
  await using local = await temporaryDirectory();
  await volume("get", "odd-names", "/", join(local.path, "all"));
  expect(await readFile(join(local.path, "all/dir\\xff/in"), "utf8")).toBe("c\n");
  await volume("cp", "odd-names", "caf\\xe9", "copy");
  await volume("rm", "odd-names", "caf\\xe9");
  await volume("rm", "-r", "odd-names", "dir\\xff");
  expect((await paths("odd-names", "-r")).toSorted()).toEqual(["back\\slash", "before", "copy"]);
});

/** Mounts parts of one volume, and uses the files of others without a mount. */
const filesApp = `
import { access, readFile, writeFile } from "node:fs/promises";
import { App, AppError, method, Volume } from "dorian";

export const app = new App("volume-files");
const tree = Volume.fromName("files-tree", { createIfMissing: true });
const code = (error: { code?: string }) => error.code;

class Parts {
  async write(text: string) {
    await writeFile("/part/file", text);
    return await access("/part/above").catch(code);
  }
}
app.cls({ volumes: { "/part": tree.withMountOptions({ subPath: "users/ada" }) } }, Parts, { methods: ["write"] });

@app.cls({ volumes: { "/tree": tree.withMountOptions({ readOnly: true }) } })
export class Reader {
  @method() async read() {
    return [
      await readFile("/tree/users/ada/file", "utf8"),
      await writeFile("/tree/other", "x").catch(code),
      await tree.commit().catch(code),
    ];
  }
}

export const unmounted = app.function({ name: "unmounted" }, async () => {
  await using scratch = await Volume.ephemeral();
  await writeFile("/tmp/local", "x".repeat(300_000));
  await scratch.batchUpload((batch) => {
    batch.putFile(Buffer.from("one"), "/a/one");
    batch.putFile("/tmp/local", "/a/large");
  });
  await scratch.copyFiles(["/a"], "/b", { recursive: true });
  await scratch.removeFile("/b/one");
  const paths: string[] = [];
  for await (const { path, type } of scratch.listFiles("/", { recursive: true })) if (type === "file") paths.push(path);
  const exists = await scratch.batchUpload((batch) => batch.putFile(Buffer.from("2"), "/a/one")).catch(code);
  const missing = await scratch.batchUpload((batch) => batch.putFile("/tmp/missing", "/c")).catch((error) => [
    error instanceof AppError,
    error.code,
  ]);
  const large = await scratch.readFile("/b/large");
  return [paths.toSorted(), Buffer.from(await scratch.readFile("/a/one")).toString(), large.length, exists, missing];
});
`;

test("volumes are mounted read-only and by a directory in them; their files are used without a mount, in containers too [K7, J7, O5]", async () => {
  await deployApp(server.dataDirectory, filesApp);
  const parts = Cls.fromName<{ new (): { write(text: string): Promise<string> } }>("volume-files", "Parts");
  expect(await parts.instance().write.remote("hers")).toBe("ENOENT");
  const tree = Volume.fromName("files-tree");
  expect(Buffer.from(await tree.readFile("users/ada/file")).toString()).toBe("hers");
  const reader = Cls.fromName<{ new (): { read(): Promise<unknown[]> } }>("volume-files", "Reader");
  expect(await reader.instance().read.remote()).toEqual(["hers", "EROFS", "VOLUME_READ_ONLY"]);
  expect(await RemoteFunction.fromName("volume-files", "unmounted").remote()).toEqual([
    ["a/large", "a/one", "b/large"],
    "one",
    300_000,
    "VOLUME_FILE_EXISTS",
    [true, "LOCAL_FILE_MISSING"],
  ]);
});
