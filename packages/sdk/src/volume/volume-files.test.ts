import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { openVolumeServer, type VolumeServer } from "../../test/volume-server.ts";
import { blockBytes } from "./block.ts";
import type { TransferProgress } from "./transfer-progress.ts";

test("a file of several blocks comes back as it was", async () => {
  await using server = await openVolumeServer();
  const content = randomBytes(2 * blockBytes + 12_345);
  await using local = await temporaryDirectory({ weights: content });
  await server.files.putFile(join(local.path, "weights"), "/models/weights");
  await server.files.getFile("models/weights", join(local.path, "back"));
  expect((await readFile(join(local.path, "back"))).equals(content)).toBe(true);
  expect(Buffer.from(await server.files.readFile("/models/weights")).equals(content)).toBe(true);
});

test("empty files, zeros at the end and files of nothing but zeros keep their sizes", async () => {
  await using server = await openVolumeServer();
  const contents: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    zeros: Buffer.alloc(blockBytes + 5),
    tail: Buffer.concat([randomBytes(1000), Buffer.alloc(blockBytes)]),
    exact: randomBytes(blockBytes),
  };
  await using local = await temporaryDirectory(contents);
  await server.files.putDirectory(local.path, "/");
  for (const [name, content] of Object.entries(contents)) {
    const found = Buffer.from(await server.files.readFile(name));
    expect([name, found.equals(content)]).toEqual([name, true]);
  }
  // Nothing of a block of zeros is sent, and equal ones are one.
  const missing = server.puts[0]?.response.missingBlocks ?? [];
  expect(missing).toHaveLength(3);
});

test("after an append, only the block that changed is sent [L8]", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ log: randomBytes(3 * blockBytes + 1000) });
  const path = join(local.path, "log");
  await server.files.putFile(path, "log");
  await appendFile(path, randomBytes(1024));
  server.puts.length = 0;
  await server.files.putFile(path, "log", { overwrite: true });
  expect(server.puts[0]?.response.missingBlocks).toMatchObject([{ fileIndex: 0n, blockIndex: 3n }]);
  expect(server.puts).toHaveLength(2);
});

test("the answer to each block that was sent is echoed", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ a: "same", b: "same", c: "other" });
  await server.files.putDirectory(local.path, "/d");
  expect(server.puts).toHaveLength(2);
  for (const file of server.puts[1]?.request.files ?? [])
    expect(file.blocks[0]?.putResponse?.length).toBeGreaterThan(0);
});

test("a directory is put whole: modes, nested names, and what symbolic links lead to", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ "a/b/c.txt": "c", "run.sh": "#!/bin/sh" });
  await chmod(join(local.path, "run.sh"), 0o755);
  await symlink("a", join(local.path, "link"));
  expect(await server.files.putDirectory(local.path, "/top")).toEqual({
    files: 3,
    bytes: 11,
    leftOut: [],
  });
  expect(await listed(server)).toEqual(["top/a/b/c.txt", "top/link/b/c.txt", "top/run.sh"]);
  expect(server.puts[0]?.request.files.find(({ path }) => path === "/top/run.sh")?.mode).toBe(0o755);
});

test("a directory that leads back to itself is refused", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ "a/file": "x" });
  await symlink("..", join(local.path, "a/up"));
  await expect(server.files.putDirectory(local.path, "/")).rejects.toMatchObject({
    code: "LOCAL_LINK_CYCLE",
  });
});

test("without overwrite a file that is there stays, and none of the batch appears", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ a: "new a", b: "new b" });
  await server.files.putFile(from("old b"), "b");
  await expect(server.files.putDirectory(local.path, "/")).rejects.toMatchObject({
    code: "VOLUME_FILE_EXISTS",
    status: "ALREADY_EXISTS",
  });
  expect(await listed(server)).toEqual(["b"]);
  await server.files.putDirectory(local.path, "/", { overwrite: true });
  expect(await text(server, "b")).toBe("new b");
});

