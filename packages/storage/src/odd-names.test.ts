import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileBytes, fileName, shownName } from "@dorian/base/file-name";
import { must } from "@dorian/base/must";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LayerStore } from "./layer-store.ts";
import { squash } from "./squash.ts";
import { listTree, resolvePath } from "./stack-view.ts";
import { openStoredFile } from "./stored-file.ts";
import { copyPaths, removePath } from "./volume-edit.ts";

let root: string;
let layers: LayerStore;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "odd-names-"));
  layers = await LayerStore.open(root);
});
afterAll(async () => {
  await layers[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

// Few letters, so that names meet: as bytes that are no text, and as texts that look like such bytes shown.
const byte = fc.constantFrom(0x61, 0x5c, 0x78, 0x65, 0x39, 0xe9, 0xff, 0xc3, 0xa9, 0x80, 0x0a, 0x20, 0x2a);
const name = fc
  .array(byte, { minLength: 1, maxLength: 6 })
  .map((bytes) => Buffer.from(bytes))
  .filter((bytes) => ![".", ".."].includes(bytes.toString()));
const path = fc.array(name, { minLength: 1, maxLength: 3 });
const inDirectory = (directory: string, names: readonly Buffer[]) =>
  Buffer.concat([Buffer.from(directory), ...names.flatMap((each) => [Buffer.from("/"), each])]);

/** Makes files by these paths in a directory; one that a file or directory is in the way of is passed over. */
function fill(directory: string, paths: readonly Buffer[][]): void {
  for (const [index, names] of paths.entries()) {
    try {
      mkdirSync(inDirectory(directory, names.slice(0, -1)), { recursive: true });
      writeFileSync(inDirectory(directory, names), `content ${index}`);
    } catch (error) {
      if (!["EEXIST", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

/** What a plain directory holds: contents by path, as bytes in latin1. */
function plain(directory: Buffer, below = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const each of readdirSync(directory, { encoding: "buffer" })) {
    const at = Buffer.concat([directory, Buffer.from("/"), each]);
    const key = below === "" ? each.toString("latin1") : `${below}/${each.toString("latin1")}`;
    if (lstatSync(at).isDirectory()) for (const [inner, text] of plain(at, key)) found.set(inner, text);
    else found.set(key, readFileSync(at, "utf8"));
  }
  return found;
}

/** The same of a stack, with all paths as they are shown. */
async function contents(stack: string[]): Promise<{ files: Map<string, string>; shown: string[] }> {
  const files = new Map<string, string>();
  const shown: string[] = [];
  for await (const entry of listTree(stack, "", { recursive: true })) {
    shown.push(shownName(entry.path));
    if (entry.type !== "file") continue;
    const found = await resolvePath(stack, entry.path);
    await using file = await openStoredFile(found?.hostPath ?? "");
    files.set(fileBytes(entry.path).toString("latin1"), (await file?.readFile("utf8")) ?? "missing");
  }
  return { files, shown };
}

test("names of any bytes are listed, read, copied, squashed and removed as in a plain directory [A14]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(path, { minLength: 1, maxLength: 8 }), async (paths) => {
      const reference = await mkdtemp(join(root, "plain-"));
      fill(reference, paths);
      const expected = plain(Buffer.from(reference));
      rmSync(reference, { recursive: true });
      await using draft = await layers.draft();
      fill(draft.path, paths);
      mkdirSync(join(draft.path, "copies"));
      const bottom = await draft.seal({ durable: false });
      const stack = [layers.path(bottom)];
      const { files, shown } = await contents(stack);
      expect(files).toEqual(expected);
      // Where two are shown alike, the one that is a text is meant: see below.
      fc.pre(new Set(shown).size === shown.length);

      const tops = shown.filter((each) => !each.includes("/") && each !== "copies");
      const copied = must(
        await copyPaths(layers, stack, tops, "copies", { recursive: true }),
        "the layer of the copies",
      );
      const twice = new Map([
        ...expected,
        ...[...expected].map(([at, text]) => [`copies/${at}`, text] as const),
      ]);
      expect((await contents([...stack, layers.path(copied)])).files).toEqual(twice);
      const squashed = await squash(layers, [bottom, copied], { keepWhiteouts: false });
      expect((await contents([layers.path(squashed)])).files).toEqual(twice);

      const removed = [...stack];
      for (const each of [...tops, "copies"]) {
        const layerId = await removePath(layers, removed, each, { recursive: true });
        removed.push(layers.path(must(layerId, "the layer that removes")));
      }
      expect(await contents(removed)).toEqual({ files: new Map(), shown: [] });
    }),
    { numRuns: 60, examples: [[[[Buffer.from("\xe9\\xaa", "latin1")], [Buffer.from("a")]]]] },
  );
}, 60_000);

test("what is shown with an escape is found by it; a text that looks so comes first", async () => {
  await using draft = await layers.draft();
  const names: Record<string, Buffer> = { bytes: Buffer.from([0x61, 0xe9]), text: Buffer.from("b\\xe9") };
  for (const [content, each] of Object.entries(names))
    writeFileSync(inDirectory(draft.path, [each]), content);
  writeFileSync(inDirectory(draft.path, [Buffer.from([0x62, 0xe9])]), "odd");
  const stack = [layers.path(await draft.seal({ durable: false }))];
  const read = async (at: string) => {
    const found = await resolvePath(stack, at);
    await using file = await openStoredFile(found?.hostPath ?? "");
    return await file?.readFile("utf8");
  };
  expect(await read("a\\xe9")).toBe("bytes");
  expect(await read("b\\xe9")).toBe("text");
  expect(await read("\\x62\\xe9")).toBe("odd");
  expect(await read(fileName(Buffer.from([0x62, 0xe9])))).toBe("odd");
  expect(await read("c\\xe9")).toBeUndefined();
});
