import { createHash } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "@dorian/base/ids";
import { DeploymentNamespace, ObjectCreationType } from "@dorian/protocol/modal";
import { BlockStore } from "@dorian/storage/block-store";
import { LayerStore } from "@dorian/storage/layer-store";
import { expect, test } from "vitest";
import { atOnce, CatalogServer, mountFiles, temporaryDirectory } from "../../../test/catalog-server.ts";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { MountStore } from "./mount-store.ts";

const shaOf = (content: string) => createHash("sha256").update(content).digest("hex");
const anonymous = { objectCreationType: 4 } as const;

test("files are sent once, and equal trees are one mount in whatever order they are named", async () => {
  const directory = await temporaryDirectory();
  const server = await CatalogServer.open(directory);
  const { modal } = server;
  const [a, empty] = [shaOf("a"), shaOf("")];
  const asked = await modal.mountBatchedCheckExistence({ sha256HexHashes: [a, empty] });
  expect(asked.missingSha256HexHashes).toEqual([a, empty]);
  expect((await modal.mountPutFile({ sha256Hex: a })).exists).toBe(false);
  const first = await mountFiles(modal, { "/root/a.mjs": "a", "/root/d/empty": "" });
  expect((await modal.mountPutFile({ sha256Hex: a })).exists).toBe(true);
  expect(await mountFiles(modal, { "/root/d/empty": "", "/root/a.mjs": "a" })).toBe(first);
  expect(await mountFiles(modal, { "/root/a.mjs": "a" })).not.toBe(first);
  await server[Symbol.asyncDispose]();
  await using again = await CatalogServer.open(directory);
  expect(await mountFiles(again.modal, { "/root/a.mjs": "a", "/root/d/empty": "" })).toBe(first);
});

test("a file that was never sent, a digest that is not its content's, and impossible trees are refused", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const file = (filename: string, sha256Hex = shaOf("a")) => ({ filename, sha256Hex });
  await expect(modal.mountGetOrCreate({ ...anonymous, files: [file("/a")] })).rejects.toMatchObject({
    code: "MOUNT_CONTENT_MISSING",
  });
  await expect(
    modal.mountPutFile({ sha256Hex: shaOf("a"), dataOneof: { case: "data", value: Buffer.from("b") } }),
  ).rejects.toMatchObject({ code: "BLOCK_DIGEST_MISMATCH" });
  await mountFiles(modal, { "/a": "a" });
  for (const files of [
    [file("relative")],
    [file("/a/../b")],
    [file("/")],
    [file("/a"), file("/a")],
    [file("/a"), file("/a/b")],
    [file("/a", "xyz")],
  ]) {
    await expect(modal.mountGetOrCreate({ ...anonymous, files })).rejects.toMatchObject({
      code: "MOUNT_FILE_INVALID",
    });
  }
});

test("a mount is a layer with the files' modes, written again when the disk lost it", async () => {
  const directory = await temporaryDirectory();
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  await using layers = await LayerStore.open(directory);
  await using blocks = await BlockStore.open(directory);
  const { sha } = await blocks.put(Buffer.from("#!/bin/sh\n"));
  const mounts = await MountStore.load({ db, journal, layers, blocks, nowMs: Date.now });
  const mount = await mounts.getOrCreate([{ path: "/bin/run", sha256: sha, mode: 0o755 }]);
  const path = join(layers.path(mount.layerId), "bin/run");
  expect(await readFile(path, "utf8")).toBe("#!/bin/sh\n");
  expect((await stat(path)).mode & 0o777).toBe(0o755);
  await rm(layers.path(mount.layerId), { recursive: true });
  const layerId = await mounts.layerOf(mount.mountId);
  expect(layerId).not.toBe(mount.layerId);
  expect(await layers.has(layerId)).toBe(true);
  await expect(mounts.layerOf(newId("mo"))).rejects.toMatchObject({ code: "MOUNT_NOT_FOUND" });
  await journal[Symbol.asyncDispose]();
  await db.destroy();
});

test("a published mount is found by its name in its environment, replaced only on demand, and kept", async () => {
  const directory = await temporaryDirectory();
  const server = await CatalogServer.open(directory);
  const { modal } = server;
  await modal.environmentCreate({ name: "dev" });
  const put = async (content: string) => {
    const sha256Hex = shaOf(content);
    await modal.mountPutFile({ sha256Hex, dataOneof: { case: "data", value: Buffer.from(content) } });
    return [{ filename: "/root/a", sha256Hex }];
  };
  const name = { deploymentName: "things", namespace: DeploymentNamespace.WORKSPACE };
  const publish = async (content: string, objectCreationType: number, environmentName = "") =>
    await modal.mountGetOrCreate({ ...name, environmentName, objectCreationType, files: await put(content) });
  const { mountId } = await publish("one", ObjectCreationType.CREATE_FAIL_IF_EXISTS);
  await publish("one", ObjectCreationType.CREATE_FAIL_IF_EXISTS, "dev");
  expect(await modal.mountGetOrCreate(name)).toMatchObject({ mountId });
  await expect(publish("two", ObjectCreationType.CREATE_FAIL_IF_EXISTS)).rejects.toMatchObject({
    code: "MOUNT_EXISTS",
    status: "ALREADY_EXISTS",
  });
  const second = await publish("two", ObjectCreationType.CREATE_IF_MISSING);
  expect(second.mountId).not.toBe(mountId);
  const everywhere = { ...name, namespace: DeploymentNamespace.GLOBAL };
  await expect(modal.mountGetOrCreate(everywhere)).rejects.toMatchObject({ code: "MOUNT_NOT_FOUND" });
  await expect(publish("x", ObjectCreationType.CREATE_IF_MISSING, "none")).rejects.toMatchObject({
    code: "ENVIRONMENT_NOT_FOUND",
  });
  await modal.mountGetOrCreate({
    objectCreationType: ObjectCreationType.EPHEMERAL,
    files: await put("nobody's"),
  });
  await server[Symbol.asyncDispose]();

  await using again = await CatalogServer.open(directory);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const later = () => again.plane.collectGarbage(atOnce);
  await later();
  expect(await again.modal.mountGetOrCreate(name)).toMatchObject({ mountId: second.mountId });
  expect(await again.modal.mountGetOrCreate({ ...name, environmentName: "dev" })).toMatchObject({ mountId });
});

test("a retried publication gets the first one's answer, and any client may publish for all environments", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const sha256Hex = shaOf("");
  expect(
    (await modal.mountPutFile({ sha256Hex, dataOneof: { case: "data", value: Buffer.from("") } })).exists,
  ).toBe(true);
  const request = {
    deploymentName: "modal-client-mount-1.2.3",
    namespace: DeploymentNamespace.GLOBAL,
    objectCreationType: ObjectCreationType.CREATE_FAIL_IF_EXISTS,
    files: [{ filename: "/pkg/modal/__init__.py", sha256Hex }],
  };
  const options = { idempotencyKey: "once" };
  const first = await modal.mountGetOrCreate(request, options);
  expect((await modal.mountGetOrCreate(request, options)).mountId).toBe(first.mountId);
  const { deploymentName, namespace } = request;
  const found = await modal.mountGetOrCreate({ deploymentName, namespace });
  expect(found).toMatchObject({ mountId: first.mountId, handleMetadata: first.handleMetadata });
  await expect(
    modal.mountGetOrCreate({ deploymentName: "modal-client-mount-1.2.4", namespace }),
  ).rejects.toMatchObject({ code: "WHEEL_NOT_FOUND", status: "NOT_FOUND" });
});
