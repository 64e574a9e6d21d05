import { createHash } from "node:crypto";
import { newId } from "@dorian/base/ids";
import type { VolumePutFiles2Response } from "@dorian/protocol/modal";
import fc from "fast-check";
import { expect, test } from "vitest";
import { atOnce, CatalogServer, temporaryDirectory, type ModalCaller } from "../../../test/catalog-server.ts";

const blockBytes = 8 * 1024 * 1024;

async function open(options = {}) {
  return await CatalogServer.open(await temporaryDirectory(), options);
}

async function createVolume(modal: ModalCaller, name = "weights"): Promise<string> {
  return (await modal.volumeGetOrCreate({ deploymentName: name, objectCreationType: 1 })).volumeId;
}

function blocksOf(content: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += blockBytes) {
    let end = Math.min(at + blockBytes, content.length);
    while (end > at && content[end - 1] === 0) end--;
    blocks.push(content.subarray(at, end));
  }
  return blocks;
}

/** Puts files as the clients do: asks what is missing, sends it by HTTP, asks again with the receipts. */
async function put(
  modal: ModalCaller,
  volumeId: string,
  files: Record<string, Buffer | string>,
  options: { overwrite?: boolean } = {},
): Promise<{ sent: number }> {
  const contents = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }));
  const receipts = new Map<string, Buffer>();
  const request = () => ({
    volumeId,
    disallowOverwriteExistingFiles: options.overwrite === false,
    files: contents.map(({ path, content }) => ({
      path,
      size: BigInt(content.length),
      blocks: blocksOf(content).map((block) => {
        const sha = createHash("sha256").update(block).digest();
        const receipt = receipts.get(sha.toString("hex"));
        return { contentsSha256: sha, ...(receipt ? { putResponse: receipt } : {}) };
      }),
    })),
  });
  let sent = 0;
  const first: VolumePutFiles2Response = await modal.volumePutFiles2(request());
  for (const missing of first.missingBlocks) {
    const block = blocksOf(contents[Number(missing.fileIndex)]?.content ?? Buffer.alloc(0))[
      Number(missing.blockIndex)
    ];
    const response = await fetch(missing.putUrl, { method: "PUT", body: new Uint8Array(block ?? []) });
    expect(response.status).toBe(200);
    receipts.set(
      createHash("sha256")
        .update(block ?? "")
        .digest("hex"),
      Buffer.from(await response.arrayBuffer()),
    );
    sent++;
  }
  if (sent > 0) expect((await modal.volumePutFiles2(request())).missingBlocks).toEqual([]);
  return { sent };
}

async function get(modal: ModalCaller, volumeId: string, path: string): Promise<Buffer> {
  const file = await modal.volumeGetFile2({ volumeId, path });
  const parts = await Promise.all(
    file.getUrls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())),
  );
  expect(parts.slice(0, -1).every((part) => part.length === blockBytes)).toBe(true);
  return Buffer.concat(parts);
}

async function list(modal: ModalCaller, volumeId: string, path = "/", recursive = true): Promise<string[]> {
  const paths: string[] = [];
  for await (const part of modal.volumeListFiles2({ volumeId, path, recursive })) {
    paths.push(...part.entries.map((entry) => (entry.type === 2 ? `${entry.path}/` : entry.path)));
  }
  return paths.toSorted();
}

test("a volume is made once, by name, also by two at a time and after a restart [J1] [J5]", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  await expect(first.modal.volumeGetOrCreate({ deploymentName: "weights" })).rejects.toMatchObject({
    code: "VOLUME_NOT_FOUND",
    remedy: expect.stringContaining("dorian volume create weights"),
  });
  const ids = await Promise.all([createVolume(first.modal), createVolume(first.modal)]);
  await first[Symbol.asyncDispose]();
  await using server = await CatalogServer.open(directory);
  expect(new Set([...ids, await createVolume(server.modal)]).size).toBe(1);
  await expect(
    server.modal.volumeGetOrCreate({ deploymentName: "weights", objectCreationType: 2 }),
  ).rejects.toMatchObject({ code: "VOLUME_EXISTS", status: "ALREADY_EXISTS" });
});

