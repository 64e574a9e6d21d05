import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { lchown, mkdir, open, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { VolumeHandOverRequestSchema } from "@dorian/protocol/operator";
import { BlockStore } from "@dorian/storage/block-store";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, onTestFinished, test } from "vitest";
import { Handovers, type HandoversOptions } from "./handovers.ts";

const { signal } = new AbortController();

const plenty: HandoversOptions["room"] = { hold: () => ({ [Symbol.dispose]() {} }) };

async function openHandovers({ room = plenty } = {}) {
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const data = stack.use(await temporaryDirectory({ weights: randomBytes(40) }));
  const blocks = stack.use(await BlockStore.open(data.path, { blockBytes: 16 }));
  const handovers = await Handovers.open({ dataDirectory: data.path, blocks, room });
  const links = join(data.path, "handover");
  const requestFor = async (link: string, path: string) => {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { volumeId: "vo-1", link, device: dev, inode: ino, size, mtimeNs, mode: 0o600 };
  };
  const take = async (request: Awaited<ReturnType<typeof requestFor>>) => {
    const answers = [];
    for await (const answer of handovers.take(create(VolumeHandOverRequestSchema, request), { signal }))
      answers.push(answer);
    return answers;
  };
  return { data, blocks, links, requestFor, take, weights: join(data.path, "weights") };
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

test("links that nobody has removed go at the next start", async () => {
  const { data, links, blocks } = await openHandovers();
  await symlink("/nowhere", join(links, randomUUID()));
  await Handovers.open({
    dataDirectory: data.path,
    blocks,
    room: { hold: () => ({ [Symbol.dispose]() {} }) },
  });
  expect(await readdir(links)).toEqual([]);
});

test("a disk without room for it takes no file, and holes need none", async () => {
  const held: number[] = [];
  const room = {
    hold: (bytes: number) => {
      held.push(bytes);
      return { [Symbol.dispose]() {} };
    },
  };
  const { data, links, requestFor, take } = await openHandovers({ room });
  const path = join(data.path, "sparse");
  await using file = await open(path, "w");
  await file.truncate(64);
  const link = randomUUID();
  await symlink(path, join(links, link));
  await take(await requestFor(link, path));
  expect(held).toEqual([0]);
});
