import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGzip, gzipSync } from "node:zlib";
import { smallDisk } from "@dorian/testkit/small-disk";
import { expect, onTestFinished, test } from "vitest";
import { testPull } from "../test/test-pull.ts";
import { tarOf } from "@dorian/testkit/scripted-registry";

const gzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
const emptyConfig = Buffer.from('{"config":{}}');

/** A gzip of a tar with one file of zeros. */
async function zeros(bytes: number): Promise<Buffer> {
  const tar = await tarOf([{ name: "zeros", content: "" }]);
  const header = tar.subarray(0, 512);
  header.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124);
  // A header's sum counts the sum itself as spaces.
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const blocks = function* () {
    yield header;
    const block = Buffer.alloc(2 ** 20);
    for (let written = 0; written < bytes; written += block.length) yield block;
    yield Buffer.alloc(1024);
  };
  return buffer(Readable.from(blocks()).pipe(createGzip({ level: 1 })));
}

test("a small layer that unfolds to hundreds of times its size is left before it fills the disk [B16]", async () => {
  const { pull, registry, layers, directory } = await testPull();
  const bomb = registry.addBlob(await zeros(768 * 2 ** 20), gzipLayer);
  expect(bomb.size).toBeLessThan(4 * 2 ** 20);
  const config = registry.addBlob(emptyConfig, "application/json");
  registry.pushManifest("bomb", "1", JSON.stringify({ config, layers: [bomb] }));
  const error = await failure(pull(`${registry.host}/bomb:1`));
  expect(error).toMatchObject({ code: "IMAGE_LAYER_INVALID" });
  expect(error.message).toMatch(/cannot be unpacked: \d\.\d MB of it make 536\.\d MB/);
  expect(await layers.list()).toEqual([]);
  expect(await filesIn(join(directory, "drafts"))).toEqual([]);
});

test("an image whose layers together hold more than one may is refused with the limit and what to do [B16]", async () => {
  const { pull, push, registry, layers } = await testPull({ limitBytes: 2 ** 20 });
  const content = randomBytes(300_000).toString("hex");
  await push("large", [[{ name: "a", content }], [{ name: "b", content: `${content}${content}` }]]);
  expect(await failure(pull(`${registry.host}/large:1`))).toMatchObject({
    code: "IMAGE_TOO_LARGE",
    message: `The image ${registry.host}/large:1 holds more than 1 MiB.`,
    remedy: expect.stringContaining("--image-size"),
  });
  expect(await layers.list()).toHaveLength(1);
});

test("an image that does not fit beside what is kept free is refused, and the disk is not filled for it [B16]", async () => {
  const disk = await smallDisk({ mebibytes: 300 });
  onTestFinished(() => disk[Symbol.asyncDispose]());
  const { pull, registry, directory } = await testPull({ place: disk.path });
  const layer = registry.addBlob(await zeros(400 * 2 ** 20), gzipLayer);
  const config = registry.addBlob(emptyConfig, "application/json");
  registry.pushManifest("large", "1", JSON.stringify({ config, layers: [layer] }));
  const error = await failure(pull(`${registry.host}/large:1`));
  expect(error).toMatchObject({ code: "IMAGE_HAS_NO_ROOM" });
  expect(error.message).toMatch(
    /does not fit on the worker's disk: \d+ MiB are free, of which 64 MiB stay free/,
  );
  expect(await filesIn(join(directory, "drafts"))).toEqual([]);
});

test("manifests, configurations and tokens beyond all measure are not read [B16]", async () => {
  const { pull, push, registry } = await testPull();
  const long = `{"a":"${"x".repeat(5 * 2 ** 20)}"}`;
  registry.pushManifest("long", "1", long);
  expect(await failure(pull(`${registry.host}/long:1`))).toMatchObject({
    code: "ANSWER_TOO_LARGE",
    message: "The manifest 1 of long is longer than 4 MiB, and was not read on.",
  });
  const config = registry.addBlob(Buffer.from(long), "application/json");
  registry.pushManifest("config", "1", JSON.stringify({ config, layers: [] }));
  expect(await failure(pull(`${registry.host}/config:1`))).toMatchObject({ code: "ANSWER_TOO_LARGE" });
  await push("private", [[{ name: "a", content: "a" }]]);
  registry.account = { username: "", password: "" };
  registry.tokenAnswer = JSON.stringify({ token: "x".repeat(300_000) });
  expect(await failure(pull(`${registry.host}/private:1`))).toMatchObject({ code: "ANSWER_TOO_LARGE" });
});

test("a layer that is longer than its manifest says is left there [B16]", async () => {
  const { pull, registry } = await testPull();
  const layer = registry.addBlob(await zeros(2 ** 20), gzipLayer);
  const config = registry.addBlob(emptyConfig, "application/json");
  registry.pushManifest("x", "1", JSON.stringify({ config, layers: [{ ...layer, size: 100 }] }));
  const error = await failure(pull(`${registry.host}/x:1`));
  expect(error).toMatchObject({ code: "REGISTRY_CONTENT_CORRUPT" });
  expect(error.message).toContain("more than 100 bytes");
});

