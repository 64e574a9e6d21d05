import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, onTestFinished, test } from "vitest";
import { openVolumeServer, type VolumeServer } from "../../test/volume-server.ts";
import { setTransport } from "../client/current-transport.ts";
import type { UploadBatch } from "./upload-batch.ts";
import { Volume } from "./volume.ts";

test("files, directories and content of a batch appear in one version [U2] [L5]", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ "iris.csv": "1,2", "weights/a/b": "deep" });
  const before = await versions(server);
  const moved = await weights(server).batchUpload(async (batch) => {
    batch.putFile(join(local.path, "iris.csv"), "/data/");
    batch.putDirectory(join(local.path, "weights"), "/models");
    batch.putFile(Buffer.from("ready"), "state");
    // Read when the batch is complete.
    await writeFile(join(local.path, "iris.csv"), "1,2,3");
  });
  expect(moved).toEqual({ files: 3, bytes: 14, leftOut: [] });
  expect(await contents(server)).toEqual({ "data/iris.csv": "1,2,3", "models/a/b": "deep", state: "ready" });
  expect(await versions(server)).toBe(before + 1);
});

test("a batch of which one file is there already changes nothing, unless it is forced", async () => {
  await using server = await openVolumeServer();
  await server.files.putFile(Buffer.from("old"), "b");
  const fill = (batch: UploadBatch) => {
    batch.putFile(Buffer.from("new"), "a");
    batch.putFile(Buffer.from("new"), "b");
  };
  await expect(weights(server).batchUpload(fill)).rejects.toMatchObject({ code: "VOLUME_FILE_EXISTS" });
  expect(await contents(server)).toEqual({ b: "old" });
  await weights(server).batchUpload(fill, { force: true });
  expect(await contents(server)).toEqual({ a: "new", b: "new" });
});

test("a batch whose function fails puts nothing, and an empty one makes no version", async () => {
  await using server = await openVolumeServer();
  const before = await versions(server);
  const failing = weights(server).batchUpload((batch) => {
    batch.putFile(Buffer.from("x"), "a");
    throw new Error("changed my mind");
  });
  await expect(failing).rejects.toThrow("changed my mind");
  expect(await weights(server).batchUpload(() => undefined)).toEqual({ files: 0, bytes: 0, leftOut: [] });
  expect(await versions(server)).toBe(before);
});

test("a file that comes too late for its batch is refused", async () => {
  await using server = await openVolumeServer();
  let kept: UploadBatch | undefined;
  await weights(server).batchUpload((batch) => void (kept = batch));
  expect(() => kept?.putFile(Buffer.from("x"), "a")).toThrow(
    expect.objectContaining({ code: "VOLUME_BATCH_COMPLETE" }),
  );
});

/** The server's volume as user code has it. */
function weights({ modal }: VolumeServer): Volume {
  setTransport({ url: "local", modal, inContainer: false });
  onTestFinished(() => setTransport(undefined));
  return Volume.fromName("weights");
}

async function contents({ files }: VolumeServer): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path, type } of files.list("/", { recursive: true })) {
    if (type === "file") found[path] = Buffer.from(await files.readFile(path)).toString();
  }
  return found;
}

async function versions({ operator, volumeId }: VolumeServer): Promise<number> {
  return (await operator.volumeVersions({ volumeId })).items.length;
}
