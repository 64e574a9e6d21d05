import { createHash } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { assembleFile } from "./assemble-file.ts";
import { BlockStore } from "./block-store.ts";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import type { FileContent } from "./file-content.ts";
import type { Content } from "./receive-content.ts";

const blockBytes = 16;
const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const never = { receiving: -Infinity, whole: -Infinity };
const always = { receiving: Infinity, whole: Infinity };

/** A file, and what is sent of each of its blocks. */
interface Upload {
  content: FileContent;
  sent: Buffer[];
  whole: Buffer;
}

function uploadOf(blocks: readonly string[], options: { mode?: number; tail?: number } = {}): Upload {
  const tail = options.tail ?? blockBytes;
  const sent = blocks.map((text, index) =>
    Buffer.from(text.slice(0, index === blocks.length - 1 ? tail : blockBytes)),
  );
  const size = (blocks.length - 1) * blockBytes + tail;
  const whole = Buffer.alloc(size);
  for (const [index, block] of sent.entries()) block.copy(whole, index * blockBytes);
  const references = sent.map((block) => ({ sha: digest(block), size: block.length }));
  return { content: { path: "file", size, mode: options.mode, blocks: references }, sent, whole };
}

/** A store that can be killed: its successor has what is on disk. */
class Store implements AsyncDisposable {
  readonly directory: string;
  blocks: BlockStore;
  #made = 0;

  private constructor(directory: string, blocks: BlockStore) {
    this.directory = directory;
    this.blocks = blocks;
  }

  static async open(): Promise<Store> {
    const directory = await mkdtemp(join(tmpdir(), "dorian-large-"));
    await mkdir(join(directory, "made"));
    return new Store(directory, await BlockStore.open(directory, { blockBytes }));
  }

  async send(
    upload: Upload,
    index: number,
    content: AsyncIterable<Uint8Array> | Uint8Array | undefined = upload.sent[index],
  ) {
    const { large } = this.blocks;
    const sha = upload.content.blocks[index]?.sha ?? "";
    await large.receive(content ?? Buffer.alloc(0), {
      sha,
      place: { file: large.nameOf(upload.content), index },
    });
  }