test.each(["", "a/b", "a b", "-a", "x".repeat(65), "ü"])("a volume cannot be named %j [J4]", async (name) => {
  await using server = await open();
  await expect(createVolume(server.modal, name)).rejects.toMatchObject({ code: "NAME_INVALID" });
});

test("volumes are listed newest first, renamed and deleted; a deleted name is free again [J6]", async () => {
  await using server = await open();
  const { modal } = server;
  const a = await createVolume(modal, "a");
  await new Promise((resolve) => setTimeout(resolve, 5));
  const b = await createVolume(modal, "b");
  await expect(modal.volumeRename({ volumeId: b, name: "a" })).rejects.toMatchObject({
    code: "VOLUME_EXISTS",
  });
  await modal.volumeRename({ volumeId: b, name: "c" });
  const { items } = await modal.volumeList({});
  expect(items.map((item) => item.label)).toEqual(["c", "a"]);
  const page = await modal.volumeList({
    pagination: { maxObjects: 1, createdBefore: items[0]?.createdAt ?? 0 },
  });
  expect(page.items.map((item) => item.volumeId)).toEqual([a]);
  await modal.volumeDelete({ volumeId: a });
  expect(await createVolume(modal, "a")).not.toBe(a);
  await expect(modal.volumeGetFile2({ volumeId: a, path: "x" })).rejects.toMatchObject({
    code: "VOLUME_NOT_FOUND",
  });
  expect((await server.worker.volumeHead({ volumeId: a })).version).toBe(0n);
});

test("what is put from outside is listed, read, copied and removed as it was [O5]", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  const big = Buffer.alloc(2 * blockBytes + 5);
  big.write("begin", 0);
  big.write("x", blockBytes + 3);
  const files = { "/models/big.bin": big, "models/small.txt": "hello", empty: "" };
  expect(await put(modal, volumeId, files)).toEqual({ sent: 4 });
  expect(await put(modal, volumeId, files)).toEqual({ sent: 0 });
  expect(await list(modal, volumeId)).toEqual(["empty", "models/", "models/big.bin", "models/small.txt"]);
  expect(await list(modal, volumeId, "models/small.txt")).toEqual(["models/small.txt"]);
  expect((await get(modal, volumeId, "models/big.bin")).equals(big)).toBe(true);
  expect((await modal.volumeGetFile2({ volumeId, path: "empty" })).getUrls).toEqual([]);
  await modal.volumeCopyFiles2({ volumeId, srcPaths: ["models"], dstPath: "copy", recursive: true });
  expect((await get(modal, volumeId, "copy/small.txt")).toString()).toBe("hello");
  await expect(modal.volumeRemoveFile2({ volumeId, path: "models" })).rejects.toMatchObject({
    status: "INVALID_ARGUMENT",
  });
  await modal.volumeRemoveFile2({ volumeId, path: "models", recursive: true });
  expect(await list(modal, volumeId)).toEqual(["copy/", "copy/big.bin", "copy/small.txt", "empty"]);
  await expect(list(modal, volumeId, "models")).rejects.toMatchObject({ code: "VOLUME_PATH_NOT_FOUND" });
  await expect(put(modal, volumeId, { empty: "x" }, { overwrite: false })).rejects.toMatchObject({
    status: "ALREADY_EXISTS",
  });
  const versions = await server.operator.volumeVersions({ volumeId });
  expect(versions.items.map((item) => [item.version, item.author])).toEqual(
    [0n, 1n, 2n, 3n, 4n].map((version) => [version, "client"]),
  );
});