test.for<[string, string, (path: string) => Promise<void>]>([
  ["vanishes", "LOCAL_FILE_MISSING", (path) => rm(path)],
  ["shrinks", "LOCAL_FILE_CHANGED", (path) => truncate(path, 10)],
  ["changes", "LOCAL_FILE_CHANGED", (path) => writeFile(path, randomBytes(2 * blockBytes))],
])(
  "a file that %s while it is uploaded fails it, and nothing is half done [L5]",
  async ([, code, happens]) => {
    await using server = await openVolumeServer();
    await using local = await temporaryDirectory({ a: "first", b: randomBytes(2 * blockBytes) });
    server.onAnswered = async () => {
      server.onAnswered = undefined;
      await happens(join(local.path, "b"));
    };
    const failed = server.files.putDirectory(local.path, "/");
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(join(local.path, "b"));
    expect(await listed(server)).toEqual([]);
  },
);

test("a missing file, a directory and a named pipe are refused by name, at once", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory();
  await promisify(execFile)("mkfifo", [join(local.path, "pipe")]);
  await expect(server.files.putFile(join(local.path, "none"), "x")).rejects.toMatchObject({
    code: "LOCAL_FILE_MISSING",
  });
  for (const path of [local.path, join(local.path, "pipe")]) {
    await expect(server.files.putFile(path, "x")).rejects.toMatchObject({ code: "LOCAL_FILE_INVALID" });
  }
});

test("content that comes as a stream is put as a file", async () => {
  await using server = await openVolumeServer();
  const pieces = Array.from({ length: 20 }, () => randomBytes(1024 * 1024));
  await server.files.putFile(from(...pieces), "stream");
  expect(Buffer.from(await server.files.readFile("stream")).equals(Buffer.concat(pieces))).toBe(true);
  await expect(server.files.putFile(from("x"), "directory/")).rejects.toMatchObject({
    code: "VOLUME_PATH_INVALID",
  });
});

test("a stream that breaks off puts nothing", async () => {
  await using server = await openVolumeServer();
  const broken = (async function* () {
    yield "some";
    throw new Error("the pipe broke");
  })();
  await expect(server.files.putFile(broken, "x")).rejects.toThrow("the pipe broke");
  expect(await listed(server)).toEqual([]);
});

test("a path that ends in a slash keeps the file's name", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ "iris.csv": "1,2" });
  await server.files.putFile(join(local.path, "iris.csv"), "/data/");
  expect(await listed(server)).toEqual(["data/iris.csv"]);
  await mkdir(join(local.path, "out"));
  await server.files.getFile("data/iris.csv", join(local.path, "out"));
  expect(await readFile(join(local.path, "out/iris.csv"), "utf8")).toBe("1,2");
});

test("a download leaves a file that is there alone, unless it may overwrite it", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ file: "mine" });
  await server.files.putFile(from("theirs"), "file");
  const path = join(local.path, "file");
  await expect(server.files.getFile("file", path)).rejects.toMatchObject({ code: "LOCAL_FILE_EXISTS" });
  expect(await readFile(path, "utf8")).toBe("mine");
  await server.files.getFile("file", path, { overwrite: true });
  expect(await readFile(path, "utf8")).toBe("theirs");
});

test("a file that is not in the volume leaves nothing on this machine", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory();
  await expect(server.files.getFile("none", join(local.path, "x"))).rejects.toMatchObject({
    code: "VOLUME_PATH_NOT_FOUND",
  });
  await expect(server.files.getDirectory("none", join(local.path, "d/e"))).rejects.toMatchObject({
    code: "VOLUME_PATH_NOT_FOUND",
  });
  expect(await readdir(local.path)).toEqual([]);
});