test("a layer that speaks of its entries at length is refused before that is held, and holds nobody up [B7] [B16]", async () => {
  const { pull, registry } = await testPull();
  const config = registry.addBlob(emptyConfig, "application/json");
  // What is said of the next entry, and of all: each a name or records of some megabytes.
  for (const type of ["L", "K", "x", "g"]) {
    const text = Buffer.alloc(4 * 2 ** 20, type === "L" || type === "K" ? "/" : "9 a=bcde\n");
    const tar = Buffer.concat([tarHeader(type, text.length), text, Buffer.alloc(1024)]);
    const layer = registry.addBlob(gzipSync(tar), gzipLayer);
    registry.pushManifest(`long-${type}`.toLowerCase(), "1", JSON.stringify({ config, layers: [layer] }));
    const error = await failure(pull(`${registry.host}/long-${type.toLowerCase()}:1`));
    expect(error).toMatchObject({ code: "IMAGE_LAYER_INVALID" });
    expect(error.message).toContain("what it says of an entry has 4194304 bytes");
  }
});

const config = { mediaType: "x", digest: `sha256:${"0".repeat(64)}`, size: 1 };

test.each([
  ["no JSON", "<html>", /The manifest of .* is no JSON: "<html>"/],
  ["a list", "[]", /is \[\] and not an object/],
  ["layers that are no list", { config, layers: {} }, /layers are no list/],
  [
    "a digest that is a path",
    { config, layers: [{ ...config, digest: "../../x" }] },
    /"\.\.\/\.\.\/x" where the digest/,
  ],
  ["a size below nothing", { config, layers: [{ ...config, size: -1 }] }, /-1 where the size/],
  ["more layers than can be stacked", { config, layers: Array(451).fill(config) }, /451 layers/],
  ["a null among its entries", { manifests: [null, 1, { platform: null }] }, /does not exist for linux/],
])("a manifest that is %s is told with the image and the value [B16]", async (_, body, message) => {
  const { pull, registry } = await testPull();
  registry.pushManifest("odd", "1", typeof body === "string" ? body : JSON.stringify(body));
  const error = await failure(pull(`${registry.host}/odd:1`));
  expect(error.message).toMatch(message);
  expect(error).toMatchObject({ remedy: expect.any(String), code: expect.any(String) });
});

test.each([
  ["Env", { A: "1" }, "a list of texts"],
  ["Env", ["A=1", 2], "a list of texts"],
  ["Env", ["A=\0"], "a list of texts"],
  ["WorkingDir", ["/"], "a text"],
  ["Entrypoint", "sh", "a list of texts"],
])("a configuration with an odd %s is told with the value, as it came", async (key, value, expected) => {
  const { pull, push, registry } = await testPull();
  await push("odd", [], { [key]: value });
  const error = await failure(pull(`${registry.host}/odd:1`));
  expect(error).toMatchObject({ code: "REGISTRY_ANSWER_INVALID" });
  expect(error.message).toBe(
    `The configuration of ${registry.host}/odd:1 is one with ${JSON.stringify(value)} as ${key}, which is to be ${expected}.`,
  );
});

test.each([
  [
    "a name that is too long",
    { name: `d/${"n".repeat(300)}` },
    /its entry "d\/n{98}…" cannot be made \(ENAMETOOLONG\)/,
  ],
  [
    "a target that is too long",
    { name: "l", type: "symlink" as const, linkname: "x".repeat(5000) },
    /its entry "l" cannot be made \(ENAMETOOLONG\)/,
  ],
  ["a file where a directory is", { name: "f/x" }, /its entry "f\/x" cannot be made \(ENOTDIR\)/],
  [
    "an attribute that no file system takes",
    { name: "a", pax: { [`SCHILY.xattr.user.${"x".repeat(300)}`]: "1" } },
    /its entry "a" cannot be made \(ERANGE\)/,
  ],
  [
    "a target that no link can have",
    { name: "l", type: "symlink" as const, linkname: "x", pax: { linkpath: "a\0b" } },
    /its entry "l" cannot be made \(ERR_INVALID_ARG_VALUE\)/,
  ],
])("a layer with %s is refused by its path in the image, not by ours [B16]", async (_, entry, message) => {
  const { pull, push, registry, directory } = await testPull();
  await push("odd", [
    [
      { name: "f", content: "f" },
      { content: "x", ...entry },
    ],
  ]);
  const error = await failure(pull(`${registry.host}/odd:1`));
  expect(error).toMatchObject({ code: "IMAGE_LAYER_INVALID" });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain(directory);
});

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error("It succeeded."),
    (error: Error) => error,
  );
}

/** A header that says no more than what follows it. */
function tarHeader(type: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  for (const [at, text] of [
    [0, "x"],
    [124, size.toString(8).padStart(11, "0")],
    [148, "        "],
    [156, type],
    [257, "ustar\x0000"],
  ] as const)
    block.write(text, at, "latin1");
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return names.filter((name) => !name.endsWith(".lock"));
}
