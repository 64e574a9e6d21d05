import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { randomBytes, randomUUID } from "node:crypto";
import { lchown, mkdir, open, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { VolumeHandOverRequestSchema } from "@dorian/protocol/operator";
import { BlockStore } from "@dorian/storage/block-store";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, onTestFinished, test } from "vitest";
import { Handovers, type HandoversOptions } from "./handovers.ts";

const { signal } = new AbortController();

const plenty: HandoversOptions["room"] = { hold: () => ({ shrink() {}, [Symbol.dispose]() {} }) };

async function openHandovers({ room = plenty, before = async () => {}, onCopied = () => {} } = {}) {
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const data = stack.use(await temporaryDirectory({ weights: randomBytes(40) }));
  const blocks = stack.use(await BlockStore.open(data.path, { blockBytes: 16 }));
  const copy: BlockStore["large"]["copy"] = async (file, options) => {
    await before();
    return await blocks.large.copy(file, {
      ...options,
      onCopied(bytes) {
        onCopied();
        options.onCopied(bytes);
      },
    });
  };
  const handovers = await Handovers.open({ dataDirectory: data.path, blocks: { large: { copy } }, room });
  const links = join(data.path, "handover");
  const requestFor = async (link: string, path: string) => {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { volumeId: "vo-1", link, device: dev, inode: ino, size, mtimeNs, mode: 0o600 };
  };
  const take = async (request: Awaited<ReturnType<typeof requestFor>>, wait = { signal }) => {
    const answers = [];
    for await (const answer of handovers.take(create(VolumeHandOverRequestSchema, request), wait))
      answers.push(answer);
    return answers;
  };
  /** A request that is in order. */
  const linked = async (path: string) => {
    const link = randomUUID();
    await symlink(path, join(links, link));
    return await requestFor(link, path);
  };
  const large = async () => (await unlessAbsent(readdir(join(data.path, "blocks/large")))) ?? [];
  const weights = join(data.path, "weights");
  return { data, blocks, links, requestFor, linked, take, large, weights };
}

test("a file that a link of the server's own user leads to is copied, and its blocks are told", async () => {
  const { blocks, links, requestFor, take, weights } = await openHandovers();
  const link = randomUUID();
  await symlink(weights, join(links, link));
  const answers = await take(await requestFor(link, weights));
  const copied = answers.slice(0, -1).flatMap((answer) => ("bytes" in answer ? [answer.bytes] : []));
  expect(copied.toSorted()).toEqual([16n, 16n, 8n]);
  const { blocksSha256 = [] } = answers.at(-1) as { blocksSha256?: Uint8Array[] };
  const found = await Promise.all(
    blocksSha256.map((sha) => blocks.large.find(Buffer.from(sha).toString("hex"))),
  );
  expect(found.map((each) => each?.size)).toEqual([16, 16, 8]);
});

test("only the server's own user hands files over, by a name that leads out of nowhere [B16]", async () => {
  const { data, links, requestFor, take, weights } = await openHandovers();
  expect((await stat(links)).mode & 0o777).toBe(0o700);
  const refused = expect.objectContaining({ code: "HANDOVER_REFUSED" });
  const others = randomUUID();
  await symlink(weights, join(links, others));
  await lchown(join(links, others), 65_534, 65_534);
  await expect(take(await requestFor(others, weights))).rejects.toEqual(refused);
  await symlink(weights, join(data.path, "outside"));
  for (const link of ["../outside", "", ".", randomUUID()])
    await expect(take(await requestFor(link, weights))).rejects.toEqual(refused);
});