  async make(upload: Upload): Promise<string> {
    const target = join(this.directory, "made", String(this.#made++));
    await assembleFile(target, upload.content, this.blocks);
    return target;
  }

  async large(): Promise<string[]> {
    return await readdir(join(this.directory, "blocks/large")).catch(() => []);
  }

  async wholeBlocks(): Promise<number> {
    const folders = (await readdir(join(this.directory, "blocks"))).filter((name) =>
      /^[0-9a-f]{2}$/.test(name),
    );
    return folders.length;
  }

  async restart(): Promise<void> {
    this.blocks = await BlockStore.open(this.directory, { blockBytes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

const block = (letter: string) => letter.repeat(blockBytes);

test("a file of several blocks is received in the file that layers link to: no byte is copied [E3]", async () => {
  await using store = await Store.open();
  const upload = uploadOf([block("a"), block("b"), "tail"], { mode: 0o664, tail: 4 });
  for (const index of [2, 0, 1]) await store.send(upload, index);
  const [name] = await store.large();
  const received = await lstat(join(store.directory, "blocks/large", name ?? ""));
  const made = await lstat(await store.make(upload));
  expect(made.ino).toBe(received.ino);
  expect(made.mode & 0o7777).toBe(0o664);
  expect(await readFile(await store.make(upload))).toEqual(upload.whole);
  expect(await store.wholeBlocks()).toBe(0);
});

test("what was received before the server was killed need not be sent again", async () => {
  await using store = await Store.open();
  const upload = uploadOf([block("a"), block("b"), block("c")]);
  await store.send(upload, 1);
  async function* broken() {
    yield Buffer.from("cccc");
    throw new Error("connection lost");
  }
  await expect(store.send(upload, 2, broken())).rejects.toThrow("connection lost");
  await store.restart();
  const known = await Promise.all(upload.content.blocks.map(({ sha }) => store.blocks.large.touch(sha)));
  expect(known).toEqual([false, true, false]);
  await store.send(upload, 0);
  await store.send(upload, 2);
  expect(await readFile(await store.make(upload))).toEqual(upload.whole);
});

test("content that is not the block's is refused, and leaves nothing in its place", async () => {
  await using store = await Store.open();
  const upload = uploadOf(["a", block("b")]);
  await expect(store.send(upload, 0, Buffer.from(block("x")))).rejects.toMatchObject({
    code: "BLOCK_DIGEST_MISMATCH",
  });
  await expect(store.send(upload, 0, Buffer.from(block("x") + "y"))).rejects.toMatchObject({
    code: "BLOCK_TOO_LARGE",
  });
  await expect(store.make(upload)).rejects.toMatchObject({ code: "BLOCK_NOT_FOUND" });
  await store.send(upload, 0);
  await store.send(upload, 1);
  expect(await readFile(await store.make(upload))).toEqual(upload.whole);
});

test("somebody who is slow to send a block keeps nobody else from it, and changes nothing once the file is whole", async () => {
  await using store = await Store.open();
  const upload = uploadOf([block("a"), block("b")]);
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield Buffer.from("xxxxxxxx");
    await gate.promise;
    yield Buffer.from("yyyyyyyy");
  }
  const sending = store.send(upload, 0, slow()).catch((error: unknown) => error);
  await store.send(upload, 0);
  await store.send(upload, 1);
  const made = await store.make(upload);
  gate.resolve();
  expect(await sending).toMatchObject({ code: "BLOCK_DIGEST_MISMATCH" });
  expect(await readFile(made)).toEqual(upload.whole);
  const before = await lstat(made);
  await store.send(upload, 0);
  expect((await lstat(made)).mtimeMs).toBe(before.mtimeMs);
});

test("blocks that are too large to be hashed as they come are checked, in batches and in pieces [E3]", async () => {
  await using storage = await TemporaryStorage.open();
  const { large } = storage.blocks;
  const sent = [Buffer.alloc(large.blockBytes, "ab"), Buffer.alloc(700_000, "cd")];
  const blocks = sent.map((content) => ({ sha: digest(content), size: content.length }));
  const content = { path: "file", size: large.blockBytes + 700_000, blocks };
  const file = large.nameOf(content);
  const receive = (index: number, source: Content) =>
    large.receive(source, { sha: blocks[index]?.sha ?? "", place: { file, index } });
  async function* inBatches(of: Buffer) {
    for (let at = 0; at < of.length; at += 200_000)
      yield [of.subarray(at, at + 100_000), of.subarray(at + 100_000, at + 200_000)];
  }
  const wrong = Buffer.concat([sent[1] ?? Buffer.alloc(0), Buffer.from("x")]);
  await expect(receive(1, inBatches(wrong))).rejects.toMatchObject({ code: "BLOCK_DIGEST_MISMATCH" });
  await receive(0, inBatches(sent[0] ?? Buffer.alloc(0)));
  await expect(receive(0, inBatches(wrong))).rejects.toMatchObject({ code: "BLOCK_DIGEST_MISMATCH" });
  await receive(1, sent[1] ?? Buffer.alloc(0));
  expect(await readFile(await large.complete(content))).toEqual(Buffer.concat(sent));
});

test("who is still sending a large block when its file is completed is told that it is there, or to send it again", async () => {
  await using storage = await TemporaryStorage.open();
  const { large } = storage.blocks;
  const sent = [Buffer.alloc(large.blockBytes, "ab"), Buffer.alloc(700_000, "cd")];
  const blocks = sent.map((content) => ({ sha: digest(content), size: content.length }));
  const fileOf = (path: string, mode: number) => ({
    path,
    mode,
    size: large.blockBytes + 700_000,
    blocks,
  });
  const sendSlowly = (file: FileContent, rest: Buffer) => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    async function* slow() {
      yield [Buffer.alloc(300_000, "cd")];
      begun.resolve();
      await gate.promise;
      yield [rest];
    }
    const place = { file: large.nameOf(file), index: 1 };
    const answer = large
      .receive(slow(), { sha: blocks[1]?.sha ?? "", place })
      .catch((error: unknown) => error);
    return { begun: begun.promise, goOn: () => gate.resolve(), answer };
  };
  const [failing, whole] = [fileOf("failing", 0o600), fileOf("whole", 0o644)];
  const first = sendSlowly(failing, Buffer.alloc(400_000, "cd"));
  await first.begun;
  await expect(large.complete(failing)).rejects.toMatchObject({ code: "BLOCK_NOT_FOUND" });
  first.goOn();
  expect(await first.answer).toMatchObject({ code: "BLOCK_PLACE_TAKEN", status: "UNAVAILABLE" });
  const second = sendSlowly(whole, Buffer.alloc(500_000, "wrong"));
  await second.begun;
  for (const content of sent) await storage.blocks.put(content);
  const path = await large.complete(whole);
  second.goOn();
  expect(await second.answer).toBe(undefined);
  // What is known of the block is what completed the file, not what came too late.
  for (const { sha } of blocks) await storage.blocks.remove(sha);
  const [, tail] = blocks;
  expect(await large.find(tail?.sha ?? "")).toEqual({ path, offset: large.blockBytes, size: 700_000 });
  expect(await readFile(path)).toEqual(Buffer.concat(sent));
});

test("files are kept while layers link to them or somebody asked for a block, and their blocks are known as long", async () => {
  await using store = await Store.open();
  const { large } = store.blocks;
  const whole = uploadOf([block("a"), block("b")]);
  const partial = uploadOf([block("c"), block("d")]);
  for (const index of [0, 1]) await store.send(whole, index);
  await store.send(partial, 0);
  const made = await store.make(whole);
  const known = async () => [
    await large.touch(digest(Buffer.from(block("a")))),
    await large.touch(digest(Buffer.from(block("c")))),
  ];
  await large.collect(never);
  expect(await known()).toEqual([true, true]);
  await setTimeout(20);
  const before = Date.now() - 10;
  await known();
  await large.collect({ receiving: before, whole: before });
  expect(await known()).toEqual([true, true]);
  await large.collect(always);
  expect(await known()).toEqual([true, false]);
  await rm(made);
  await large.collect({ ...never, whole: Infinity });
  expect(await store.large()).toEqual([]);
  expect(await readdir(join(store.directory, "blocks/places"), { recursive: true })).not.toContainEqual(
    expect.stringContaining("/"),
  );
  for (const index of [0, 1]) await store.send(whole, index);
  expect(await readFile(await store.make(whole))).toEqual(whole.whole);
});

test("whatever is sent in whichever order, with restarts and collections between, files are what they should be", async () => {
  const texts = [block("a"), block("b"), block("c"), "d", "", "ee"];
  const uploads = fc
    .array(fc.constantFrom(...texts), { minLength: 2, maxLength: 5 })
    .chain((blocks) =>
      fc.record({
        blocks: fc.constant(blocks),
        mode: fc.constantFrom(0o644, 0o600),
        tail: fc.integer({ min: 1, max: blockBytes }),
      }),
    )
    .map(({ blocks, mode, tail }) => uploadOf(blocks, { mode, tail: Math.max(tail, 1) }));
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("send" as const), file: fc.nat(2), index: fc.nat(4) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("wrong" as const), file: fc.nat(2), index: fc.nat(4) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("own" as const), file: fc.nat(2), index: fc.nat(4) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("make" as const), file: fc.nat(2), index: fc.constant(0) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("restart" as const),
        file: fc.constant(0),
        index: fc.constant(0),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("collect" as const),
        file: fc.constant(0),
        index: fc.constant(0),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(uploads, { minLength: 3, maxLength: 3 }),
      fc.array(step, { maxLength: 40 }),
      async (files, steps) => {
        await using store = await Store.open();
        const made: { path: string; whole: Buffer; mtimeMs: number }[] = [];
        const running: Promise<unknown>[] = [];
        for (const { kind, file, index: wanted } of steps) {
          const upload = files[file % files.length] as Upload;
          const index = wanted % upload.sent.length;
          if (kind === "send") running.push(store.send(upload, index));
          if (kind === "own") running.push(store.blocks.put(upload.sent[index] ?? Buffer.alloc(0)));
          if (kind === "wrong")
            running.push(store.send(upload, index, Buffer.from(block("w"))).catch(() => undefined));
          if (kind === "make") {
            const path = await store.make(upload).catch((error: unknown) => {
              expect(error).toMatchObject({ code: "BLOCK_NOT_FOUND" });
              return undefined;
            });
            if (path) made.push({ path, whole: upload.whole, mtimeMs: (await lstat(path)).mtimeMs });
          }
          if (kind === "restart" || kind === "collect") await Promise.all(running);
          if (kind === "restart") await store.restart();
          if (kind === "collect") await store.blocks.large.collect(always);
        }
        await Promise.all(running);
        for (const upload of files) {
          for (const [index, { sha }] of upload.content.blocks.entries())
            if (!(await store.blocks.large.touch(sha))) await store.send(upload, index);
          made.push({ path: await store.make(upload), whole: upload.whole, mtimeMs: 0 });
        }
        for (const { path, whole, mtimeMs } of made) {
          expect(await readFile(path)).toEqual(whole);
          if (mtimeMs > 0) expect((await lstat(path)).mtimeMs).toBe(mtimeMs);
        }
      },
    ),
    { numRuns: 60 },
  );
});