test("a part of a file can be read, and a range outside of it is refused", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  await put(modal, volumeId, { f: "0123456789" });
  const part = await modal.volumeGetFile2({ volumeId, path: "f", start: 3n, len: 4n });
  expect([part.start, part.len, part.size]).toEqual([3n, 4n, 10n]);
  expect(await (await fetch(part.getUrls[0] ?? "")).text()).toBe("3456");
  await expect(modal.volumeGetFile2({ volumeId, path: "f", start: 11n })).rejects.toMatchObject({
    status: "OUT_OF_RANGE",
    message: expect.stringContaining("10 bytes"),
  });
  await expect(modal.volumeGetFile2({ volumeId, path: "nope" })).rejects.toMatchObject({
    status: "NOT_FOUND",
  });
});

test("addresses for bytes work as given only: no change, no other content, no made-up receipt", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  await put(modal, volumeId, { f: "0123456789" });
  const { getUrls } = await modal.volumeGetFile2({ volumeId, path: "f", len: 2n });
  const url = new URL(getUrls[0] ?? "");
  url.searchParams.set("path", "../../client.json");
  expect((await fetch(url)).status).toBe(403);
  const sha = createHash("sha256").update("new").digest();
  const request = { volumeId, files: [{ path: "n", size: 3n, blocks: [{ contentsSha256: sha }] }] };
  const { missingBlocks } = await modal.volumePutFiles2(request);
  const putUrl = missingBlocks[0]?.putUrl ?? "";
  expect((await fetch(putUrl, { method: "PUT", body: "other" })).status).toBe(400);
  expect((await modal.volumePutFiles2(request)).missingBlocks).toHaveLength(1);
  const forged = { ...request.files[0], blocks: [{ contentsSha256: sha, putResponse: Buffer.from("ok") }] };
  await expect(modal.volumePutFiles2({ volumeId, files: [forged] })).rejects.toMatchObject({
    code: "BLOCK_RECEIPT_INVALID",
  });
});

test("every append is the next version, once for each layer, and survives a restart [L2]", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const volumeId = await createVolume(first.modal);
  const taskId = newId("ta");
  const layers = await Promise.all(["a", "b", "c"].map((name) => first.layer({ [name]: name })));
  const appended = await Promise.all(
    layers.map(async (layerId) => {
      const { version } = await first.worker.volumeAppend({ volumeId, layerId, taskId, bytes: 1n });
      return { layerId, version };
    }),
  );
  const inOrder = appended.toSorted((one, other) => Number(one.version - other.version));
  expect(inOrder.map(({ version }) => version)).toEqual([1n, 2n, 3n]);
  const layerIds = inOrder.map(({ layerId }) => layerId);
  const again = await first.worker.volumeAppend({ volumeId, layerId: layerIds[1] ?? "", taskId });
  expect(again).toMatchObject({ version: 3n, layerIds });
  await expect(first.worker.volumeAppend({ volumeId, layerId: newId("ly") })).rejects.toMatchObject({
    code: "LAYER_NOT_FOUND",
  });
  await first[Symbol.asyncDispose]();
  await using server = await CatalogServer.open(directory);
  expect(await server.worker.volumeHead({ volumeId })).toMatchObject({ version: 3n, layerIds });
  const { items } = await server.operator.volumeVersions({ volumeId });
  expect(items.at(-1)).toMatchObject({ version: 3n, author: taskId, bytes: 1n });
});

test("a long stack is squashed in the background: fewer layers, the same version, the same files", async () => {
  await using server = await open();
  const { modal, worker } = server;
  const volumeId = await createVolume(modal);
  for (let i = 0; i < 40; i++) {
    const layerId = await server.layer({ [`f${i}`]: `${i}`, last: `${i}` });
    await worker.volumeAppend({ volumeId, layerId });
  }
  await expect.poll(async () => (await worker.volumeHead({ volumeId })).layerIds.length).toBeLessThan(32);
  expect((await worker.volumeHead({ volumeId })).version).toBe(40n);
  expect(await list(modal, volumeId)).toHaveLength(41);
  expect((await get(modal, volumeId, "last")).toString()).toBe("39");
  expect((await get(modal, volumeId, "f3")).toString()).toBe("3");
});