test("what is no file, or another one than the client has in view, is not read", async () => {
  const { data, links, requestFor, take, weights } = await openHandovers();
  const refused = expect.objectContaining({ code: "HANDOVER_REFUSED" });
  const pipe = join(data.path, "pipe");
  execFileSync("mkfifo", [pipe]);
  const directory = join(data.path, "directory");
  await mkdir(directory);
  for (const path of [pipe, directory]) {
    const link = randomUUID();
    await symlink(path, join(links, link));
    await expect(take(await requestFor(link, path))).rejects.toEqual(refused);
  }
  const link = randomUUID();
  await symlink(weights, join(links, link));
  const seen = await requestFor(link, weights);
  await writeFile(join(data.path, "other"), randomBytes(40));
  await expect(
    take({ ...seen, inode: (await requestFor(link, join(data.path, "other"))).inode }),
  ).rejects.toEqual(refused);
  await expect(take({ ...seen, mtimeNs: seen.mtimeNs + 1n })).rejects.toEqual(refused);
});

test("a file that is written to while it is copied is not taken, and nothing of it stays", async () => {
  const { linked, take, large, weights } = await openHandovers({
    onCopied: () => appendFileSync(weights, "more"),
  });
  const answers = await take(await linked(weights));
  expect(answers.at(-1)).toEqual({ blocksSha256: [] });
  expect(await large()).toEqual([]);
});

test("a client that gives up ends the copy, of which nothing stays", async () => {
  const gone = new AbortController();
  const { linked, take, large, weights } = await openHandovers({
    onCopied: () => gone.abort(new Error("gone")),
  });
  await expect(take(await linked(weights), gone)).rejects.toThrow("gone");
  expect(await large()).toEqual([]);
});

test("who gives up while another has its turn waits no longer, and keeps nobody waiting", async () => {
  const [begun, turn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const before = async () => {
    begun.resolve();
    await turn.promise;
  };
  const { linked, take, weights } = await openHandovers({ before });
  const first = take(await linked(weights));
  await begun.promise;
  const gone = new AbortController();
  const second = take(await linked(weights), gone);
  gone.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  const third = take(await linked(weights));
  turn.resolve();
  expect((await first).length).toBeGreaterThan(1);
  expect(await third).toEqual([{ blocksSha256: [] }]);
});

test("links that nobody has removed go at the next start, which nothing else there keeps from coming", async () => {
  const { data, links, blocks } = await openHandovers();
  await symlink("/nowhere", join(links, randomUUID()));
  await mkdir(join(links, "directory/inside"), { recursive: true });
  await Handovers.open({ dataDirectory: data.path, blocks, room: plenty });
  expect(await readdir(links)).toEqual(["directory"]);
});

test("holes need no room, and what is copied needs none any more", async () => {
  const held: number[] = [];
  const room: HandoversOptions["room"] = {
    hold(bytes) {
      held.push(bytes);
      return { shrink: (by) => void held.push(-by), [Symbol.dispose]: () => void held.push(0) };
    },
  };
  const { data, linked, take, weights } = await openHandovers({ room });
  await using file = await open(join(data.path, "sparse"), "w");
  await file.truncate(64);
  await take(await linked(join(data.path, "sparse")));
  expect(held[0]).toBe(0);
  held.length = 0;
  await take(await linked(weights));
  expect(held[0]).toBe(40);
  expect(held.slice(1).toSorted((a, b) => a - b)).toEqual([-16, -16, -8, 0]);
});

test("a disk without room takes no file, but says which it may have", async () => {
  const full = new AppError("STORAGE_FULL", "The disk is nearly full.", { remedy: "Free space." });
  let isFull = false;
  const room: HandoversOptions["room"] = {
    hold(bytes) {
      if (isFull) throw full;
      return plenty.hold(bytes);
    },
  };
  const { data, linked, take, large, weights } = await openHandovers({ room });
  await take(await linked(weights));
  const before = await large();
  isFull = true;
  await writeFile(join(data.path, "other"), randomBytes(40));
  await expect(take(await linked(join(data.path, "other")))).rejects.toBe(full);
  expect(await take(await linked(weights))).toEqual([{ blocksSha256: [] }]);
  expect(await large()).toEqual(before);
});