test("a full disk is a clear error, and what was there stays", async () => {
  await using server = await openVolumeServer();
  await server.files.putFile(from(randomBytes(3 * 1024 * 1024)), "big/file");
  await using local = await temporaryDirectory();
  const small = join(local.path, "small");
  await mkdir(small);
  await promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
  await using mounted = new AsyncDisposableStack();
  mounted.defer(async () => void (await promisify(execFile)("umount", ["-l", small])));
  await writeFile(join(small, "file"), "old");
  const full = { code: "LOCAL_DISK_FULL" };
  await expect(
    server.files.getFile("big/file", join(small, "file"), { overwrite: true }),
  ).rejects.toMatchObject(full);
  await expect(server.files.getDirectory("big", join(small, "new/dir"))).rejects.toMatchObject(full);
  expect(await readdir(small)).toEqual(["file"]);
  expect(await readFile(join(small, "file"), "utf8")).toBe("old");
});

test("a directory is downloaded with all below it, empty directories too", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ "src/a/b": "deep", "src/c": "c" });
  await server.files.putDirectory(join(local.path, "src"), "/top");
  const to = join(local.path, "to");
  expect(await server.files.getDirectory("/top", to)).toEqual({ files: 2, bytes: 5, skipped: [] });
  expect((await readdir(to, { recursive: true })).toSorted()).toEqual(["a", "a/b", "c"]);
  await expect(server.files.getDirectory("/top", to)).rejects.toMatchObject({ code: "LOCAL_FILE_EXISTS" });
  await server.files.getDirectory("/", to);
  expect(await readFile(join(to, "top/a/b"), "utf8")).toBe("deep");
  await expect(server.files.getDirectory("/top/c", to)).rejects.toMatchObject({
    code: "PATH_IS_NOT_A_DIRECTORY",
  });
});

test("a file goes into a stream in order, and the stream stays open", async () => {
  await using server = await openVolumeServer();
  const content = randomBytes(3 * blockBytes + 7);
  await server.files.putFile(from(content), "file");
  const received: Buffer[] = [];
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      received.push(chunk);
      setTimeout(done, 1);
    },
  });
  await server.files.getFile("file", output);
  expect(Buffer.concat(received).equals(content)).toBe(true);
  expect(output.writableEnded).toBe(false);
});

test("progress ends with all bytes and files done", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({
    "src/a": randomBytes(blockBytes + 1),
    "src/b": "bb",
    "src/c": "",
  });
  const seen: TransferProgress[] = [];
  const onProgress = (progress: TransferProgress) => seen.push(progress);
  await server.files.putDirectory(join(local.path, "src"), "/", { onProgress });
  await server.files.getDirectory("/", join(local.path, "to"), { onProgress });
  for (const stage of ["reading", "sending", "receiving"]) {
    expect(seen.findLast((progress) => progress.stage === stage)).toMatchObject({
      bytesDone: blockBytes + 3,
      bytesTotal: blockBytes + 3,
      filesDone: 3,
      filesTotal: 3,
    });
  }
});

test("an upload that is aborted puts nothing and rejects with the reason", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ a: randomBytes(blockBytes) });
  const stop = new AbortController();
  server.onAnswered = async () => stop.abort(new Error("enough"));
  const put = server.files.putFile(join(local.path, "a"), "a", { signal: stop.signal });
  await expect(put).rejects.toThrow("enough");
  expect(await listed(server)).toEqual([]);
});

test("removing and copying work on files, and on directories when that is said", async () => {
  await using server = await openVolumeServer();
  await server.files.putFile(from("1"), "d/one");
  await expect(server.files.remove("d")).rejects.toMatchObject({ code: "PATH_IS_A_DIRECTORY" });
  await server.files.copy(["d"], "e", { recursive: true });
  await server.files.copy(["d/one"], "two");
  await server.files.remove("d", { recursive: true });
  expect(await listed(server)).toEqual(["e/one", "two"]);
  expect(await text(server, "two")).toBe("1");
});

async function listed(server: VolumeServer): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path, type } of server.files.list("/", { recursive: true })) {
    if (type === "file") paths.push(path);
  }
  return paths.toSorted();
}

async function text(server: VolumeServer, path: string): Promise<string> {
  return Buffer.from(await server.files.readFile(path)).toString();
}

async function* from(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* pieces;
}