test("versions that were replaced lose their layers after a while; the newest never does", async () => {
  await using server = await open();
  const { modal, plane } = server;
  const volumeId = await createVolume(modal);
  await put(modal, volumeId, { a: "1" });
  await put(modal, volumeId, { b: "2" });
  const orphan = await server.layer({ lost: "x" });
  const deleted = await createVolume(modal, "deleted");
  await put(modal, deleted, { c: "3" });
  await modal.volumeDelete({ volumeId: deleted });
  const before = await server.layers.list();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const removed = await plane.collectGarbage(atOnce);
  expect(removed).toContain(orphan);
  expect(await server.layers.list()).toHaveLength(before.length - 2);
  expect(await list(modal, volumeId)).toEqual(["a", "b"]);
  expect((await get(modal, volumeId, "a")).toString()).toBe("1");
  expect((await server.operator.volumeVersions({ volumeId })).items).toHaveLength(3);
  await expect(server.worker.volumeHead({ volumeId: deleted })).rejects.toMatchObject({
    code: "VOLUME_NOT_FOUND",
  });
});

test("puts that must not overwrite and appends at the same time never lose a file [L4]", async () => {
  await using server = await open();
  const { modal, worker } = server;
  const volumeId = await createVolume(modal);
  const puts = Array.from({ length: 6 }, (_, i) =>
    put(modal, volumeId, { "same.txt": `${i}` }, { overwrite: false }),
  );
  const appends = Array.from({ length: 6 }, async (_, i) =>
    worker.volumeAppend({ volumeId, layerId: await server.layer({ [`t${i}`]: "x" }) }),
  );
  const results = await Promise.allSettled(puts);
  await Promise.all(appends);
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  expect(await list(modal, volumeId)).toEqual(["same.txt", "t0", "t1", "t2", "t3", "t4", "t5"]);
});

test("a volume is committed in containers only", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  await expect(modal.volumeCommit({ volumeId })).rejects.toMatchObject({ code: "VOLUME_NOT_MOUNTED" });
});

test("random edits from outside leave what a plain map of files would hold [L6]", async () => {
  const names = fc.constantFrom("a", "b", "d/a", "d/b", "e/f/g");
  const edit = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), path: names, content: fc.string({ maxLength: 5 }) }),
    fc.record({ kind: fc.constant("remove" as const), path: names }),
    fc.record({ kind: fc.constant("copy" as const), path: names, to: names }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { maxLength: 12 }), async (edits) => {
      await using server = await open();
      const { modal } = server;
      const volumeId = await createVolume(modal);
      const model = new Map<string, string>();
      for (const step of edits) {
        if (step.kind === "put") {
          await put(modal, volumeId, { [step.path]: step.content });
          model.set(step.path, step.content);
        } else if (step.kind === "remove") {
          const removal = modal.volumeRemoveFile2({ volumeId, path: step.path });
          if (model.delete(step.path)) await removal;
          else await expect(removal).rejects.toMatchObject({ status: "NOT_FOUND" });
        } else if (step.path !== step.to) {
          const copy = modal.volumeCopyFiles2({ volumeId, srcPaths: [step.path], dstPath: step.to });
          const content = model.get(step.path);
          if (content === undefined) await expect(copy).rejects.toMatchObject({ status: "NOT_FOUND" });
          else {
            await copy;
            model.set(step.to, content);
          }
        }
      }
      const files = (await list(modal, volumeId)).filter((path) => !path.endsWith("/"));
      expect(files).toEqual([...model.keys()].toSorted());
      for (const [path, content] of model) {
        expect((await get(modal, volumeId, path)).toString()).toBe(content);
      }
    }),
    { numRuns: 8 },
  );
});

test("a directory may be put where a file was removed", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  await put(modal, volumeId, { d: "file" });
  await modal.volumeRemoveFile2({ volumeId, path: "d" });
  await put(modal, volumeId, { "d/inside": "x" });
  expect(await list(modal, volumeId)).toEqual(["d/", "d/inside"]);
});

