import { execFileSync } from "node:child_process";
import { mkdir, open as openFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../../test/catalog-server.ts";

const gibibyte = 1024 ** 3;

/** A volume whose only version is what `fill` made in a directory, as a container would. */
async function openVolume(fill: (directory: string) => Promise<void>) {
  const server = await CatalogServer.open(await temporaryDirectory());
  const { volumeId } = await server.modal.volumeGetOrCreate({ deploymentName: "v", objectCreationType: 1 });
  await using draft = await server.layers.draft();
  await fill(draft.path);
  const layerId = await draft.seal({ durable: false });
  await server.worker.volumeAppend({ volumeId, layerId, taskId: "ta-0", bytes: 0n });
  return { server, modal: server.modal, volumeId, layer: server.layers.path(layerId) };
}

test("a file of terabytes is read in ranges, and others have their turn meanwhile [B11]", async () => {
  const { server, modal, volumeId } = await openVolume(async (directory) => {
    await using file = await openFile(join(directory, "sparse"), "w");
    await file.truncate(15 * 1024 * gibibyte);
  });
  await using _server = server;
  await expect(modal.volumeGetFile2({ volumeId, path: "sparse" })).rejects.toMatchObject({
    code: "VOLUME_RANGE_TOO_LONG",
    status: "OUT_OF_RANGE",
  });
  let turns = 0;
  const waiting = { isOver: false };
  const answer = modal
    .volumeGetFile2({ volumeId, path: "sparse", start: BigInt(gibibyte), len: BigInt(256 * gibibyte) })
    .finally(() => (waiting.isOver = true));
  for (; !waiting.isOver; turns++) await setImmediate();
  const { getUrls, size, start } = await answer;
  expect([getUrls.length, size, start]).toEqual([32_768, BigInt(15 * 1024 * gibibyte), BigInt(gibibyte)]);
  expect(turns).toBeGreaterThan(500);
  const last = await fetch(getUrls.at(-1) ?? "");
  expect((await last.arrayBuffer()).byteLength).toBe(8 * 1024 * 1024);
  const whole = await modal.volumeGetFile({ volumeId, path: "sparse" });
  expect(whole.dataOneof.case).toBe("dataBlobId");
});

test("what is no file of the volume is not read, and nothing waits for it [B3] [B10]", async () => {
  const { server, modal, volumeId } = await openVolume(async (directory) => {
    execFileSync("mkfifo", [join(directory, "fifo")]);
    execFileSync("mknod", [join(directory, "zero"), "c", "1", "5"]);
    await symlink("/etc/passwd", join(directory, "absolute"));
    await symlink("../../../../../../../../../../etc/passwd", join(directory, "relative"));
    await symlink("/etc", join(directory, "etc"));
    await symlink("loop", join(directory, "loop"));
  });
  await using _server = server;
  for (const path of ["fifo", "zero", "absolute", "relative", "etc/passwd", "loop"]) {
    await expect(modal.volumeGetFile2({ volumeId, path })).rejects.toMatchObject({ name: "AppError" });
    await expect(modal.volumeGetFile({ volumeId, path })).rejects.toMatchObject({ name: "AppError" });
  }
});

test("an address leads to the volume's own file, whatever is put in its way later [B3]", async () => {
  const { server, modal, volumeId, layer } = await openVolume(async (directory) => {
    await mkdir(join(directory, "inner"));
    await writeFile(join(directory, "inner/passwd"), "of the volume");
    await writeFile(join(directory, "passwd"), "of the volume");
  });
  await using _server = server;
  const urls: string[] = [];
  for (const path of ["inner/passwd", "passwd"]) {
    urls.push(...(await modal.volumeGetFile2({ volumeId, path })).getUrls);
  }
  for (const url of urls) expect(await (await fetch(url)).text()).toBe("of the volume");
  await rename(join(layer, "inner"), join(layer, "away"));
  await symlink("/etc", join(layer, "inner"));
  await rename(join(layer, "passwd"), join(layer, "away-passwd"));
  execFileSync("mkfifo", [join(layer, "passwd")]);
  for (const url of urls) expect((await fetch(url)).status).toBe(404);
});
