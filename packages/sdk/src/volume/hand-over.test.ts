import { randomBytes } from "node:crypto";
import { appendFile, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { handoverDirectory } from "@dorian/protocol/convention/handover";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { openVolumeServer, type VolumeServer } from "../../test/volume-server.ts";
import { blockBytes } from "./block.ts";
import { handOver } from "./hand-over.ts";
import type { TransferProgress } from "./transfer-progress.ts";
import { VolumeFiles } from "./volume-files.ts";

const content = () => randomBytes(2 * blockBytes + 12_345);

test("a server on this machine copies a large file itself: nothing of it is sent, and no link stays [O5]", async () => {
  await using server = await openVolumeServer();
  const weights = content();
  await using local = await temporaryDirectory({ weights, small: "1,2" });
  await symlink("weights", join(local.path, "link"));
  const seen: TransferProgress[] = [];
  const moved = await server.filesHandedOver.putDirectory(local.path, "/models", {
    onProgress: (progress) => seen.push(progress),
  });
  expect(moved).toMatchObject({ files: 3, bytes: 2 * weights.length + 3 });
  expect(asked(server)).toEqual([["small"]]);
  for (const name of ["weights", "link"])
    expect(weights.equals(Buffer.from(await server.files.readFile(`/models/${name}`)))).toBe(true);
  expect(await readdir(join(server.dataDirectory, handoverDirectory))).toEqual([]);
  expect(seen.findLast(({ stage }) => stage === "reading")).toMatchObject({
    bytesDone: moved.bytes,
    filesDone: 3,
  });
});

test("of a file of which the server has something only the rest is sent", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ log: content() });
  const path = join(local.path, "log");
  await server.filesHandedOver.putFile(path, "log");
  await appendFile(path, "more");
  await server.filesHandedOver.putFile(path, "log", { overwrite: true });
  expect(
    server.puts.map(({ response }) => response.missingBlocks.map(({ blockIndex }) => blockIndex)),
  ).toEqual([[], [2n], []]);
});

test("zeros keep their sizes, and take no place", async () => {
  await using server = await openVolumeServer();
  const first = randomBytes(1_000);
  await using local = await temporaryDirectory({ sparse: first });
  await truncate(join(local.path, "sparse"), 3 * blockBytes + 7);
  await server.filesHandedOver.putFile(join(local.path, "sparse"), "sparse");
  expect(asked(server)).toEqual([]);
  const found = Buffer.from(await server.files.readFile("sparse"));
  expect(found.length).toBe(3 * blockBytes + 7);
  expect(found.subarray(0, 1_000).equals(first)).toBe(true);
  expect(found.subarray(1_000).every((byte) => byte === 0)).toBe(true);
});

test("a file that is written to while it is copied is not taken", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ weights: content() });
  const path = join(local.path, "weights");
  const settings = {
    onProgress: ({ bytesDone }: TransferProgress) => void (bytesDone > 0 && writeFile(path, "changed")),
  };
  await expect(server.filesHandedOver.putFile(path, "w", settings)).rejects.toMatchObject({
    code: "LOCAL_FILE_CHANGED",
  });
  await expect(server.files.readFile("w")).rejects.toMatchObject({ code: "VOLUME_PATH_NOT_FOUND" });
});

test("where no link can be made, or the server does not know of the call, the file is sent", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ weights: content() });
  const put = async (handover: ConstructorParameters<typeof VolumeFiles>[2], name: string) => {
    server.puts.length = 0;
    await new VolumeFiles(server.modal, server.volumeId, handover).putFile(join(local.path, "weights"), name);
    return server.puts[0]?.response.missingBlocks.length;
  };
  expect(await put({ operator: server.operator, directory: join(local.path, "none") }, "a")).toBe(3);
  // The server looks elsewhere.
  await writeFile(join(local.path, "weights"), content());
  expect(await put({ operator: server.operator, directory: local.path }, "b")).toBe(3);
});

test("a client that gives up ends the copy, of which nothing stays", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ weights: content() });
  const gone = new AbortController();
  const handover = { operator: server.operator, directory: join(server.dataDirectory, handoverDirectory) };
  const source = { localPath: join(local.path, "weights"), remotePath: "w" };
  const handing = handOver(source, handover, {
    volumeId: server.volumeId,
    signal: gone.signal,
    onRead: () => gone.abort(new Error("pressed again")),
  });
  await expect(handing).rejects.toThrow("pressed again");
  expect(await readdir(handover.directory)).toEqual([]);
  await expect.poll(() => draftsOf(server)).toEqual([]);
});

async function draftsOf({ dataDirectory }: VolumeServer): Promise<string[]> {
  const incoming = join(dataDirectory, "blocks/incoming");
  const entries = await readdir(incoming, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".lock")).map(({ name }) => name);
}

/** Names of the files that the server asked blocks of, request by request that it asked some in. */
function asked({ puts }: VolumeServer): string[][] {
  const names = puts.map(({ request, response }) =>
    response.missingBlocks.map(
      ({ fileIndex }) => request.files[Number(fileIndex)]?.path.split("/").at(-1) ?? "",
    ),
  );
  return names.filter((each) => each.length > 0);
}
