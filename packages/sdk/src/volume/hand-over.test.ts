import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { appendFile, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { handoverDirectory } from "@dorian/protocol/convention/handover";
import type { VolumeHandOverResponse } from "@dorian/protocol/operator";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { describe, expect, test } from "vitest";
import { openVolumeServer, type VolumeServer } from "../../test/volume-server.ts";
import { blockBytes } from "./block.ts";
import { handOver, type Handover } from "./hand-over.ts";
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

describe("a file that is written to", () => {
  const cases = {
    "before the server looks at it": async function* (ask, write) {
      write();
      yield* ask();
    },
    // As of a server that finds it changed.
    "while the server copies it": async function* (ask, write) {
      for await (const answer of ask()) if (answer.blocksSha256.length === 0) yield answer;
      write();
    },
    "after the server has copied it": async function* (ask, write) {
      for await (const answer of ask()) {
        if (answer.blocksSha256.length > 0) write();
        yield answer;
      }
    },
  } satisfies Record<
    string,
    (
      ask: () => AsyncIterable<VolumeHandOverResponse>,
      write: () => void,
    ) => AsyncIterable<VolumeHandOverResponse>
  >;
  for (const [when, answers] of Object.entries(cases))
    test(`${when} is not taken, and nothing else in its place`, async () => {
      await using server = await openVolumeServer();
      await using local = await temporaryDirectory({ weights: content() });
      const path = join(local.path, "weights");
      const { volumeHandOver } = server.operator;
      const handover: Handover = {
        operator: {
          volumeHandOver: (request, options) =>
            answers(
              () => volumeHandOver(request, options),
              () => writeFileSync(path, "changed"),
            ),
        },
        directory: join(server.dataDirectory, handoverDirectory),
      };
      const files = new VolumeFiles(server.modal, server.volumeId, handover);
      await expect(files.putFile(path, "w")).rejects.toMatchObject({ code: "LOCAL_FILE_CHANGED" });
      await expect(files.readFile("w")).rejects.toMatchObject({ code: "VOLUME_PATH_NOT_FOUND" });
    });
});

test("a file that is read once more, because the server has some of it, counts once", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ weights: content() });
  const path = join(local.path, "weights");
  const { volumeHandOver } = server.operator;
  const handover: Handover = {
    operator: {
      // As of a copy that was in vain.
      async *volumeHandOver(request, options) {
        for await (const answer of volumeHandOver(request, options))
          if (answer.blocksSha256.length === 0) yield answer;
      },
    },
    directory: join(server.dataDirectory, handoverDirectory),
  };
  const seen: TransferProgress[] = [];
  const files = new VolumeFiles(server.modal, server.volumeId, handover);
  await files.putFile(path, "w", { onProgress: (progress) => seen.push(progress) });
  expect(seen.findLast(({ stage }) => stage === "reading")).toMatchObject({ filesDone: 1, filesTotal: 1 });
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

test("a client that gives up says why, and leaves neither its link nor a draft", async () => {
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

test("a reader's own error is no refusal, and ends the upload", async () => {
  await using server = await openVolumeServer();
  await using local = await temporaryDirectory({ weights: content() });
  let thrown = 0;
  const settings = {
    onProgress: ({ bytesDone }: TransferProgress) => {
      if (bytesDone > 0 && thrown++ === 0) throw Object.assign(new Error("no terminal"), { code: "EPIPE" });
    },
  };
  const putting = server.filesHandedOver.putFile(join(local.path, "weights"), "w", settings);
  await expect(putting).rejects.toThrow("no terminal");
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