/** Puts files as the clients of 2024 do, and today's with volumes of version 1: whole, through the store of mounts. */
async function putWhole(
  modal: ModalCaller,
  volumeId: string,
  files: Record<string, string | Buffer>,
  overwrite = true,
) {
  const contents = Object.entries(files).map(([filename, content]) => {
    const data = Buffer.from(content);
    return { filename, data, sha256Hex: createHash("sha256").update(data).digest("hex") };
  });
  for (const { data, sha256Hex } of contents) {
    if ((await modal.mountPutFile({ sha256Hex })).exists) continue;
    await modal.mountPutFile({ sha256Hex, dataOneof: { case: "data", value: data } });
  }
  await modal.volumePutFiles({
    volumeId,
    files: contents.map(({ filename, sha256Hex }) => ({ filename, sha256Hex, mode: 0o600 })),
    disallowOverwriteExistingFiles: !overwrite,
  });
}

test("the calls without a 2 serve the same files", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  const large = Buffer.alloc(9 * 1024 * 1024, "large");
  await putWhole(modal, volumeId, { "/d/a": "first", "d/empty": "", large });
  await expect(putWhole(modal, volumeId, { "d/a": "other" }, false)).rejects.toMatchObject({
    status: "ALREADY_EXISTS",
  });
  const listed: string[] = [];
  for await (const part of modal.volumeListFiles({ volumeId, path: "/", recursive: true }))
    listed.push(...part.entries.map((entry) => entry.path));
  expect(listed.toSorted()).toEqual(["d", "d/a", "d/empty", "large"]);

  const whole = await modal.volumeGetFile({ volumeId, path: "/d/a" });
  expect([whole.dataOneof.case, Buffer.from(whole.dataOneof.value ?? "").toString(), whole.size]).toEqual([
    "data",
    "first",
    5n,
  ]);
  const part = await modal.volumeGetFile({ volumeId, path: "d/a", start: 1n, len: 3n });
  expect([Buffer.from(part.dataOneof.value ?? "").toString(), part.size, part.start, part.len]).toEqual([
    "irs",
    5n,
    1n,
    3n,
  ]);
  const empty = await modal.volumeGetFile({ volumeId, path: "d/empty", len: 8n });
  expect(empty.dataOneof).toMatchObject({ case: "data", value: new Uint8Array() });
  const start = await modal.volumeGetFile({ volumeId, path: "large", len: 8_388_608n });
  expect([start.dataOneof.value?.length, start.size]).toEqual([8_388_608, BigInt(large.length)]);
  const rest = await modal.volumeGetFile({ volumeId, path: "large", start: 8_388_608n, len: 8_388_608n });
  expect(rest.dataOneof.value?.length).toBe(1024 * 1024);
  const byBlob = await modal.volumeGetFile({ volumeId, path: "large" });
  const blobId = byBlob.dataOneof.case === "dataBlobId" ? byBlob.dataOneof.value : "";
  const { downloadUrl } = await modal.blobGet({ blobId });
  expect(Buffer.from(await (await fetch(downloadUrl)).arrayBuffer()).equals(large)).toBe(true);
  expect((await get(modal, volumeId, "large")).equals(large)).toBe(true);

  await modal.volumeCopyFiles({ volumeId, srcPaths: ["d/a"], dstPath: "b" });
  await modal.volumeRemoveFile({ volumeId, path: "d", recursive: true });
  expect(await list(modal, volumeId)).toEqual(["b", "large"]);
  const missing = { filename: "x", sha256Hex: "0".repeat(64) };
  await expect(modal.volumePutFiles({ volumeId, files: [missing] })).rejects.toMatchObject({
    code: "VOLUME_CONTENT_MISSING",
  });
  await expect(modal.volumeGetFile({ volumeId, path: "nope" })).rejects.toMatchObject({
    status: "NOT_FOUND",
  });
});

test("the addresses of a range are cut where the file's blocks are, and take ranges themselves", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  const content = Buffer.alloc(2 * blockBytes + 100, "0123456789");
  await put(modal, volumeId, { f: content });
  const from = blockBytes - 10;
  const part = await modal.volumeGetFile2({
    volumeId,
    path: "f",
    start: BigInt(from),
    len: BigInt(blockBytes + 20),
  });
  const bodies = await Promise.all(
    part.getUrls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())),
  );
  expect(bodies.map((body) => body.length)).toEqual([10, blockBytes, 10]);
  expect(Buffer.concat(bodies).equals(content.subarray(from, from + blockBytes + 20))).toBe(true);
  const ranged = (range: string) => fetch(part.getUrls[0] ?? "", { headers: { range } });
  const inner = await ranged("bytes=2-4");
  expect([inner.status, await inner.text(), inner.headers.get("content-range")]).toEqual([
    206,
    content.subarray(from + 2, from + 5).toString(),
    "bytes 2-4/10",
  ]);
  expect(await (await ranged("bytes=-3")).text()).toBe(content.subarray(from + 7, from + 10).toString());
  expect((await ranged("bytes=10-")).status).toBe(416);
});

test("clients of 0.62 name all that is in a directory by stars", async () => {
  await using server = await open();
  const { modal } = server;
  const volumeId = await createVolume(modal);
  await put(modal, volumeId, { "d/a": "1", "d/e/b": "2" });
  const named = async (path: string, clientVersion: string) => {
    const paths: string[] = [];
    for await (const part of modal.volumeListFiles({ volumeId, path, recursive: false }, { clientVersion }))
      paths.push(...part.entries.map((entry) => entry.path));
    return paths.toSorted();
  };
  expect(await named("d/*", "0.62.181")).toEqual(["d/a", "d/e"]);
  expect(await named("d/**", "0.62.181")).toEqual(["d/a", "d/e", "d/e/b"]);
  await expect(named("d/*", "0.64.57")).rejects.toMatchObject({ status: "NOT_FOUND" });
  // A pattern that begins anew at each star would hold everybody up for minutes.
  const row = `${"*".repeat(1_000_000)}x`;
  await expect(named(row, "0.62.181")).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
});

test("a volume keeps the version it was made with; one without a name goes with its heartbeats or its app [J7]", async () => {
  let elapsedMs = 0;
  await using server = await open({ elapsedMs: () => elapsedMs });
  const { modal } = server;
  const passTenMinutes = async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      elapsedMs += 60_000;
      await server.plane.removeUnused();
    }
  };
  const make = (deploymentName: string, version: number) =>
    modal.volumeGetOrCreate({ deploymentName, version, objectCreationType: 1 });
  expect([(await make("a", 0)).version, (await make("b", 2)).version]).toEqual([1, 2]);
  expect((await make("b", 1)).metadata).toMatchObject({ version: 2, name: "b" });
  const ephemeral = await modal.volumeGetOrCreate({ objectCreationType: 5, version: 2 });
  const { appId } = await modal.appCreate({ description: "app" });
  const own = await modal.volumeCreate({ appId });
  await put(modal, ephemeral.volumeId, { x: "1" });
  expect((await modal.volumeGetById({ volumeId: ephemeral.volumeId })).metadata).toMatchObject({
    name: "",
    version: 2,
  });
  expect((await modal.volumeList({})).items.map((item) => item.label).toSorted()).toEqual(["a", "b"]);
  await server.plane.removeUnused();
  await passTenMinutes();
  await modal.volumeHeartbeat({ volumeId: ephemeral.volumeId });
  await passTenMinutes();
  expect(await list(modal, ephemeral.volumeId)).toEqual(["x"]);
  expect(await list(modal, own.volumeId)).toEqual([]);
  await modal.appStop({ appId });
  await passTenMinutes();
  for (const { volumeId } of [ephemeral, own])
    await expect(list(modal, volumeId)).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  expect((await modal.volumeList({})).items).toHaveLength(2);
});
